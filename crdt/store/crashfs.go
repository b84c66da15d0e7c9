package store

import (
	"math/rand/v2"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// CrashFS is a file system in memory on which power cuts can be staged, for
// tests and simulation. It implements FS.
type CrashFS struct{ *vfs.MemFS }

// NewCrashFS makes an empty one.
func NewCrashFS() *CrashFS { return &CrashFS{vfs.NewCrashableMem()} }

// Crash returns the file system as a power cut at this moment could leave it:
// all that was synced, and of every other block and name a part chosen by
// seed. The receiver lives on, unconnected: close what runs on it.
func (f *CrashFS) Crash(seed uint64) *CrashFS {
	rng := rand.New(rand.NewPCG(seed, 0x7570707261))
	return &CrashFS{f.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})}
}

// SetFree makes the file system report this many free bytes of total; with
// both 0 it reports none, and a Disk on it never says ErrFull.
func (f *CrashFS) SetFree(free, total uint64) {
	f.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: free, TotalBytes: total, UsedBytes: total - min(free, total)})
}

// Slow is f with syncs that take d, half of it before what is written becomes
// durable and half after, so that a power cut can fall on either side.
func (f *CrashFS) Slow(d time.Duration) FS { return lateFS{f, d / 2} }

type lateFS struct {
	vfs.FS
	half time.Duration
}

type lateFile struct {
	vfs.File
	half time.Duration
}

func (s lateFS) wrap(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return lateFile{f, s.half}, nil
}

func (s lateFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.wrap(s.FS.Create(name, c))
}

func (s lateFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.wrap(s.FS.ReuseForWrite(from, to, c))
}

func (f lateFile) late(sync func() error) error {
	time.Sleep(f.half)
	err := sync()
	time.Sleep(f.half)
	return err
}

func (f lateFile) Sync() error     { return f.late(f.File.Sync) }
func (f lateFile) SyncData() error { return f.late(f.File.SyncData) }

func (f lateFile) SyncTo(n int64) (full bool, err error) {
	err = f.late(func() error {
		full, err = f.File.SyncTo(n)
		return err
	})
	return full, err
}
