package crdt

import "github.com/upprop/upprop/crdt/record"

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

// ownSince reports whether this node wrote an entry itself, and after a place in
// its feed that is known.
func (r *Replica) ownSince(id record.EventID, since Cursor) bool {
	return since > 0 && id.Actor.Node() == r.cfg.Node && r.Taken(id) > since
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
