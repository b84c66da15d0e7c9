package nodetest

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// truth is what really happened, as somebody who stood at every door at once
// would tell it.
type truth struct {
	visits []*visit
	// maybe counts arrivals that were told to a node but never acknowledged:
	// they may turn up, under ids that nobody knows.
	maybe int
	// settings are all values ever written, acknowledged or not.
	settings map[string]map[string]bool
}

func newTruth() *truth { return &truth{settings: map[string]map[string]bool{}} }

// fact is one acknowledged event.
type fact struct {
	by *House
	// at is the time of acknowledgement, clock that in the writer's timeline.
	at, clock time.Time
	// back is how often the writer had been put back to a copy.
	back int
	// lost: the writer itself was put back to a copy from before it.
	lost bool
	// shaky facts may rightly be gone: their only copy was on a machine that
	// was put back to an older state, or on a revoked one.
	shaky bool
}

// visit is one person's stay.
type visit struct {
	n       int
	id      record.VisitID
	arrived fact
	left    []*fact
	// tried: a departure was told and not acknowledged, so it may be on record
	// or not.
	tried bool
	// doubt: the departure had not reached every node when its retention ended,
	// so that a node which lacks it may rightly say that the person is inside.
	doubt bool
}

// gone reports whether anybody ever said that the person went out.
func (v *visit) gone() bool { return v.tried || len(v.left) > 0 }

// surelyGone reports whether an acknowledged departure must be known to all.
func (v *visit) surelyGone() bool {
	for _, f := range v.left {
		if !f.shaky {
			return true
		}
	}
	return false
}

// doubts notes which departures will not have reached everyone when their days
// are dropped. A node that was away is told by the others that a visit was
// over, unless it began shortly before the node went.
func (c *Campus) doubts() {
	for _, v := range c.truth.visits {
		for _, h := range c.members() {
			switch {
			case !v.gone():
			case h.Node() == nil:
				v.doubt = v.doubt || v.arrived.at.After(h.offAt.Add(-shortly))
			default:
				listed, known := present(h, v.id)
				v.doubt = v.doubt || listed || !known
			}
		}
	}
}

// shortly is how long before a separation a visit may have begun without
// being known to the others for sure.
const shortly = 25 * time.Minute

// facts calls fn for every acknowledged event.
func (t *truth) facts(fn func(*visit, *fact)) {
	for _, v := range t.visits {
		fn(v, &v.arrived)
		for _, f := range v.left {
			fn(v, f)
		}
	}
}

// of is the visit that a fact is about.
func (t *truth) of(f *fact) (found *visit) {
	t.facts(func(v *visit, g *fact) {
		if f == g {
			found = v
		}
	})
	return found
}

// knows reports whether a running house holds a fact. A fact of a visit that
// is over and dropped counts as held.
func knows(h *House, v *visit, f *fact) bool {
	r := h.Node().Replica()
	p, err := r.Presence(v.id)
	if f == &v.arrived {
		return err == nil && !p.Seen.IsZero()
	}
	if err == nil && !p.Open() {
		return true
	}
	stated, err := r.Evidence(v.id.Badge())
	if err != nil {
		return false
	}
	for _, s := range stated {
		if s.Event.Kind == record.Left && s.ID.Actor.Node() == f.by.NodeID() {
			return true
		}
	}
	return false
}
