package crdt

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

// Invitations are on no list, are the same on every node and after a start, and
// are gone with their day.
func TestInvitations(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	one, two := someone(1), someone(2)
	a.write(t, record.Event{Kind: record.Invited, Visit: one, Type: "contractor", From: 200, To: 300, Ends: 9})
	a.write(t, record.Event{Kind: record.Invited, Visit: two, From: 100, To: 300, Ends: 9})
	b.arrive(t, someone(3))
	b.write(t, record.Event{Kind: record.Welcomed, Visit: one, Other: someone(3)})
	if i, ok := b.Invitation(one); !ok || !i.Made.IsZero() || len(i.Uses) != 1 || len(b.Invitations()) != 0 {
		t.Errorf("a use whose invitation has not come: %+v", i)
	}
	pull(t, a, b)
	pull(t, b, a)
	want := a.Invitations()
	if len(want) != 2 || want[0].ID != two || want[1].Type != "contractor" || len(want[1].Uses) != 1 {
		t.Fatalf("%+v", want)
	}
	if d := cmp.Diff(want, b.Invitations()); d != "" {
		t.Error(d)
	}
	for _, n := range []*member{a, b} {
		if open := n.Open(); len(open) != 1 || open[0].Visit != someone(3) {
			t.Errorf("an invitation is on the list: %+v", open)
		}
	}
	a.crash(t)
	if d := cmp.Diff(want, a.Invitations()); d != "" {
		t.Error("after a start:", d)
	}
	c.advance(40 * dayLong)
	a.dropBefore(t, c.today()-30)
	if n := len(a.Invitations()); n != 0 {
		t.Errorf("%d are there after their day was dropped", n)
	}
	if len(a.state.invited) != 0 {
		t.Error("they stay in memory")
	}
}
