package demo

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// told is how many happenings are kept.
const told = 12

// happening is one thing that happened, without a name: names are looked up
// where the story is shown, with the rights of the node that shows it.
type happening struct {
	N     int
	At    time.Time
	Key   string
	Nodes []*member
	// Badge and Visit say who; the visit is zero where only a code was given.
	Badge record.BadgeCode
	Visit record.VisitID
	// ByHand: not one of the demo's own crowd.
	ByHand bool
	// Count is how many, where the words say a number.
	Count int
	// Took is how long it took, where that is worth telling.
	Took time.Duration
}

// story is the last few happenings.
type story struct {
	bell *bell
	mu   sync.Mutex
	n    int
	last []happening
}

func newStory(b *bell) *story { return &story{bell: b} }

// add tells a happening, now.
func (s *story) add(h happening) {
	s.mu.Lock()
	s.n++
	h.N, h.At = s.n, time.Now()
	s.last = append(s.last, h)
	if len(s.last) > told {
		s.last = append([]happening(nil), s.last[len(s.last)-told:]...)
	}
	s.mu.Unlock()
	s.bell.ring()
}

// latest are the happenings, newest first.
func (s *story) latest() []happening {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]happening, 0, len(s.last))
	for i := len(s.last) - 1; i >= 0; i-- {
		out = append(out, s.last[i])
	}
	return out
}

// follow tells what is written at a node, whoever wrote it there: the demo's
// visitors or somebody at the node's own screens.
func (d *Demo) follow(ctx context.Context, m *member) {
	r := m.app.Node().Replica()
	defer m.app.Node().Mesh().Watch(d.bell.ring)()
	var at crdt.Cursor
	for {
		changed := r.Changed()
		for {
			changes, err := r.Feed(at, 256)
			if err != nil {
				d.failed <- err
				return
			}
			if len(changes) == 0 {
				break
			}
			for _, c := range changes {
				at = c.Cursor
				if c.Event != nil {
					d.tell(m, *c.Event, c.Local)
				}
			}
		}
		d.bell.ring()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// tell tells one event as the node it reached sees it.
func (d *Demo) tell(m *member, e record.Event, local bool) {
	if e.Kind == record.EvacStarted && e.Since != 0 {
		return // told again
	}
	h := happening{Nodes: []*member{m}, Visit: e.Visit, Badge: e.BadgeOf(), ByHand: e.How != howCrowd}
	switch {
	case local && e.Kind == record.Arrived:
		h.Key = "log.came"
	case local && e.Kind == record.Left && e.Visit.IsZero():
		h.Key = "log.left_unheard"
	case local && e.Kind == record.Left:
		h.Key = "log.left"
		if p, err := m.app.Node().Replica().Presence(e.Visit); err == nil {
			if slices.ContainsFunc(p.Departures, func(x record.Departure) bool { return slices.Contains(e.Over, x.ID) }) {
				return // had left before
			}
			if in := d.nodeOf(p); in != nil && in != m {
				h.Key, h.Nodes = "log.left_elsewhere", []*member{m, in}
			}
		}
	case local && e.Kind == record.EvacStarted && e.Drill:
		h.Key = "log.drill_started"
	case local && e.Kind == record.EvacStarted:
		h.Key = "log.real_started"
	case local && e.Kind == record.EvacEnded:
		h.Key = "log.evac_ended"
	case !local && e.Kind == record.Left && e.Visit.IsZero():
		// A check-out by code alone has met its arrival.
		known, err := m.app.Node().Replica().ByBadge(e.Badge)
		if err != nil || len(known) != 1 || d.nodeOf(known[0]) != m {
			return
		}
		h.Key, h.Visit = "log.closed", known[0].Visit
	default:
		return
	}
	d.story.add(h)
	d.tour.happened(h)
}

// nodeOf is the node at which a person came in, or nil.
func (d *Demo) nodeOf(p record.Presence) *member { return d.byID(p.Arrived.By()) }
