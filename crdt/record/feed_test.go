package record

import (
	"slices"
	"testing"
	"time"
)

func TestFeeds(t *testing.T) {
	const one, two = 1, 2
	door := Place{Site: "North", Entrance: "Staff door"}
	fed := func(a byte, seq uint64, at HLC, name FeedName, heard HLC, quiet uint32) Stated {
		return stated(a, seq, Event{Kind: Fed, At: at, Place: door, Feed: name, Since: heard, Quiet: quiet})
	}
	late := fed(two, 9, 900, "B", 900, 60)
	late.Standing = Late
	ofVisit := fed(two, 10, 950, "C", 900, 60)
	ofVisit.Event.Visit = VisitID{1}
	all := []Stated{
		fed(one, 1, 100, "B", 0, 60), fed(one, 2, 200, "B", 190, 60), fed(one, 3, 300, "B", 180, 30),
		fed(one, 4, 100, "A", 90, 60), fed(one, 5, 200, "A", 90, 0), // over
		fed(two, 1, 150, "B", 140, 60), late, ofVisit, fed(two, 2, 160, "", 140, 60),
	}
	want := Feeds{
		{ActorID{one}.Node(), "B", door, 190, 30 * time.Minute},
		{ActorID{two}.Node(), "B", door, 140, time.Hour},
	}
	for range 20 {
		if got := FoldFeeds(all); !slices.Equal(got, want) {
			t.Fatalf("%+v", got)
		}
		all = append(all[1:], all[0]) // in any order
	}
}
