package store

import (
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Change is what is about to be done to a disk.
type Change struct {
	// File is what it is done to; empty for a log that is used again.
	File string
	// Sync: what was written before is made durable, which needs no room. Any
	// other change writes to a file, makes one, or gives it another name.
	Sync bool
}

// Failing is fs with a call of fn before each change, from whichever goroutine
// makes it and perhaps under the engine's locks. An error that fn returns is the
// change's own, and nothing is done. fn must not block.
func Failing(fs FS, fn func(Change) error) FS {
	inj := errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			return fn(Change{File: op.Path, Sync: true})
		case errorfs.OpCreate, errorfs.OpReuseForWrite, errorfs.OpLink, errorfs.OpRename, errorfs.OpMkdirAll,
			errorfs.OpFileWrite, errorfs.OpFileWriteAt:
			return fn(Change{File: op.Path})
		}
		return nil
	})
	return failingFS{errorfs.Wrap(fs, inj), inj}
}

// failingFS lets logs that are used again fail, too, which errorfs does not.
type failingFS struct {
	*errorfs.FS
	inj errorfs.Injector
}

func (s failingFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.ReuseForWrite(from, to, c)
	if err != nil {
		return nil, err
	}
	return errorfs.WrapFile(f, s.inj), nil
}
