package storetest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/store"
)

// model is the plainest store there is.
type model map[string]string

func (m model) list(lo, hi []byte) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if bytes.Compare([]byte(k), lo) >= 0 && (hi == nil || bytes.Compare([]byte(k), hi) < 0) {
			out = append(out, fmt.Sprintf("%s=%s", k, m[k]))
		}
	}
	return out
}

func drawBatch(t *rapid.T, m model) *store.Batch {
	key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', 0xff}), 1, 3)
	b := new(store.Batch)
	for range rapid.IntRange(1, 5).Draw(t, "changes") {
		k := key.Draw(t, "key")
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			b.Delete(k)
			delete(m, string(k))
		case 1:
			hi := key.Draw(t, "hi")
			b.DeleteRange(k, hi)
			maps.DeleteFunc(m, func(x, _ string) bool { return x >= string(k) && x < string(hi) })
		default:
			v := rapid.StringN(0, 8, 16).Draw(t, "value")
			b.Set(k, []byte(v))
			m[string(k)] = v
		}
	}
	return b
}

// testModel does random work, with reopenings, and compares with the model.
func testModel(t *testing.T, rig func(t testing.TB) Rig) {
	rapid.Check(t, func(rt *rapid.T) {
		r := rig(t)
		s := r.Open(t)
		defer func() { _ = s.Close() }()
		m := model{}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if rapid.IntRange(0, 7).Draw(rt, "reopen") == 0 {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = r.Open(t)
			}
			if _, err := s.Write(drawBatch(rt, m)); err != nil {
				rt.Fatal(err)
			}
			var lo, hi []byte
			if rapid.Bool().Draw(rt, "bounded") {
				lo = rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', 0xff}), 0, 2).Draw(rt, "lo")
				hi = append(slices.Clone(lo), rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(rt, "more")...)
			}
			if got, want := list(t, s.Scan, lo, hi), m.list(lo, hi); !slices.Equal(got, want) {
				rt.Fatalf("scan [%q,%q) = %q, want %q", lo, hi, got, want)
			}
		}
	})
}

// testCrash cuts the power at a random moment and demands that what is left is
// the state after some batch at or past the last one waited for.
func testCrash(t *testing.T, rig func(t testing.TB) Rig) {
	rapid.Check(t, func(rt *rapid.T) {
		r := rig(t)
		s := r.Open(t)
		defer func() { _ = s.Close() }()
		m := model{}
		for crash := range rapid.IntRange(1, 3).Draw(rt, "crashes") {
			states := [][]string{m.list(nil, nil)}
			safe := 0
			for i := range rapid.IntRange(0, 10).Draw(rt, "batches") {
				wait, err := s.Write(drawBatch(rt, m))
				if err != nil {
					rt.Fatal(err)
				}
				states = append(states, m.list(nil, nil))
				if rapid.IntRange(0, 2).Draw(rt, "wait") == 0 {
					if err := wait(); err != nil {
						rt.Fatal(err)
					}
					safe = i + 1
				}
			}
			r.Crash(t)
			_ = s.Close()
			s = r.Open(t)
			got := list(t, s.Scan, nil, nil)
			if !slices.ContainsFunc(states[safe:], func(st []string) bool { return slices.Equal(st, got) }) {
				rt.Fatalf("after crash %d: %q, want one of %q (%d of %d batches waited for)", crash, got, states[safe:], safe, len(states)-1)
			}
			m = model{}
			_ = s.Scan(nil, nil, func(k, v []byte) error { m[string(k)] = string(v); return nil })
		}
	})
}

// testCrashConcurrent cuts the power while many writers are at work: all that
// was acknowledged before the cut is there, and no batch is there by half.
func testCrashConcurrent(t *testing.T, r Rig) {
	s := open(t, r)
	const writers, rounds = 16, 20
	var mu sync.Mutex
	acked := map[string]bool{}
	var wg sync.WaitGroup
	half := make(chan struct{}, writers*rounds)
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				id := fmt.Sprintf("%02d.%02d", w, i)
				var b store.Batch
				b.Set([]byte("x"+id), nil)
				b.Set([]byte("y"+id), nil)
				if s.Apply(&b) != nil {
					return // closed by the crash
				}
				mu.Lock()
				acked[id] = true
				mu.Unlock()
				half <- struct{}{}
			}
		})
	}
	for range writers * rounds / 2 {
		<-half
	}
	mu.Lock()
	before := maps.Clone(acked)
	mu.Unlock()
	r.Crash(t)
	wg.Wait()
	_ = s.Close()
	s = open(t, r)
	for id := range before {
		want(t, s, "x"+id, "")
		want(t, s, "y"+id, "")
	}
	xs, ys := len(list(t, s.Scan, []byte("x"), []byte("y"))), len(list(t, s.Scan, []byte("y"), []byte("z")))
	if xs != ys {
		t.Fatalf("after the crash: %d first halves, %d second halves", xs, ys)
	}
}
