package crdt

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// The count of a visit moves with what stands of its keys, whoever wrote it; not
// with anybody else's, and not when the keys of a date are written anew around
// one that is destroyed.
func TestStirred(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.keeper("a"), c.keeper("b")
	v, w := record.VisitID{1, 15: 1}, record.VisitID{2, 15: 2}
	seen := map[record.VisitID]uint64{v: a.Stirred(v), w: a.Stirred(w)}
	moved := func(what string, want ...bool) {
		t.Helper()
		for i, id := range []record.VisitID{v, w} {
			now := a.Stirred(id)
			if (now != seen[id]) != want[i] {
				t.Errorf("%s: the count of visit %d: moved %v", what, i+1, now != seen[id])
			}
			seen[id] = now
		}
	}
	a.do(t, sealing(v, 1, c.today()+30))
	moved("one is sealed", true, false)
	b.do(t, sealing(w, 1, c.today()+30))
	pull(t, a.member, b.member)
	moved("one has come", false, true)
	b.do(t, sealing(v, 2, c.today()+30))
	pull(t, a.member, b.member)
	moved("one is sealed anew elsewhere", true, false)
	name, err := a.Standing(card(w))
	if err != nil {
		t.Fatal(err)
	}
	a.do(t, shredding(7, v))
	receipted(t, a.member, v, a.cfg.Node)
	moved("one is shredded", true, false)
	if now, err := a.Standing(card(w)); err != nil || now != name || a.vault.retired == 0 {
		t.Error("another that was written anew has another name:", err)
	}
}

// A range that reaches among key records moves all counts, and another none.
func TestStirredByRanges(t *testing.T) {
	for _, x := range []struct {
		lo, hi []byte
		want   uint64
	}{
		{[]byte{keyKey}, []byte{keyKey + 1}, 1},
		{[]byte{keyKey, 5}, []byte{keyKey, 6}, 1},
		{[]byte{keyKey - 1}, nil, 1},
		{nil, []byte{keyKey}, 0},
		{[]byte{keyKey + 1}, []byte{keyTomb}, 0},
		{[]byte{keyTomb + 1}, nil, 0},
	} {
		var s stirred
		var b store.Batch
		b.DeleteRange(x.lo, x.hi)
		s.after(&b)
		if got := s.of(make([]byte, 16)).Load(); got != x.want {
			t.Errorf("a range from %q to %q moves a count by %d", x.lo, x.hi, got)
		}
	}
}
