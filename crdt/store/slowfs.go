package store

import (
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// SlowSyncs is the machine's file system with syncs that take at least d: a
// model of disks slower than the one at hand, for benchmarks.
func SlowSyncs(d time.Duration) FS { return slowFS{vfs.Default, d} }

type slowFS struct {
	vfs.FS
	d time.Duration
}

type slowFile struct {
	vfs.File
	d time.Duration
}

func (s slowFS) wrap(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return slowFile{f, s.d}, nil
}

func (s slowFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.wrap(s.FS.Create(name, c))
}

func (s slowFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.wrap(s.FS.ReuseForWrite(from, to, c))
}

func (f slowFile) slow(sync func() error) error {
	began := time.Now()
	err := sync()
	time.Sleep(f.d - time.Since(began))
	return err
}

func (f slowFile) Sync() error     { return f.slow(f.File.Sync) }
func (f slowFile) SyncData() error { return f.slow(f.File.SyncData) }

func (f slowFile) SyncTo(n int64) (bool, error) {
	began := time.Now()
	full, err := f.File.SyncTo(n)
	time.Sleep(f.d - time.Since(began))
	return full, err
}
