package crdt

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Elsewhere is what became of days that are still held here at nodes from which
// this one was apart, and which may have dropped them meanwhile. The zero value:
// it was apart from nobody.
type Elsewhere struct {
	// Settled says of an open visit that nothing tells of any more once the days
	// are dropped whether those others knew it: then they have carried it over,
	// or dropped what says that the person left. Nil: they have settled nothing.
	Settled func(record.Presence) bool
	// Gone is the first day that all of those others keep. The start of an
	// evacuation that no document from that day on tells of is over for them,
	// unless they carried it over. Where they have dropped nothing, it runs on.
	Gone record.Day
	// Since is how far this node's feed had come when it last heard them. What
	// it wrote itself after that they cannot have settled, whatever its clock
	// said. Zero: not known, and the days alone count.
	Since Cursor
}

// newLife is for how long after its start nothing that a node has written since
// can be old, whatever day it was filed under.
const newLife = 7 * 24 * time.Hour

// ownSince reports whether this node wrote an entry itself, and after a place in
// its feed that is known.
func (r *Replica) ownSince(id record.EventID, since Cursor) bool {
	return since > 0 && id.Actor.Node() == r.cfg.Node && r.Taken(id) > since
}

// fresh is ownSince, or, where no place is known, whether this node wrote an entry
// since it was started not long ago.
func (r *Replica) fresh(id record.EventID, since Cursor) bool {
	return r.ownSince(id, since) || since == 0 && r.ofThisLife(id)
}

// ofThisLife reports whether this node wrote an entry since it was started, and
// that not long ago.
func (r *Replica) ofThisLife(id record.EventID) bool {
	return time.Since(r.opened) < newLife && id.Actor == r.Actor()
}

// freshGone are the events that tell of a badge's visits which are over, and of whose
// coming nothing stays, where this node wrote the arrival or the departure in this life
// and since it last heard the others: that is days old at most, and was filed by a clock
// that was behind. What was written in earlier lives may be as old as it says, and its
// time is over. Of an arrival that the others have known, or that nobody here knows, the
// departure alone is told. Both are as they were; the departure comes first, so that
// nobody is listed who has heard the half of it.
func (r *Replica) freshGone(events []record.Stated, stays func(record.EventID) bool, since Cursor) (out []Draft) {
	told, left := map[record.VisitID]bool{}, map[record.HLC]bool{}
	for _, s := range events {
		e := s.Event
		switch {
		case !stays(s.ID):
		case e.Kind == record.Arrived || e.Kind == record.Added || e.Kind == record.Carried:
			told[e.Visit] = true
		case e.Kind == record.Left && s.ID.Actor.Node() == r.cfg.Node:
			left[e.At] = true
		}
	}
	unheard := func(id record.EventID) bool { return r.ofThisLife(id) && r.ownSince(id, since) }
	known := map[record.EventID]bool{}
	for _, p := range record.FoldBadge(events) {
		known[p.Left.ID] = true
		if p.State != record.Gone || p.Visit.IsZero() || told[p.Visit] || !unheard(p.Arrived.ID) && !unheard(p.Left.ID) {
			continue
		}
		if !stays(p.Left.ID) && !left[p.Left.At] {
			left[p.Left.At] = true
			out = append(out, Draft{Event: &record.Event{
				Kind: record.Left, Visit: p.Visit, At: p.Left.At, Place: p.Left.Place, How: p.Left.How, Said: p.Left.Said,
			}})
		}
		i := slices.IndexFunc(events, func(s record.Stated) bool { return s.ID == p.Arrived.ID })
		if i >= 0 && r.ownSince(p.Arrived.ID, since) {
			came := events[i].Event
			out = append(out, Draft{Event: &came})
		}
	}
	for _, s := range events {
		if e := s.Event; e.Kind == record.Left && e.Visit.IsZero() && !known[s.ID] && !stays(s.ID) && !left[e.At] && unheard(s.ID) {
			out = append(out, Draft{Event: &e})
		}
	}
	return out
}

// alsoTold says of which of a badge's visits more will be known than marks when the
// events that do not stay are dropped: events are those to be carried over, gone is
// what freshGone found. What is said by the badge's code alone, which names no visit, may
// be of any of them.
func alsoTold(events []record.Stated, gone []Draft, stays func(record.EventID) bool) func(record.VisitID) bool {
	told := map[record.VisitID]bool{}
	for _, p := range record.FoldBadge(events) {
		told[p.Visit] = p.Open()
	}
	for _, d := range gone {
		told[d.Event.Visit] = true
	}
	for _, s := range events {
		marks := s.Event.Kind == record.Marked || s.Event.Kind == record.Corrected
		told[s.Event.Visit] = told[s.Event.Visit] || !marks && stays(s.ID)
	}
	for _, is := range told {
		told[record.VisitID{}] = told[record.VisitID{}] || is
	}
	return func(v record.VisitID) bool { return told[v] }
}

// freshMarks are the marks and what takes them back of a badge's events that do
// not stay and are fresh: a clock that is behind filed them under days that others
// have dropped, and nobody has heard of them. Other marks go with their day, and so do
// those of an evacuation that is over on a visit of which nothing else is told: they
// would put somebody on the list. told are the names of what this node has written so
// already, by its time.
func (r *Replica) freshMarks(events []record.Stated, stays func(record.EventID) bool, since Cursor, alsoTold func(record.VisitID) bool) (out []record.Stated, told map[record.HLC]record.EventID) {
	told = map[record.HLC]record.EventID{}
	for _, s := range events {
		if stays(s.ID) && s.ID.Actor.Node() == r.cfg.Node {
			told[s.Event.At] = s.ID
		}
	}
	running, _ := r.Evacuations().Running("")
	for _, s := range events {
		if stays(s.ID) || !r.fresh(s.ID, since) {
			continue
		}
		runs := slices.ContainsFunc(running.Starts, func(x record.Start) bool { return slices.Contains(s.Event.Starts, x.ID) })
		switch {
		case s.Event.Kind == record.Corrected, s.Event.Kind == record.Marked && (runs || alsoTold(s.Event.Visit) && r.ofThisLife(s.ID)):
			out = append(out, s) // what takes back what is not written anew is left out
		}
	}
	slices.SortFunc(out, func(a, b record.Stated) int { return cmp.Compare(a.Event.At, b.Event.At) })
	return out, told
}

// newer reports of an event whether it stays and says something new: no mark that
// this node has only written anew.
func (r *Replica) newer(events []record.Stated, stays func(record.EventID) bool) func(record.EventID) bool {
	old, copies := map[record.HLC]bool{}, map[record.EventID]bool{}
	for _, s := range events {
		if !stays(s.ID) && s.ID.Actor.Node() == r.cfg.Node {
			old[s.Event.At] = true
		}
	}
	for _, s := range events {
		if s.ID.Actor.Node() == r.cfg.Node && old[s.Event.At] {
			copies[s.ID] = true
		}
	}
	return func(id record.EventID) bool { return stays(id) && !copies[id] }
}

// carryMarks writes marks anew as they are, but for the names that they have got,
// and goes on where it was cut off.
func (r *Replica) carryMarks(ctx context.Context, marks []record.Stated, told map[record.HLC]record.EventID) error {
	now := map[record.EventID]record.EventID{}
	for _, s := range marks {
		e := s.Event
		if id, ok := told[e.At]; ok {
			now[s.ID] = id
			continue
		}
		if e.Of != nil {
			of, ok := now[*e.Of]
			if !ok {
				continue // of what is carried over by other means, or goes
			}
			e.Of = &of
		}
		e.Over = slices.Clone(e.Over)
		for i, id := range e.Over {
			if anew, ok := now[id]; ok {
				e.Over[i] = anew
			}
		}
		ids, err := r.Commit(ctx, Draft{Event: &e})
		if err != nil {
			return fmt.Errorf("carry over marks: %w", err)
		}
		now[s.ID] = ids[0]
	}
	return nil
}

// Taken is the place in this node's feed of an entry, written here or received;
// 0 where it is not held.
func (r *Replica) Taken(id record.EventID) Cursor {
	v, err := r.store.Get(entryKey(id))
	if err != nil {
		return 0
	}
	e, err := parseStored(v)
	if err != nil {
		return 0
	}
	return Cursor(e.feed)
}
