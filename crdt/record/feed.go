package record

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// FeedName is what people call a system that tells a node of staff: an
// access-control system, as a rule.
type FeedName string

// HowFed is how it is known that somebody came or went whom a feed told of.
const HowFed = "feed"

// Feed is one system that tells a node of staff who come and go.
type Feed struct {
	// Node is the node that is told.
	Node NodeID
	Name FeedName
	// Place is where those come and go of whom it tells.
	Place Place
	// Heard is when it was last heard, as its node has told; zero: never.
	Heard HLC
	// Quiet is for how long it may be silent before that is said.
	Quiet time.Duration
}

// Feeds are those that are not over, in order of name and node. Do not change
// it: it is shared.
type Feeds []Feed

// FoldFeeds folds the events that tell of feeds; others are passed over. Of
// each node's feed of one name the latest word counts, and that it was heard is
// not taken back by it.
func FoldFeeds(events []Stated) (out Feeds) {
	type key struct {
		node NodeID
		name FeedName
	}
	latest, heard := map[key]Stated{}, map[key]HLC{}
	for _, s := range events {
		e := s.Event
		if e.Kind != Fed || e.BadgeOf() != 0 || e.Feed == "" || s.Standing != Counted {
			continue
		}
		k := key{s.ID.Actor.Node(), e.Feed}
		heard[k] = max(heard[k], e.Since)
		was, there := latest[k]
		if c := cmp.Or(cmp.Compare(e.At, was.Event.At), s.ID.Compare(was.ID)); !there || c > 0 {
			latest[k] = s
		}
	}
	for k, s := range latest {
		if s.Event.Quiet > 0 {
			out = append(out, Feed{k.node, k.name, s.Event.Place, heard[k], time.Duration(s.Event.Quiet) * time.Minute})
		}
	}
	slices.SortFunc(out, func(a, b Feed) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), bytes.Compare(a.Node[:], b.Node[:]))
	})
	return out
}
