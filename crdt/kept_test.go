package crdt

import (
	"context"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// What is kept past its day and was erased stays so for as long as somebody who
// was cut off, and has not heard, may seal it anew: long after the dates of its
// keys. What is erased of a visit is forgotten with them.
func TestAnErasureOfWhatIsKeptOutlivesItsKeys(t *testing.T) {
	c := newTestCampus(t)
	a, b, away := c.keeper("a"), c.keeper("b"), c.keeper("away")
	v := someone(1)
	k := record.KeptID(v, "document/nda")
	if !k.IsKept() || v.IsKept() || k == record.KeptID(v, "document/rules") {
		t.Fatal("its id is not told from a visit's")
	}
	a.do(t, sealing(k, 1, c.today()+30), sealing(v, 1, c.today()+30))
	pull(t, b.member, a.member)
	pull(t, away.member, a.member)
	a.do(t, Draft{Acts: []record.Act{{Kind: record.ActShred, Erasure: record.ErasureID{7}, Visits: []record.VisitID{k, v}, Until: c.today() + 400}}})
	pull(t, b.member, a.member)
	for _, m := range []*keeper{a, b} {
		receipted(t, m.member, k, m.cfg.Node)
	}
	for version := range uint32(12) {
		c.advance(20 * 24 * time.Hour)
		for _, m := range []*keeper{a, b, away} {
			if err := m.DropBefore(context.Background(), c.today()-30); err != nil {
				t.Fatal(err)
			}
		}
		away.do(t, sealing(k, version+2, c.today()+30))
		pull(t, b.member, a.member) // what was carried over
	}
	if b.Shredded(v) {
		t.Error("the erasure of a visit whose keys are long gone is kept")
	}
	late := c.keeper("late")
	pull(t, late.member, b.member)
	for _, m := range []*keeper{b, late} {
		pull(t, m.member, away.member)
		erased(t, m.member, k)
	}
	for range 12 {
		c.advance(20 * 24 * time.Hour)
		for _, m := range []*keeper{a, b} {
			if err := m.DropBefore(context.Background(), c.today()-30); err != nil {
				t.Fatal(err)
			}
		}
		pull(t, b.member, a.member)
	}
	if a.Shredded(k) || b.Shredded(k) {
		t.Error("the erasure outlives what it guards against")
	}
}
