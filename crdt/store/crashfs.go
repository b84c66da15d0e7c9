package store

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// CrashFS is a file system in memory on which power cuts can be staged, for
// tests and simulation. It implements FS.
type CrashFS struct{ *vfs.MemFS }

// NewCrashFS makes an empty one.
func NewCrashFS() *CrashFS { return &CrashFS{vfs.NewCrashableMem()} }

// Crash returns the file system as a power cut at this moment could leave it:
// all that was synced, and of every other block and name a part chosen by
// seed. It reports as many free bytes as before. The receiver lives on,
// unconnected: close what runs on it.
func (f *CrashFS) Crash(seed uint64) *CrashFS {
	rng := rand.New(rand.NewPCG(seed, 0x7570707261))
	left := &CrashFS{f.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})}
	if u, err := f.GetDiskUsage(""); err == nil {
		left.TestingSetDiskUsage(u)
	}
	return left
}

// SetFree makes the file system report this many free bytes of total; with
// both 0 it reports none, and a Disk on it never says ErrFull.
func (f *CrashFS) SetFree(free, total uint64) {
	f.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: free, TotalBytes: total, UsedBytes: total - min(free, total)})
}

// Holding is the name of a file in which these bytes lie, synced or not; empty:
// there is none. Call it while nothing is written.
func (f *CrashFS) Holding(text []byte) (string, error) {
	dirs := []string{"/"}
	for len(dirs) > 0 {
		dir := dirs[0]
		dirs = dirs[1:]
		names, err := f.List(dir)
		if err != nil {
			return "", err
		}
		for _, name := range names {
			name = f.PathJoin(dir, name)
			info, err := f.Stat(name)
			if err != nil {
				return "", err
			}
			if info.IsDir() {
				dirs = append(dirs, name)
				continue
			}
			file, err := f.Open(name)
			if err != nil {
				return "", err
			}
			raw, err := io.ReadAll(file)
			if err = errors.Join(err, file.Close()); err != nil {
				return "", err
			}
			if bytes.Contains(raw, text) {
				return name, nil
			}
		}
	}
	return "", nil
}

// Watched is f with a call of fn before each write and each sync, from
// whichever goroutine does it and perhaps under the engine's locks: the moments
// at which a power cut can make a difference. fn may call Crash; it must not
// block.
func (f *CrashFS) Watched(fn func()) FS { return watchedFS{f, fn} }

type watchedFS struct {
	vfs.FS
	fn func()
}

type watchedFile struct {
	vfs.File
	fn func()
}

func (s watchedFS) wrap(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return watchedFile{f, s.fn}, nil
}

func (s watchedFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	s.fn()
	return s.wrap(s.FS.Create(name, c))
}

func (s watchedFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	s.fn()
	return s.wrap(s.FS.ReuseForWrite(from, to, c))
}

func (s watchedFS) OpenDir(name string) (vfs.File, error) {
	return s.wrap(s.FS.OpenDir(name))
}

func (s watchedFS) Rename(from, to string) error {
	s.fn()
	return s.FS.Rename(from, to)
}

func (f watchedFile) Write(p []byte) (int, error) {
	f.fn()
	return f.File.Write(p)
}

func (f watchedFile) Sync() error {
	f.fn()
	return f.File.Sync()
}

func (f watchedFile) SyncData() error {
	f.fn()
	return f.File.SyncData()
}

func (f watchedFile) SyncTo(n int64) (bool, error) {
	f.fn()
	return f.File.SyncTo(n)
}
