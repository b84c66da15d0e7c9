package store

import (
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
