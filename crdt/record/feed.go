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

// MaxFeeds bounds the feeds of one node: of more, the first by name count.
const MaxFeeds = 32

// FoldFeed folds what was told of one node's feed of one name; other events are
// passed over. The latest word counts, and that it was heard is not taken back by
// it; nobody has heard it after writing so. It depends on the set of events
// alone. false: nobody tells of it, or it is over.
func FoldFeed(events []Stated) (f Feed, ok bool) {
	var latest Stated
	var heard HLC
	for _, s := range events {
		if !s.Event.OfFeed() || s.Standing != Counted {
			continue
		}
		heard = max(heard, min(s.Event.Since, s.Event.At))
		if c := cmp.Or(cmp.Compare(s.Event.At, latest.Event.At), s.ID.Compare(latest.ID)); !ok || c > 0 {
			latest, ok = s, true
		}
	}
	e := latest.Event
	return Feed{latest.ID.Actor.Node(), e.Feed, e.Place, heard, time.Duration(e.Quiet) * time.Minute}, ok && e.Quiet > 0
}

// With is the feeds of one node and another one, as far as they count, in order
// of name.
func (all Feeds) With(f Feed) Feeds {
	i, there := slices.BinarySearchFunc(all, f.Name, func(x Feed, n FeedName) int { return cmp.Compare(x.Name, n) })
	if there || i >= MaxFeeds {
		return all
	}
	all = slices.Insert(slices.Clone(all), i, f)
	return all[:min(len(all), MaxFeeds)]
}

// ListFeeds are the feeds of all nodes.
func ListFeeds(of map[NodeID]Feeds) (out Feeds) {
	for _, all := range of {
		out = append(out, all...)
	}
	slices.SortFunc(out, func(a, b Feed) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), bytes.Compare(a.Node[:], b.Node[:]))
	})
	return out
}
