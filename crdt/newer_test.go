package crdt

import (
	"context"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// Nodes of two releases live in one campus: an event of a kind that this
// release does not know is kept, relayed to third nodes and without effect.
func TestEventsOfANewerReleaseAreKeptAndRelayed(t *testing.T) {
	c := newTestCampus(t)
	newer, between, last := c.node("newer"), c.node("between"), c.node("last")
	newer.arrive(t, someone(1))
	ids, err := newer.Commit(context.Background(), Draft{Event: &record.Event{Kind: "teleported", Visit: someone(1)}})
	if err != nil {
		t.Fatal(err)
	}
	newer.leave(t, someone(2))
	pull(t, between, newer)
	between.crash(t)
	pull(t, last, between)
	last.crash(t)
	if !last.Holds(ids[0]) {
		t.Fatal("the event did not reach the third node")
	}
	events, err := last.DocumentEvents(ids[0].Doc)
	if err != nil || len(events[ids[0].Key()]) == 0 {
		t.Fatal("the event is not in the third node's document", err)
	}
	open := last.Open()
	if len(open) != 1 || open[0].Visit != someone(1) || open[0].State != record.Present {
		t.Fatalf("%+v", open)
	}
	same(t, newer, last)
}
