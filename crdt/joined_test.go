package crdt

import (
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// joinedBadges is what JoinedTo says, checked against all that are at hand.
func joinedBadges(t *testing.T, m *member, v record.VisitID) (out []record.VisitID) {
	t.Helper()
	var all []record.VisitID
	for _, p := range append(m.Open(), m.LeftSince(0)...) {
		if p.Joined == v {
			all = append(all, p.Visit)
		}
	}
	for _, p := range m.JoinedTo(v) {
		out = append(out, p.Visit)
	}
	order := func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) }
	slices.SortFunc(all, order)
	slices.SortFunc(out, order)
	if !slices.Equal(all, out) {
		t.Errorf("joined to %s are %v; of those at hand %v", v.Short(), out, all)
	}
	return out
}

func TestJoinedTo(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	join := func(from, to int) {
		t.Helper()
		e := record.Event{Kind: record.Joined, Visit: someone(from)}
		if to > 0 {
			e.Other = someone(to)
		}
		a.write(t, e)
	}
	want := func(what string, v int, joined ...int) {
		t.Helper()
		pull(t, b, a)
		for _, m := range []*member{a, b} {
			got := joinedBadges(t, m, someone(v))
			is := make([]record.VisitID, len(joined))
			for i, j := range joined {
				is[i] = someone(j)
			}
			if !slices.Equal(got, is) {
				t.Errorf("%s: %s: joined to %d are %v, want %v", what, m.name, v, got, is)
			}
		}
	}
	for i := range 5 {
		a.arrive(t, someone(i+1))
	}
	want("nobody", 1)
	join(2, 1)
	join(3, 1)
	want("two", 1, 2, 3)
	join(3, 4)
	want("one of them is another's", 1, 2)
	want("one of them is another's", 4, 3)
	a.leaves(t, someone(2))
	want("one has left", 1, 2)
	b.crash(t)
	want("read back", 1, 2)
	want("read back", 4, 3)
	join(3, 0)
	want("taken back", 4)

	// Who is let go is joined to nobody at hand.
	c.advance(72 * time.Hour)
	for _, m := range []*member{a, b} {
		m.state.leftLimit = 1
	}
	a.arrive(t, someone(9))
	a.leaves(t, someone(9))
	want("let go", 1)
	for _, m := range []*member{a, b} {
		if m.state.mu.RLock(); len(m.state.joined) != 0 {
			t.Errorf("%s keeps %d visits that nobody is joined to", m.name, len(m.state.joined))
		}
		m.state.mu.RUnlock()
	}
}
