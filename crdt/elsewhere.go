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
	return r.ownSince(id, since) || since == 0 && time.Since(r.opened) < newLife && id.Actor == r.Actor()
}

// freshMarks are the marks and what takes them back of a badge's events that do
// not stay and are fresh: a clock that is behind filed them under days that others
// have dropped, and nobody has heard of them. Other marks go with their day.
// told are the names of what this node has written so already, by its time.
func (r *Replica) freshMarks(events []record.Stated, stays func(record.EventID) bool, since Cursor) (out []record.Stated, told map[record.HLC]record.EventID) {
	told = map[record.HLC]record.EventID{}
	for _, s := range events {
		if stays(s.ID) && s.ID.Actor.Node() == r.cfg.Node {
			told[s.Event.At] = s.ID
		}
	}
	for _, s := range events {
		marks := s.Event.Kind == record.Marked || s.Event.Kind == record.Corrected
		if marks && !stays(s.ID) && r.fresh(s.ID, since) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b record.Stated) int { return cmp.Compare(a.Event.At, b.Event.At) })
	return out, told
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
