package crdt

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

// Deliveries are on no list and among no invitations, are the same on every node
// and after a start, also when two end one apart, and are gone with their day.
func TestDeliveries(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	one, two := someone(1), someone(2)
	a.write(t, record.Event{Kind: record.Delivered, Visit: one, By: "op"})
	a.write(t, record.Event{Kind: record.Delivered, Visit: two})
	pull(t, a, b)
	a.write(t, record.Event{Kind: record.PickedUp, Visit: one, Other: someone(7)})
	b.write(t, record.Event{Kind: record.PickedUp, Visit: one, Other: someone(8)})
	pull(t, a, b)
	pull(t, b, a)
	want := a.Deliveries()
	if len(want) != 2 || want[0].ID != one || len(want[0].Standing()) != 2 || len(want[1].Endings) != 0 {
		t.Fatalf("%+v", want)
	}
	if d := cmp.Diff(want, b.Deliveries()); d != "" {
		t.Error(d)
	}
	for _, n := range []*member{a, b} {
		if len(n.Open()) != 0 || len(n.Invitations()) != 0 {
			t.Errorf("a delivery is on a list: %+v", n.Open())
		}
	}
	a.crash(t)
	if d := cmp.Diff(want, a.Deliveries()); d != "" {
		t.Error("after a start:", d)
	}
	c.advance(40 * dayLong)
	a.dropBefore(t, c.today()-30)
	if n := len(a.Deliveries()); n != 0 || len(a.state.delivered) != 0 {
		t.Errorf("%d are there after their day was dropped, %d in memory", n, len(a.state.delivered))
	}
}
