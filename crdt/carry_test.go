package crdt

import (
	"context"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

func (m *member) carry(t testing.TB, day record.Day, settled func(record.Presence) bool) {
	t.Helper()
	if err := m.CarrySettled(context.Background(), day, Elsewhere{Settled: settled}); err != nil {
		t.Fatal(err)
	}
}

func covers(by, of *member) bool {
	_, pos := of.Position()
	return by.Covers(of.cfg.Node, pos)
}

// An open visit that never got out is in its node's position however old it is,
// whether those who lack it have dropped its day or not, until it is told of
// anew.
func TestAnOldOpenVisitIsInThePositionUntilItIsCarriedOver(t *testing.T) {
	for name, dropped := range map[string]bool{"its day is kept": false, "its day is dropped": true} {
		t.Run(name, func(t *testing.T) {
			c := newTestCampus(t)
			a, b := c.node("a"), c.node("b")
			a.cfg.RetainDays = 28
			a.crash(t)
			a.arrive(t, someone(1))
			c.advance(31 * dayLong)
			a.dropBefore(t, c.today()-31) // it looked after its days the day before
			a.crash(t)
			if dropped {
				b.dropBefore(t, c.today()-30)
			}
			if covers(b, a) {
				t.Fatal("complete, without a person who is inside")
			}
			a.carry(t, c.today()-28, nil)
			if covers(b, a) {
				t.Fatal("complete, without what was carried over")
			}
			pull(t, b, a)
			if !covers(b, a) || len(b.Open()) != 1 {
				t.Fatalf("covered %v, %d inside", covers(b, a), len(b.Open()))
			}
			had := missing(t, a, c.node("new"))
			a.carry(t, c.today()-28, nil)
			if again := missing(t, a, c.node("newer")); len(again) != len(had) {
				t.Fatal("carried over twice")
			}
			a.crash(t)
			a.carry(t, c.today()-28, nil)
			if again := missing(t, a, c.node("newest")); len(again) != len(had) {
				t.Fatal("carried over twice after a restart")
			}
		})
	}
}

// That another node has carried a visit over does not speak for the one that
// let the person in: who lacks both must call neither complete.
func TestWhoCarriesOverVouchesItself(t *testing.T) {
	carried := func(m *member, t testing.TB, day record.Day) { m.carry(t, day, nil) }
	dropped := func(m *member, t testing.TB, day record.Day) { m.dropBefore(t, day) }
	for name, c := range map[string]struct {
		first record.Kind
		over  func(*member, testing.TB, record.Day)
	}{
		"carried over":              {record.Arrived, carried},
		"dropped":                   {record.Arrived, dropped},
		"of an evacuation":          {record.Added, carried},
		"of an evacuation, dropped": {record.Added, dropped},
	} {
		first, over := c.first, c.over
		t.Run(name, func(t *testing.T) {
			c := newTestCampus(t)
			a, b, behind := c.node("a"), c.node("b"), c.node("behind")
			a.cfg.RetainDays = 28
			a.crash(t)
			if _, err := a.Commit(context.Background(), Draft{Event: &record.Event{Kind: first, Visit: someone(1)}}); err != nil {
				t.Fatal(err)
			}
			pull(t, b, a)
			c.advance(31 * dayLong)
			a.dropBefore(t, c.today()-31)
			b.dropBefore(t, c.today()-30)
			pull(t, a, b)
			over(a, t, c.today()-28)
			behind.dropBefore(t, c.today()-28)
			if covers(behind, a) {
				t.Fatal("complete, without a person who is inside")
			}
			pull(t, behind, a)
			if !covers(behind, a) {
				t.Fatal("not covered by who has it all")
			}
		})
	}
}

// Days whose visits are over cost their writer's freshness nothing: others may
// drop them before it does.
func TestOthersMayDropFirst(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.cfg.RetainDays = 28
	a.crash(t)
	a.arrive(t, someone(1))
	a.leave(t, someone(1))
	pull(t, b, a)
	c.advance(31 * dayLong)
	a.dropBefore(t, c.today()-31)
	a.carry(t, c.today()-28, nil)
	b.dropBefore(t, c.today()-30)
	if !covers(b, a) {
		t.Fatal("not covered by a node that dropped first what was over")
	}
	c.advance(-40 * dayLong) // the clock steps back, and a writes into a day before
	a.arrive(t, someone(2))
	c.advance(40 * dayLong)
	if covers(b, a) {
		t.Fatal("complete, without what was filed in a day that had been carried over")
	}
}

// A clock that shows another year does not make old what nobody has dropped:
// who lacks what was acknowledged before that is not complete, be it an arrival
// that was carried over, a departure, or an act.
func TestAClockAheadMakesNothingOld(t *testing.T) {
	ctx := context.Background()
	for name, acknowledge := range map[string]func(*member) error{
		"a departure": func(m *member) error {
			_, err := m.Commit(ctx, Draft{Event: &record.Event{Kind: record.Left, Visit: someone(1)}})
			return err
		},
		"an act": func(m *member) error {
			_, err := m.Commit(ctx, Draft{Acts: []record.Act{{Kind: record.ActAudit, By: "x", What: "y"}}})
			return err
		},
	} {
		for when, before := range map[string]bool{"before anything was dropped": false, "later": true} {
			t.Run(name+", "+when, func(t *testing.T) {
				c := newTestCampus(t)
				a, ahead := c.wrong("a")
				b := c.node("b")
				b.arrive(t, someone(1))
				pull(t, a, b)
				if before {
					a.dropBefore(t, c.today()-30)
					b.dropBefore(t, c.today()-30)
				}
				if err := acknowledge(a); err != nil {
					t.Fatal(err)
				}
				ahead.Store(int64(9 * 365 * dayLong))
				a.carry(t, a.today()-28, nil)
				if covers(b, a) {
					t.Fatal("complete, without what was acknowledged by the right clock")
				}
				pull(t, b, a)
				if !covers(b, a) {
					t.Fatal("not covered by who has it all")
				}
			})
		}
	}
}

// A clock that was far ahead for a moment and has been put right is told as
// right; a small step back is not told.
func TestPositionsFollowAClockThatWasPutRight(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	c.advance(40 * dayLong)
	ahead, _ := a.Position()
	c.advance(-40 * dayLong)
	if at, _ := a.Position(); !at.Equal(c.clock()) {
		t.Fatalf("the clock is right and %v is told", at)
	}
	c.advance(-record.MaxDrift)
	if at, _ := a.Position(); at.Before(c.clock().Add(record.MaxDrift)) || at.Equal(ahead) {
		t.Fatalf("a step of a minute moves the time told to %v", at)
	}
}
