package crdt

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

func audit(what string) Draft {
	return Draft{Acts: []record.Act{{Kind: record.ActAudit, What: what, By: "desk"}}}
}

// chain reads a node's acts and checks that they are one chain.
func chain(t testing.TB, m *member, of record.NodeID) (n uint64) {
	t.Helper()
	var all []StoredActs
	if err := m.ReadActs(func(s StoredActs) error {
		if s.ID.Actor.Node() == of {
			s.Payload = slices.Clone(s.Payload)
			all = append(all, s)
		}
		if !s.Proved {
			t.Fatal("acts without a proof")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b StoredActs) int { return int(a.Acts.N) - int(b.Acts.N) })
	for i := range all {
		if i > 0 && (all[i].Acts.N != all[i-1].Acts.N+1 || all[i].Acts.Prev != sha256.Sum256(all[i-1].Payload)) {
			t.Fatalf("acts %d do not follow %d", all[i].Acts.N, all[i-1].Acts.N)
		}
	}
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].Acts.N
}

func TestActsAreOneChainOverIncarnationsAndDroppedDays(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.do(t, audit("one"), audit("two"))
	a.crash(t)
	a.do(t, audit("three"))
	pull(t, b, a)
	if chain(t, a, a.cfg.Node) != 3 || chain(t, b, a.cfg.Node) != 3 {
		t.Fatal("not three")
	}
	c.advance(40 * dayLong)
	a.dropBefore(t, c.today()-30)
	a.crash(t)
	if n := chain(t, a, a.cfg.Node); n != 0 {
		t.Fatal(n, "are left of a dropped day")
	}
	a.do(t, audit("four"))
	if n := chain(t, a, a.cfg.Node); n != 4 {
		t.Fatal("the chain began anew:", n)
	}
	if v := a.ActsVectors(); len(v) != 1 {
		t.Fatalf("%+v", v)
	}
}

func TestAFailedCommitDoesNotMoveTheChain(t *testing.T) {
	c := newTestCampus(t)
	a, disk := c.inTrouble("a")
	a.do(t, audit("one"))
	disk.set(func() { disk.full = true })
	if _, err := a.Commit(context.Background(), audit("lost")); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	disk.set(func() { disk.full = false })
	a.do(t, audit("two"))
	if n := chain(t, a, a.cfg.Node); n != 2 {
		t.Fatal(n)
	}
}

// A node that was set back to an old copy hears of its own acts before it
// writes on.
func TestARestoredNodeTakesUpItsChain(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.do(t, audit("one"))
	copied, all := store.NewMem(1), store.Batch{}
	if err := a.store.Scan(nil, nil, func(k, v []byte) error { all.Set(k, v); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := copied.Apply(&all); err != nil {
		t.Fatal(err)
	}
	a.do(t, audit("two"))
	pull(t, b, a)
	_ = a.Close()
	a.store = copied
	a.open(t)
	pull(t, a, b)
	a.do(t, audit("three"))
	if n := chain(t, a, a.cfg.Node); n != 3 {
		t.Fatal(n)
	}
}

// A shred is not dropped before the last date of what it stands against; all
// else that shredding left behind goes with its days.
func TestAShredOutlivesItsDayUntilItsDate(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.keeper("a"), c.keeper("b")
	day := c.today()
	short, edge, long := someone(1), someone(2), someone(3)
	a.do(t, sealing(short, 1, day+30), sealing(edge, 1, day+31), sealing(long, 1, day+60))
	pull(t, b.member, a.member)
	a.do(t, shredding(5, short, edge, long))
	receipted(t, a.member, long, a.cfg.Node)
	pull(t, b.member, a.member)
	receipted(t, b.member, long, b.cfg.Node)
	pull(t, a.member, b.member)
	first, _ := a.Receipts(long)
	for range 2 {
		c.advance(31 * dayLong)
		for _, k := range []*keeper{a, b} {
			k.dropBefore(t, c.today()-30)
			k.dropBefore(t, c.today()-30)
			k.crash(t)
		}
		pull(t, a.member, b.member)
		pull(t, b.member, a.member)
		for _, k := range []*keeper{a, b} {
			switch c.today() - day {
			case 31: // the date of short was yesterday, that of edge is today
				if k.Shredded(short) || !k.Shredded(edge) || !k.Shredded(long) {
					t.Fatal(k.name, "after a month:", k.Shredded(short), k.Shredded(edge), k.Shredded(long))
				}
				got, err := k.Receipts(long)
				if err != nil || got[a.cfg.Node] != first[a.cfg.Node] || got[b.cfg.Node] != first[b.cfg.Node] {
					t.Fatalf("receipts %v, once %v, %v", got, first, err)
				}
				_, _, by, ok, err := k.Erasure(record.ErasureID{5})
				if err != nil || !ok || by != a.cfg.Node {
					t.Fatal("whose erasure it was is forgotten:", by, ok, err)
				}
			default:
				for _, prefix := range []byte{keyPart, keyKey, keyUntil, keyDirty, keyTomb, keyShred, keyErasure, keyReceipt, keyOwed, keyEntry} {
					if n := rows(t, k.member, prefix); n != 0 {
						t.Fatalf("%s: %d rows are left under %q", k.name, n, prefix)
					}
				}
			}
		}
	}
}

// Nothing comes back from one who held everything all along.
func TestAReturningNodeBringsNoKeyBack(t *testing.T) {
	c := newTestCampus(t)
	a, away := c.keeper("a"), c.keeper("away")
	v := someone(1)
	a.do(t, sealing(v, 1, c.today()+30))
	pull(t, away.member, a.member)
	a.do(t, shredding(1, v))
	receipted(t, a.member, v, a.cfg.Node)
	c.advance(31 * dayLong)
	a.dropBefore(t, c.today()-30)
	pull(t, a.member, away.member)
	if _, err := a.Sealed(card(v)); !errors.Is(err, ErrUnknownVisit) || rows(t, a.member, keyKey) != 0 {
		t.Fatal("a key record came back:", err)
	}
}

// Days come and go; what is kept stays the same, but for what is being written
// or tidied at the moment: forty days more of anything would be far more.
func TestKeyRecordsAndActsDoNotGrow(t *testing.T) {
	c := newTestCampus(t)
	a := c.keeper("a")
	total := func() (n int) {
		lo, hi := []byte{0}, []byte{0xff}
		if err := a.cfg.Store.Scan(lo, hi, func(_, _ []byte) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var at40 int
	for day := range 80 {
		for i := range 4 {
			a.do(t, sealing(someone(10*day+i), 1, c.today()+30))
		}
		a.do(t, sealing(someone(10*day), 2, c.today()+30))
		a.do(t, shredding(byte(day), someone(10*day+1)), audit("opened"))
		receipted(t, a.member, someone(10*day+1), a.cfg.Node)
		c.advance(dayLong)
		a.dropBefore(t, c.today()-30)
		if day%7 == 0 {
			a.crash(t)
		}
		if day == 40 {
			at40 = total()
		}
	}
	if n := total(); n > at40+10 {
		t.Fatalf("%d rows on day 40, %d on day 80", at40, n)
	}
}

// The sets of an older release are written anew from its log.
func TestTheSetsOfAnOlderReleaseAreRebuilt(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	v, w := someone(1), someone(2)
	a.do(t, sealing(v, 1, 0), sealing(w, 1, 0))
	a.do(t, Draft{Sealed: []record.SealedEntry{{Kind: record.Shred, Visit: w, Audience: record.CardAudience}}})
	var b store.Batch // as they lay: version, time, box
	b.Delete(keySets)
	for _, x := range []record.VisitID{v, w} {
		b.Set(partKey(keyPart, card(x)), append(make([]byte, 12), "part"...))
		b.Set(partKey(keyKey, card(x)), append([]byte{keyInline}, make([]byte, 20)...))
	}
	b.Set(partKey(keyKey, card(w)), []byte{keyShredded})
	if err := a.store.Apply(&b); err != nil {
		t.Fatal(err)
	}
	a.crash(t)
	opens(t, a, v, 1)
	if _, err := a.Sealed(card(w)); !errors.Is(err, ErrErased) {
		t.Fatal(err)
	}
}

func TestKeyRecordsAreListed(t *testing.T) {
	c := newTestCampus(t)
	a := c.keeper("a")
	a.do(t, sealing(someone(1), 1, c.today()+30), sealing(someone(2), 3, c.today()+31))
	a.do(t, shredding(1, someone(2)))
	var got []KeyRecord
	if err := a.KeyRecords(func(k KeyRecord) error { got = append(got, k); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 {
		t.Fatalf("%d key records", len(got))
	}
	for _, k := range got {
		if dead := k.Visit == someone(2); k.Shredded != dead || (k.Wrap == nil) != dead || k.Until < c.today()+30 || k.Version == 0 {
			t.Errorf("%+v", k)
		}
	}
}

func TestNewActsAreReadOnce(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	have := map[record.DocID]map[record.ActorID]uint64{}
	read := func(from record.Day) (all []string) {
		t.Helper()
		if err := a.ReadNewActs(from, have, func(_ record.EventID, acts record.Acts) error {
			for _, x := range acts.Acts {
				all = append(all, x.What)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		return all
	}
	a.do(t, audit("one"))
	b.do(t, audit("two"))
	if got := read(c.today()); !slices.Equal(got, []string{"one"}) {
		t.Fatal(got)
	}
	pull(t, a, b)
	a.do(t, audit("three"))
	if got := read(c.today()); !slices.Equal(got, []string{"three", "two"}) {
		t.Fatal(got)
	}
	c.advance(2 * dayLong)
	a.do(t, audit("four"))
	if got := read(c.today() - 1); !slices.Equal(got, []string{"four"}) || len(have) != 1 {
		t.Fatal(got, len(have))
	}
	if got := read(c.today()); len(got) != 0 {
		t.Fatal(got)
	}
}
