package record

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// foldFeeds folds what was told of all nodes' feeds.
func foldFeeds(events []Stated) Feeds {
	type key struct {
		node NodeID
		name FeedName
	}
	by := map[key][]Stated{}
	for _, s := range events {
		k := key{s.ID.Actor.Node(), s.Event.Feed}
		by[k] = append(by[k], s)
	}
	of := map[NodeID]Feeds{}
	for k, told := range by {
		if f, ok := FoldFeed(told); ok {
			of[k.node] = of[k.node].With(f)
		}
	}
	return ListFeeds(of)
}

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
		fed(two, 1, 150, "B", 140, 60), fed(two, 3, 155, "-x", 140, 60), fed(two, 4, 155, "a/b", 140, 60), late, ofVisit, fed(two, 2, 160, "", 140, 60),
	}
	want := Feeds{
		{ActorID{one}.Node(), "B", door, 190, 30 * time.Minute},
		{ActorID{two}.Node(), "B", door, 140, time.Hour},
	}
	for range 20 {
		if got := foldFeeds(all); !slices.Equal(got, want) {
			t.Fatalf("%+v", got)
		}
		all = append(all[1:], all[0]) // in any order
	}
}

// What a node writes that is out of its mind fills no list, and is never fresher
// than it was written.
func TestFeedsOfOneNodeAreBounded(t *testing.T) {
	var all []Stated
	for i := range 3 * MaxFeeds {
		all = append(all, stated(1, uint64(i+1), Event{Kind: Fed, At: 100, Since: 999, Feed: FeedName(fmt.Sprintf("%03d", i)), Quiet: 60}))
	}
	all = append(all, stated(2, 1, Event{Kind: Fed, At: 100, Feed: "Z", Quiet: 60}))
	for _, name := range []string{"", " ", "a/b", "-a", "a\n", strings.Repeat("a", 65), "\xff"} {
		all = append(all, stated(3, uint64(len(all)), Event{Kind: Fed, At: 100, Feed: FeedName(name), Quiet: 60}))
	}
	for range 20 {
		got := foldFeeds(all)
		if len(got) != MaxFeeds+1 || got[MaxFeeds].Name != "Z" || got[MaxFeeds-1].Name != "031" || got[0].Name != "000" || got[0].Heard != 100 {
			t.Fatalf("%+v", got)
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
}
