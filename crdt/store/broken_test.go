package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// faults injects one error into every operation that matches, once armed.
type faults struct {
	armed atomic.Bool
	after atomic.Int32 // matching operations let through once armed
	kinds []errorfs.OpKind
	name  string // substring of the path
	err   error
	hit   chan struct{} // closed at the first injection, unless nil
	once  sync.Once
}

func (f *faults) String() string { return "faults" }

func (f *faults) MaybeError(op errorfs.Op) error {
	if !f.armed.Load() || !strings.Contains(op.Path, f.name) {
		return nil
	}
	for _, k := range f.kinds {
		if op.Kind == k && f.after.Add(-1) < 0 {
			if f.hit != nil {
				f.once.Do(func() { close(f.hit) })
			}
			return f.err
		}
	}
	return nil
}

var (
	writes = []errorfs.OpKind{errorfs.OpFileWrite, errorfs.OpFileWriteAt}
	syncs  = []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo}
	makes  = []errorfs.OpKind{errorfs.OpCreate, errorfs.OpReuseForWrite}
)

// TestDiskFails breaks the disk in each way while writers are at work, then
// opens what a crash leaves. No write may hang, none may be acknowledged and
// lost, and each place must break the store, not the process.
func TestDiskFails(t *testing.T) {
	for _, f := range []*faults{
		{kinds: writes, name: ".log", err: syscall.ENOSPC},
		{kinds: writes, name: ".log", err: syscall.EIO},
		{kinds: syncs, name: ".log", err: syscall.ENOSPC},
		{kinds: syncs, name: ".log", err: syscall.EIO},
		{kinds: makes, name: ".log", err: syscall.ENOSPC}, // when the log is rotated
		{kinds: syncs, name: "", err: syscall.EIO},
		{kinds: writes, name: "MANIFEST", err: syscall.ENOSPC},
		{kinds: syncs, name: "MANIFEST", err: syscall.EIO},
		{kinds: writes, name: ".sst", err: syscall.EIO},
	} {
		for _, after := range []int32{0, 3} {
			t.Run(fmt.Sprintf("%v %s %v after %d", f.kinds, f.name, f.err, after), func(t *testing.T) {
				g := &faults{kinds: f.kinds, name: f.name, err: f.err}
				g.after.Store(after)
				testFault(t, g)
			})
		}
	}
}

func testFault(t *testing.T, f *faults) {
	mem := NewCrashFS()
	d, err := Open("store", Options{FS: errorfs.Wrap(mem, f)})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	acked := map[string]int{} // writer → its latest acknowledged round
	record := func(w string, i int) {
		mu.Lock()
		acked[w] = i
		mu.Unlock()
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			name := fmt.Sprintf("w%d", w)
			for i := 1; ; i++ {
				if w == 0 && i == 5 {
					f.armed.Store(true)
				}
				var b Batch
				b.Set([]byte(name), fmt.Append(nil, i))
				b.Set(fmt.Appendf(nil, "pad%d.%d", w, i), make([]byte, 64<<10)) // rotates logs
				if err := d.Apply(&b); err != nil {
					if !errors.Is(err, ErrBroken) || !errors.Is(err, f.err) {
						t.Errorf("write on a failing disk: %v, want ErrBroken with %v", err, f.err)
					}
					return
				}
				record(name, i)
			}
		})
	}
	wg.Wait() // hangs if a write does
	select {
	case err := <-d.Broken():
		if !errors.Is(err, ErrBroken) || !errors.Is(err, f.err) {
			t.Fatalf("Broken says %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Broken says nothing")
	}
	f.armed.Store(false) // the disk recovers: a broken store must not
	var b Batch
	b.Set([]byte("w0"), []byte("never"))
	if err := d.Apply(&b); !errors.Is(err, ErrBroken) {
		t.Fatalf("write on a broken store: %v, want ErrBroken", err)
	}
	if v, err := d.Get([]byte("w0")); err != nil || string(v) == "never" {
		t.Fatalf("read on a broken store: %q, %v", v, err)
	}
	d.Metrics()
	for seed := range uint64(3) {
		verify(t, mem.Crash(seed), acked)
	}
	if err := d.Close(); !errors.Is(err, ErrBroken) {
		t.Fatalf("close of a broken store: %v, want ErrBroken", err)
	}
	verify(t, mem, acked) // the same disk, its lock let go
}

func verify(t *testing.T, fs *CrashFS, acked map[string]int) {
	t.Helper()
	d, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatalf("reopen: %v", err)
	}
	defer d.Close()
	for w, i := range acked {
		var got int
		v, err := d.Get([]byte(w))
		if err == nil {
			_, err = fmt.Sscan(string(v), &got)
		}
		if err != nil || got < i {
			t.Errorf("%s after reopening: %q, %v; round %d had been acknowledged", w, v, err, i)
		}
		if _, err := d.Get(fmt.Appendf(nil, "pad%s.%d", w[1:], got)); err != nil {
			t.Errorf("%s: half a batch after reopening: %v", w, err)
		}
	}
}

// TestFullTableWaits shows that a full disk under a table, unlike under the
// log, is waited out.
func TestFullTableWaits(t *testing.T) {
	f := &faults{kinds: writes, name: ".sst", err: syscall.ENOSPC, hit: make(chan struct{})}
	d, err := Open("store", Options{FS: errorfs.Wrap(NewCrashFS(), f)})
	if err != nil {
		t.Fatal(err)
	}
	f.armed.Store(true)
	var b Batch
	b.Set([]byte("a"), make([]byte, 5<<20)) // goes to a table at once
	if err := d.Apply(&b); err != nil {
		t.Fatal(err)
	}
	<-f.hit
	f.armed.Store(false)
	if err := d.Apply(put("b", "1")); err != nil {
		t.Fatalf("write while a table waits for space: %v", err)
	}
	if err := errors.Join(d.db.Flush(), d.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenFails(t *testing.T) {
	for _, kinds := range [][]errorfs.OpKind{writes, syncs, makes, {errorfs.OpMkdirAll}, {errorfs.OpRename}, {errorfs.OpLock}} {
		for after := range int32(24) {
			f := &faults{kinds: kinds, err: syscall.EIO}
			f.after.Store(after)
			f.armed.Store(true)
			mem := NewCrashFS()
			d, err := Open("store", Options{FS: errorfs.Wrap(mem, f)})
			if err == nil {
				if f.after.Load() < 0 {
					_ = d.Close()
					t.Errorf("%v after %d: opened although the disk failed", kinds, after)
				}
				_ = d.Close()
				continue
			}
			if !errors.Is(err, syscall.EIO) {
				t.Errorf("%v after %d: %v, want EIO", kinds, after, err)
			}
			d, err = Open("store", Options{FS: mem})
			if err != nil {
				t.Errorf("%v after %d: the next Open: %v", kinds, after, err)
				continue
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
