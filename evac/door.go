package evac

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Entrance is the news of one node that writes presences.
type Entrance struct {
	Node record.NodeID
	Name string
	Site record.SiteID
	Role string
	// CompleteAsOf: all that the node acknowledged before is folded here. Zero
	// means never.
	CompleteAsOf time.Time
	// LastHeard is when the node was last known to live. Zero means never.
	LastHeard time.Time
	// Here marks this node. Its own events are all here, unless CompleteAsOf is
	// older than FreshFor: then it has heard that it lacks what it acknowledged.
	Here bool
}

const (
	// FreshFor is how old the news of an entrance may be and still count as
	// up to date: five beats.
	FreshFor = 10 * time.Second
	// SilentAfter is how long an entrance may be quiet before it is called
	// silent rather than behind.
	SilentAfter = time.Minute
)

// News says what the news of an entrance is worth.
type News string

const (
	// Here: this node, which has all that it wrote.
	Here News = "here"
	// Fresh: complete as of FreshFor ago or later.
	Fresh News = "fresh"
	// Stale: heard of within SilentAfter, but not all it wrote is known.
	Stale News = "stale"
	// Silent: not heard of for longer than SilentAfter.
	Silent News = "silent"
	// Never: nobody has ever heard of it here.
	Never News = "never"
)

// UpToDate reports whether a person last seen there can be taken to be still
// where they were.
func (n News) UpToDate() bool { return n == Here || n == Fresh }

// Door is an entrance as the list names it.
type Door struct {
	Node         record.NodeID
	Name         string
	Site         record.SiteID
	Role         string
	CompleteAsOf time.Time // zero: unknown
	LastHeard    time.Time // zero: never
	News         News
	// Doubt is the number of people on the list who were last seen there while
	// its news is not up to date; otherwise zero.
	Doubt int
}

// judge says what an entrance's news is worth at now. A time from the future
// says that one of the clocks has jumped; then how complete we are is unknown.
func (e Entrance) judge(now time.Time) Door {
	d := Door{
		Node: e.Node, Name: e.Name, Site: e.Site, Role: e.Role,
		CompleteAsOf: e.CompleteAsOf, LastHeard: e.LastHeard,
	}
	if e.Here {
		d.LastHeard = now
		if now.Sub(d.CompleteAsOf) <= FreshFor {
			d.CompleteAsOf, d.News = now, Here
			return d
		}
	}
	if d.LastHeard.Before(d.CompleteAsOf) {
		d.LastHeard = d.CompleteAsOf
	}
	if d.CompleteAsOf.After(now) {
		if d.CompleteAsOf.Sub(now) > FreshFor {
			d.CompleteAsOf = time.Time{}
		} else {
			d.CompleteAsOf = now
		}
	}
	if d.LastHeard.After(now) {
		d.LastHeard = now
	}
	switch {
	case !d.CompleteAsOf.IsZero() && now.Sub(d.CompleteAsOf) <= FreshFor:
		d.News = Fresh
	case d.LastHeard.IsZero():
		d.News = Never
	case now.Sub(d.LastHeard) > SilentAfter:
		d.News = Silent
	default:
		d.News = Stale
	}
	return d
}

// relay is the role that nobody is expected to be checked in at. Its command
// can do so all the same, as on every node.
const relay = "relay"

// doors are the entrances that a list names whoever is on it, and those that
// it names only if somebody was last seen there, by node.
func doors(in Input) (named, spare map[record.NodeID]*Door) {
	named, spare = make(map[record.NodeID]*Door, len(in.Entrances)), map[record.NodeID]*Door{}
	for _, e := range in.Entrances {
		d := e.judge(in.Now)
		if e.Role == relay && !e.Here {
			spare[e.Node] = &d
		} else {
			named[e.Node] = &d
		}
	}
	return named, spare
}

// strange is the door of a node that saw people but of which there is no news:
// left the roster, or not in it yet. It is called what the last fact from
// there calls it.
func strange(f record.Fact) *Door {
	d := &Door{Node: f.By(), Name: string(f.Place.Entrance), Site: f.Place.Site, News: Never}
	if d.Name == "" {
		d.Name = d.Node.String()[:6]
	}
	return d
}
