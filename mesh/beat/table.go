package beat

import (
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// Log judges positions; it is the replica's side of a beat. Calls are made
// with the Table locked and must not call back into it.
type Log interface {
	// Covers reports whether everything in a position written by node is
	// folded here. What retention has dropped counts as covered.
	Covers(node identity.NodeID, position []byte) bool
	// Within reports whether everything in the older position of node is in
	// the newer one too. What retention has dropped counts as within.
	Within(node identity.NodeID, older, newer []byte) bool
}

// Source says how a beat came here.
type Source struct {
	// At is our own time of receipt, and Age how long others had held the beat
	// by then, each by its own running time. A member may lie about it, and
	// gains nothing: it only makes the beat worth less.
	At  time.Time
	Age time.Duration
	// From is the member that handed it to us; Direct when that is the beat's
	// own node on an authenticated stream.
	From   identity.NodeID
	Direct bool
}

// Outcome is what an offered beat meant.
type Outcome struct {
	// Newer: the beat replaced an older one, or is the node's first.
	Newer bool
	// Covered: everything in the node's newest beat is folded here.
	Covered bool
	// Changed: something that Snapshot shows is different now.
	Changed bool
	// Regressed: with this beat the node was first seen to have lost entries.
	Regressed bool
}

// Table keeps each node's newest beat and judges what it is worth. Callers
// check signatures and membership first. Safe for concurrent use.
type Table struct {
	log Log

	mu    sync.Mutex
	nodes map[identity.NodeID]*view
}

// NewTable is an empty table that asks log about positions.
func NewTable(log Log) *Table {
	return &Table{log: log, nodes: map[identity.NodeID]*view{}}
}

// Offer takes a verified beat. The table keeps b's slices.
func (t *Table) Offer(b Beat, s Source) Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.nodes[b.Node]
	if v == nil {
		v = &view{}
		t.nodes[b.Node] = v
	}
	if v.newest.N != 0 && b.Compare(v.newest) <= 0 {
		changed := false
		if s.Direct && !v.direct && b.Same(v.newest) {
			// It was made before it first came to anybody, whatever is said of its
			// age: what a node had said before it was started anew, and says again,
			// tells neither that it lives nor what its clock shows.
			s.Age = max(s.Age, time.Since(v.born))
			v.hear(b, s)
			changed = true
		}
		return Outcome{Covered: v.covered, Changed: changed}
	}
	out := Outcome{Newer: true, Changed: true}
	if v.newest.N != 0 {
		if out.Regressed = v.compare(t.log, b); out.Regressed {
			v.pending = nil // what is lost may never be covered
		}
	}
	v.newest, v.got, v.covered = b, s.At.Add(-s.Age), false
	v.born = time.Now().Add(-s.Age)
	v.hear(b, s)
	v.remember(b)
	v.await(b, v.got)
	v.judge(t.log)
	out.Covered = v.covered
	return out
}

// Judge asks again about every beat that was not covered so far; call it when
// entries have been folded. It returns the nodes whose newest beat became
// covered by this call, and whether anything that Snapshot shows changed.
func (t *Table) Judge() (covered []identity.NodeID, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, v := range t.nodes {
		if len(v.pending) == 0 {
			continue
		}
		was := v.covered
		if v.judge(t.log) {
			changed = true
		}
		if v.covered && !was {
			covered = append(covered, id)
		}
	}
	return covered, changed
}

// Known reports whether b is the newest beat held, byte for byte, so that its
// signature needs no second check.
func (t *Table) Known(b Beat) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.nodes[b.Node]
	return v != nil && v.newest.Same(b)
}

// Stale reports whether a different beat at least as new as b is held.
func (t *Table) Stale(b Beat) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.nodes[b.Node]
	return v != nil && b.Compare(v.newest) <= 0 && !v.newest.Same(b)
}

// Newest is the newest beat held of a node, and whether it is covered.
func (t *Table) Newest(node identity.NodeID) (b Beat, covered, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.nodes[node]
	if v == nil {
		return Beat{}, false, false
	}
	return v.newest, v.covered, true
}

// Age is how long ago the newest beat of a node first came to anybody, as far
// as those say who handed it on; zero when none is held.
func (t *Table) Age(node identity.NodeID) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.nodes[node]
	if v == nil {
		return 0
	}
	return max(time.Since(v.born), 0)
}

// DirectlyHeard is when the node's own stream last brought a beat that was
// news here; false when it never did.
func (t *Table) DirectlyHeard(node identity.NodeID) (at time.Time, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.nodes[node]
	if v == nil || v.spoke.IsZero() {
		return time.Time{}, false
	}
	return v.spoke, true
}

// Latest are the newest beats of all nodes, in no order, with those that are
// covered marked; for handing on.
func (t *Table) Latest() (beats []Beat, covered []bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, v := range t.nodes {
		beats = append(beats, v.newest)
		covered = append(covered, v.covered)
	}
	return beats, covered
}

// Lost are the beats of a node that name what it was seen to have lost and does
// not have again: it may have forgotten that it said so.
func (t *Table) Lost(node identity.NodeID) (beats []Beat) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v := t.nodes[node]; v != nil {
		for _, b := range v.lost {
			if b.N != 0 {
				beats = append(beats, b)
			}
		}
	}
	return beats
}

// Retain forgets every node for which keep is false.
func (t *Table) Retain(keep func(identity.NodeID) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id := range t.nodes {
		if !keep(id) {
			delete(t.nodes, id)
		}
	}
}
