package crdt

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

func (m *member) alarm(t testing.TB, id byte, drill bool) record.EventID {
	t.Helper()
	return m.write(t, record.Event{Kind: record.EvacStarted, Evac: record.EvacID{id}, Drill: drill})
}

func (m *member) allClear(t testing.TB) {
	t.Helper()
	e := record.Event{Kind: record.EvacEnded, Reason: "all out"}
	running, _ := m.Evacuations().Running("")
	for _, s := range running.Starts {
		e.Starts = append(e.Starts, s.ID)
	}
	m.write(t, e)
}

func TestAlarmInTwoHalvesIsOneEvacuation(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.alarm(t, 2, true)
	c.advance(1e9)
	b.alarm(t, 1, false)
	b.arrive(t, someone(1))
	pull(t, a, b)
	pull(t, b, a)
	same(t, a, b)
	for _, m := range []*member{a, b} {
		e, on := m.Evacuations().Running("")
		if !on || e.ID != (record.EvacID{1}) || e.Drill || len(e.Starts) != 2 {
			t.Fatalf("%s: %v %+v", m.name, on, e)
		}
		if len(m.Open()) != 1 {
			t.Fatal("a start of an evacuation changed who is inside")
		}
	}
	a.allClear(t)
	b.crash(t)
	if _, on := b.Evacuations().Running(""); !on {
		t.Fatal("a restart forgot the evacuation")
	}
	changed := b.Changed()
	pull(t, b, a)
	<-changed
	if e, on := b.Evacuations().Running(""); on {
		t.Fatalf("it runs on: %+v", e)
	}
	if d := cmp.Diff(a.Evacuations(), b.Evacuations()); d != "" {
		t.Fatal(d)
	}
}

// What runs goes on when its day is dropped; what is over is forgotten, and
// does not run again by somebody's carry-over.
func TestEvacuationsOutliveTheirDay(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.alarm(t, 1, false)
	pull(t, b, a)
	c.advance(10 * dayLong)
	a.allClear(t) // b is cut off
	c.advance(21 * dayLong)
	b.dropBefore(t, c.today()-30)
	if e, on := b.Evacuations().Running(""); !on || e.ID != (record.EvacID{1}) || c.clock().Sub(e.At.Time()) < 30*dayLong {
		t.Fatalf("what runs was dropped with its day: %+v", e)
	}
	pull(t, a, b)
	pull(t, b, a)
	c.advance(11 * dayLong)
	for _, m := range []*member{a, b} {
		m.dropBefore(t, c.today()-30)
		if _, on := m.Evacuations().Running(""); on {
			t.Fatalf("%s: it runs again when the day of its end is dropped", m.name)
		}
	}
	c.advance(61 * dayLong)
	for _, m := range []*member{a, b} {
		m.dropBefore(t, c.today()-30)
		m.dropBefore(t, c.today()-29)
		if all := m.Evacuations(); len(all) != 0 {
			t.Fatalf("%s: kept for ever: %+v", m.name, all)
		}
	}
}

// Who comes back does not ring anew what others have dropped; after a campus was
// closed as a whole nobody has dropped anything, and what runs goes on.
func TestEvacuationsOutliveAClosure(t *testing.T) {
	for name, dropped := range map[string]bool{"others have dropped it": true, "nobody has": false} {
		t.Run(name, func(t *testing.T) {
			c := newTestCampus(t)
			a, b := c.node("a"), c.node("b")
			a.alarm(t, 1, false)
			began := c.today()
			pull(t, b, a)
			c.advance(42 * dayLong)
			gone := began
			if dropped {
				gone++
			}
			settled := func(record.Presence) bool { return true }
			if err := a.DropSettled(context.Background(), c.today()-30, Elsewhere{Settled: settled, Gone: gone}); err != nil {
				t.Fatal(err)
			}
			if _, on := a.Evacuations().Running(""); on == dropped {
				t.Errorf("it runs: %v", on)
			}
		})
	}
}

func TestRevokedNodesAlarmDoesNotCount(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	late := false
	_ = b.Close()
	b.cfg.Standing = func(id record.EventID) record.Standing {
		if late && id.Actor.Node() == a.cfg.Node {
			return record.Late
		}
		return record.Counted
	}
	b.store = b.store.Reopen()
	b.open(t)
	a.alarm(t, 1, false)
	pull(t, b, a)
	if _, on := b.Evacuations().Running(""); !on {
		t.Fatal("the alarm was not heard")
	}
	late = true
	if err := b.Rejudge(); err != nil {
		t.Fatal(err)
	}
	if _, on := b.Evacuations().Running(""); on {
		t.Fatal("a revoked node keeps an evacuation going")
	}
}
