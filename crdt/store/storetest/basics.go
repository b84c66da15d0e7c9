package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/upprop/upprop/crdt/store"
)

func testGet(t *testing.T, r Rig) {
	s := open(t, r)
	wantNone(t, s, "a")
	set(t, s, "a", "1", "b", "")
	want(t, s, "a", "1")
	want(t, s, "b", "")
	v, err := s.Get([]byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	v[0] = 'x'
	want(t, s, "a", "1") // the value was a copy
	var b store.Batch
	b.Delete([]byte("a"))
	b.Delete([]byte("never there"))
	if err := s.Apply(&b); err != nil {
		t.Fatal(err)
	}
	wantNone(t, s, "a")
}

func testScan(t *testing.T, r Rig) {
	s := open(t, r)
	set(t, s, "b", "2", "a\xff", "1b", "a", "1", "c", "3", "a\x00", "1a")
	wantList(t, s, nil, nil, "a=1", "a\x00=1a", "a\xff=1b", "b=2", "c=3")
	wantList(t, s, []byte("a\x00"), []byte("c"), "a\x00=1a", "a\xff=1b", "b=2")
	wantList(t, s, []byte("bb"), nil, "c=3")
	wantList(t, s, nil, []byte("a"))
	wantList(t, s, []byte("c"), []byte("a"))
	wantList(t, s, []byte("b"), []byte("b"))
	lo, hi := store.Prefix([]byte("a"))
	wantList(t, s, lo, hi, "a=1", "a\x00=1a", "a\xff=1b")
	lo, hi = store.Prefix([]byte("a\xff"))
	wantList(t, s, lo, hi, "a\xff=1b")
}

func testScanMoment(t *testing.T, r Rig) {
	s := open(t, r)
	set(t, s, "a", "1", "b", "1", "c", "1")
	for _, scan := range []scanner{s.Scan, s.ScanBack} {
		var got []string
		err := scan(nil, nil, func(k, v []byte) error {
			got = append(got, string(k)+string(v))
			var b store.Batch
			for _, key := range []string{"a", "aa", "b", "bb", "c", "cc"} {
				b.Set([]byte(key), []byte("2"))
			}
			return s.Apply(&b)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			if e[len(e)-1] != '1' || len(e) != 2 {
				t.Fatalf("scan saw %q, which was written after it began", e)
			}
		}
		var b store.Batch
		b.DeleteRange(nil, nil)
		b.Set([]byte("a"), []byte("1"))
		b.Set([]byte("b"), []byte("1"))
		b.Set([]byte("c"), []byte("1"))
		if err := s.Apply(&b); err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 {
			t.Fatalf("scan saw %q, want three keys", got)
		}
	}
}

func testScanStop(t *testing.T, r Rig) {
	s := open(t, r)
	set(t, s, "a", "1", "b", "2")
	boom := errors.New("boom")
	for _, scan := range []scanner{s.Scan, s.ScanBack} {
		for give, get := range map[error]error{store.ErrStop: nil, boom: boom} {
			calls := 0
			err := scan(nil, nil, func(_, _ []byte) error { calls++; return give })
			if !errors.Is(err, get) || calls != 1 {
				t.Fatalf("scan returned %v after %d calls, want %v after 1", err, calls, get)
			}
		}
	}
}

func testDeleteRange(t *testing.T, r Rig) {
	s := open(t, r)
	set(t, s, "a", "1", "b", "2", "b\xff\xff", "3", "c", "4", "\xff\xff", "5")
	apply := func(lo, hi []byte) {
		var b store.Batch
		b.DeleteRange(lo, hi)
		if err := s.Apply(&b); err != nil {
			t.Fatal(err)
		}
	}
	apply([]byte("c"), []byte("b"))
	apply([]byte("c"), []byte("c"))
	wantList(t, s, nil, nil, "a=1", "b=2", "b\xff\xff=3", "c=4", "\xff\xff=5")
	apply(store.Prefix([]byte("b")))
	wantList(t, s, nil, nil, "a=1", "c=4", "\xff\xff=5")
	apply([]byte("c"), nil)
	wantList(t, s, nil, nil, "a=1")
	apply(nil, nil)
	wantList(t, s, nil, nil)
}

func testVisible(t *testing.T, r Rig) {
	s := open(t, r)
	var waits []func() error
	for i := range 50 {
		var b store.Batch
		b.Set([]byte("k"), fmt.Append(nil, i))
		wait, err := s.Write(&b)
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, "k", fmt.Sprint(i))
		waits = append(waits, wait)
	}
	for _, i := range []int{49, 0, 49} { // the last first, and again
		if err := waits[i](); err != nil {
			t.Fatal(err)
		}
	}
}

func testBatchOrder(t *testing.T, r Rig) {
	s := open(t, r)
	var b store.Batch
	b.Set([]byte("a"), []byte("1"))
	b.Set([]byte("a"), []byte("2"))
	b.Set([]byte("b"), []byte("1"))
	b.Delete([]byte("b"))
	b.Set([]byte("c"), []byte("1"))
	b.DeleteRange([]byte("c"), []byte("e"))
	b.Set([]byte("d"), []byte("1"))
	if err := s.Apply(&b); err != nil {
		t.Fatal(err)
	}
	wantList(t, s, nil, nil, "a=2", "d=1")
}

func testBatchReuse(t *testing.T, r Rig) {
	s := open(t, r)
	var b store.Batch
	k, v := []byte("k1"), []byte("v1")
	b.Set(k, v)
	copy(k, "xx") // copied when added
	wait, err := s.Write(&b)
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	b.Set([]byte("k2"), []byte("v2"))
	if err := errors.Join(wait(), s.Apply(&b)); err != nil {
		t.Fatal(err)
	}
	wantList(t, s, nil, nil, "k1=v1", "k2=v2")
	if b.Len() != 1 {
		t.Fatalf("batch holds %d changes after Reset and Set, want 1", b.Len())
	}
	if err := s.Apply(new(store.Batch)); err != nil {
		t.Fatalf("empty batch: %v", err)
	}
}

func testReopen(t *testing.T, r Rig) {
	s := open(t, r)
	var b store.Batch
	b.Set([]byte("a"), bytes.Repeat([]byte("x"), 6<<20)) // larger than a memtable
	if _, err := s.Write(&b); err != nil {               // never waited for
		t.Fatal(err)
	}
	set(t, s, "b", "2")
	b.Reset()
	b.DeleteRange([]byte("b"), []byte("c"))
	b.Set([]byte("c"), []byte("3"))
	if _, err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, r)
	v, err := s.Get([]byte("a"))
	if err != nil || len(v) != 6<<20 {
		t.Fatalf("large value: %d bytes, %v", len(v), err)
	}
	wantNone(t, s, "b")
	want(t, s, "c", "3")
}

func testClosed(t *testing.T, r Rig) {
	s := open(t, r)
	var b store.Batch
	b.Set([]byte("a"), []byte("1"))
	wait, err := s.Write(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := wait(); err != nil {
		t.Fatalf("wait after close: %v", err)
	}
	_, getErr := s.Get([]byte("a"))
	none := func(_, _ []byte) error { return nil }
	for what, err := range map[string]error{
		"get": getErr, "scan": s.Scan(nil, nil, none), "scan back": s.ScanBack(nil, nil, none), "apply": s.Apply(&b),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after close: %v, want ErrClosed", what, err)
		}
	}
}

func testBadKey(t *testing.T, r Rig) {
	s := open(t, r)
	longest := bytes.Repeat([]byte{0xff}, store.MaxKey)
	var b store.Batch
	b.Set(longest, []byte("1"))
	if err := s.Apply(&b); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{append(longest, 0), {}, nil} {
		b.Reset()
		b.Set([]byte("good"), nil)
		b.Set(bad, []byte("1"))
		if err := s.Apply(&b); !errors.Is(err, store.ErrBadKey) {
			t.Fatalf("apply with a key of %d bytes: %v, want ErrBadKey", len(bad), err)
		}
		wantNone(t, s, "good")
	}
	wantNone(t, s, "")
	wantList(t, s, []byte{}, nil, string(longest)+"=1")
	wantList(t, s, nil, []byte{})
	b.Reset()
	b.DeleteRange([]byte("x"), nil)
	if err := s.Apply(&b); err != nil {
		t.Fatal(err)
	}
	wantList(t, s, nil, nil)
}

// testConcurrent has every writer read its own writes while readers check that
// pairs written together are never seen apart.
func testConcurrent(t *testing.T, r Rig) {
	s := open(t, r)
	set(t, s, "x", "0", "y", "0")
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				var x, y string
				err := s.Scan([]byte("x"), []byte("z"), func(k, v []byte) error {
					if string(k) == "x" {
						x = string(v)
					} else {
						y = string(v)
					}
					return nil
				})
				if err != nil || x != y {
					t.Errorf("scan saw x=%q y=%q, %v", x, y, err)
					return
				}
			}
		})
	}
	for w := range 8 {
		writers.Go(func() {
			for i := range 25 {
				own, val := fmt.Appendf(nil, "w%d", w), fmt.Appendf(nil, "%d.%d", w, i)
				var b store.Batch
				b.Set([]byte("x"), val)
				b.Set([]byte("y"), val)
				b.Set(own, val)
				if err := s.Apply(&b); err != nil {
					t.Errorf("apply: %v", err)
					return
				}
				if got, err := s.Get(own); err != nil || !bytes.Equal(got, val) {
					t.Errorf("get own write: %q, %v", got, err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}
