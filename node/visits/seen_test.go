package visits

import (
	"context"
	"errors"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// Who is seen is inside again if the clock alone had signed them out, where they
// were seen last; a check-out stands.
func TestSeen(t *testing.T) {
	h := newHouse(t)
	east, west := h.door("east"), h.door("west")
	got := east.in(Arrival{Name: "Astrid Marker"})
	west.pull(east)
	timed := record.Event{Kind: record.TimedOut, Visit: got.Visit, How: "clock"}
	if _, err := west.replica.Commit(context.Background(), crdt.Draft{Event: &timed}); err != nil {
		t.Fatal(err)
	}
	state := func() record.Presence {
		p, err := west.replica.Presence(got.Visit)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if s := state().State; s != record.Timed {
		t.Fatal(s)
	}
	if err := west.Seen(context.Background(), got.Visit, "desk"); err != nil {
		t.Fatal(err)
	}
	if p := state(); p.State != record.Present || p.Seen.Place.Entrance != "east" {
		t.Fatalf("%+v", p)
	}
	west.out(got.Badge.String())
	if err := west.Seen(context.Background(), got.Visit, "desk"); err != nil {
		t.Fatal(err)
	}
	if s := state().State; s != record.Gone {
		t.Fatal("being seen undoes a check-out:", s)
	}
	if err := west.Seen(context.Background(), record.VisitID{1}, "desk"); !errors.Is(err, crdt.ErrUnknownVisit) {
		t.Fatal(err)
	}
}
