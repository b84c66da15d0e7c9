package store_test

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/crdt/store/storetest"
)

func openDisk(t testing.TB, dir string, opts store.Options) *store.Disk {
	t.Helper()
	d, err := store.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDisk(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	storetest.Run(t, func(t testing.TB) storetest.Rig {
		dir := t.TempDir() + "/store"
		return storetest.Rig{Open: func(t testing.TB) store.Store { return openDisk(t, dir, store.Options{}) }}
	})
}

func TestDiskOnCrashFS(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	storetest.Run(t, func(testing.TB) storetest.Rig {
		fs, seed := store.NewCrashFS(), uint64(0)
		return storetest.Rig{
			Open: func(t testing.TB) store.Store { return openDisk(t, "store", store.Options{FS: fs}) },
			Crash: func(testing.TB) {
				seed++
				fs = fs.Crash(seed)
			},
		}
	})
}

func TestMem(t *testing.T) {
	storetest.Run(t, func(testing.TB) storetest.Rig {
		m, first := store.NewMem(7), true
		return storetest.Rig{
			Open: func(testing.TB) store.Store {
				if !first {
					m = m.Reopen()
				}
				first = false
				return m
			},
			Crash: func(testing.TB) { m.Crash() },
		}
	})
}

// TestMemForgets makes sure that the crash in memory is one.
func TestMemForgets(t *testing.T) {
	lost := 0
	for seed := range uint64(20) {
		m := store.NewMem(seed)
		var b store.Batch
		b.Set([]byte("a"), nil)
		if _, err := m.Write(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Crash().Get([]byte("a")); errors.Is(err, store.ErrNotFound) {
			lost++
		}
	}
	if lost == 0 || lost == 20 {
		t.Fatalf("%d of 20 crashes lost an unsynced write, want some", lost)
	}
}
