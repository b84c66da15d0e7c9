package nodetest

import (
	"github.com/upprop/upprop/crdt/record"
)

// stop ends a node in good order, and notes what it has on its disk.
func (c *Campus) stop(h *House) error {
	laidBy := map[*fact]bool{}
	c.truth.facts(func(v *visit, f *fact) { laidBy[f] = laid(h, v, f) })
	if err := h.stop(); err != nil {
		return violated("stops in good order", "%v", err)
	}
	if !h.cutShort {
		h.laidBy = laidBy
	}
	return nil
}

// laid reports whether a running house has a fact on its disk: what it shows ahead
// of its turn is in its memory alone, and so is all while the disk is full.
func laid(h *House, v *visit, f *fact) bool {
	switch {
	case h.full || !knows(h, v, f):
		return false
	case f.kind == erased || f.kind == named:
		return true
	}
	return f.id.Seq > 0 && h.Node().Replica().Holds(f.id)
}

// lastOf is the last event of a kind that a node wrote about a badge.
func lastOf(l *life, by record.NodeID, badge record.BadgeCode, kind record.Kind) (last record.EventID) {
	stated, err := l.node.Replica().Evidence(badge)
	if err != nil {
		return last
	}
	for _, s := range stated {
		if s.Event.Kind == kind && s.ID.Actor.Node() == by && s.ID.Compare(last) > 0 {
			last = s.ID
		}
	}
	return last
}
