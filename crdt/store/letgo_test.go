package store

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
)

// countdown fails the n-th change and every one after it, until it is well.
type countdown struct {
	left atomic.Int32
	well atomic.Bool
	err  error
}

func (c *countdown) change(Change) error {
	if c.left.Add(-1) < 0 && !c.well.Load() {
		return c.err
	}
	return nil
}

// TestLetGo shows that nothing of a broken store is left over when its machine
// is gone, at whatever change it broke, while it was opened or later: the bubble
// would wait for it.
func TestLetGo(t *testing.T) {
	broke := 0
	for n := range int32(80) {
		for _, cause := range []error{syscall.EIO, syscall.ENOSPC} {
			synctest.Test(t, func(t *testing.T) {
				c, mem, gone := &countdown{err: cause}, NewCrashFS(), make(chan struct{})
				c.left.Store(n)
				acked, left := map[string]int{}, mem
				d, err := Open("store", Options{FS: Failing(mem, c.change), LetGo: gone})
				for i := 1; err == nil && i < 6; i++ {
					var b Batch
					b.Set([]byte("w0"), fmt.Append(nil, i))
					b.Set(fmt.Appendf(nil, "pad0.%d", i), make([]byte, 1<<20)) // rotates logs
					if err = d.Apply(&b); err == nil {
						acked["w0"] = i
					}
				}
				if err != nil {
					if broke++; !errors.Is(err, cause) {
						t.Errorf("at change %d: %v, want %v", n, err, cause)
					}
					left = mem.Crash(uint64(n))
				}
				if d != nil {
					if bad := d.Close(); err == nil && bad != nil && !errors.Is(bad, ErrBroken) {
						t.Errorf("at change %d: close: %v", n, bad)
					}
				}
				c.well.Store(true)
				close(gone)
				synctest.Wait()
				verify(t, left, acked)
			})
		}
	}
	if broke == 0 {
		t.Error("nothing broke")
	}
}

// TestAFullDiskStaysFull shows that a power cut gives a disk no room.
func TestAFullDiskStaysFull(t *testing.T) {
	fs := NewCrashFS()
	fs.SetFree(1<<20, 1<<34)
	d := mustOpen(t, "store", Options{FS: fs.Crash(1)})
	if err := d.Apply(put("a", "1")); !errors.Is(err, ErrFull) {
		t.Errorf("a write: %v, want ErrFull", err)
	}
}
