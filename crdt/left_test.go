package crdt

import (
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

func (m *member) leaves(t testing.TB, v record.VisitID) {
	t.Helper()
	m.write(t, record.Event{Kind: record.Left, Visit: v})
}

func TestWhoLeftIsKeptForAsLongAsAnEvacuationRuns(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	began := a.Clock().Now()
	a.arrive(t, someone(1))
	a.arrive(t, someone(2))
	a.leaves(t, someone(1))
	pull(t, b, a)
	for _, m := range []*member{a, b} {
		if got := m.LeftSince(began); len(got) != 1 || got[0].Visit != someone(1) {
			t.Fatalf("%s: %+v", m.name, got)
		}
		if got := m.LeftSince(m.Clock().Now()); len(got) != 0 {
			t.Fatalf("%s: since now: %+v", m.name, got)
		}
	}
	// b hears of the alarm only when it has long let go who left before.
	a.write(t, record.Event{Kind: record.EvacStarted, Evac: record.EvacID{1}, Since: began})
	c.advance(72 * time.Hour)
	b.crash(t)
	if got := b.LeftSince(began); len(got) != 0 {
		t.Fatalf("kept for ever: %+v", got)
	}
	a.crash(t)
	pull(t, b, a)
	for _, m := range []*member{a, b} {
		if got := m.LeftSince(began); len(got) != 1 || got[0].Visit != someone(1) {
			t.Fatalf("%s, while it runs: %+v", m.name, got)
		}
	}
}

func TestWhoLeftLongAgoIsLetGo(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	a.state.leftLimit = 3
	for i := range 9 {
		a.arrive(t, someone(10+i))
		a.leaves(t, someone(10+i))
		c.advance(24 * time.Hour)
	}
	a.state.mu.RLock()
	n := len(a.state.left)
	a.state.mu.RUnlock()
	if n > 3 {
		t.Fatalf("%d are kept", n)
	}
}

func TestMarksAreOnTheListOfAll(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.alarm(t, 1, false)
	a.arrive(t, someone(1))
	mark := record.Event{Kind: record.Marked, Visit: someone(1), Mark: record.Safe, Point: "Car park", Starts: []record.EvacID{{1}}}
	b.write(t, mark) // which has heard of neither
	pull(t, a, b)
	pull(t, b, a)
	same(t, a, b)
	b.write(t, record.Event{Kind: record.Swept, Mark: record.Safe, Place: record.Place{Site: "South", Zone: "2"}, Starts: []record.EvacID{{1}}})
	pull(t, a, b)
	b.crash(t)
	for _, m := range []*member{a, b} {
		e, _ := m.Evacuations().Running("")
		if open := m.Open(); len(open) != 1 || open[0].Verdict(e).Mark != record.Safe {
			t.Fatalf("%s: %+v", m.name, open)
		}
		if got := m.Sweeps().In(e); len(got) != 1 || !got[0].Clear {
			t.Fatalf("%s: %+v", m.name, got)
		}
	}
}
