package crdt

import (
	"cmp"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// apart are events told of what is no visit, by its id. Slices are replaced,
// never changed.
type apart map[record.VisitID][]record.Stated

// add takes an event, once.
func (a apart) add(one record.Stated) {
	was := a[one.Event.Visit]
	if slices.ContainsFunc(was, func(x record.Stated) bool { return x.ID == one.ID }) {
		return
	}
	a[one.Event.Visit] = append(slices.Clone(was), one)
}

// forget forgets what a document told.
func (a apart) forget(doc record.DocID) {
	for id, events := range a {
		left := slices.DeleteFunc(slices.Clone(events), func(x record.Stated) bool { return x.ID.Doc == doc })
		switch {
		case len(left) == 0:
			delete(a, id)
		case len(left) < len(events):
			a[id] = left
		}
	}
}

// setApart adds an event where it belongs. Callers hold mu, or are alone.
func (s *state) setApart(one record.Stated) {
	if one.Event.OfDelivery() {
		s.delivered.add(one)
		return
	}
	s.invited.add(one)
}

// Deliveries are the retained deliveries, in order of when they came and of id.
// The slice is the caller's.
func (r *Replica) Deliveries() []record.Delivery {
	r.state.mu.RLock()
	all := make([][]record.Stated, 0, len(r.state.delivered))
	for _, events := range r.state.delivered {
		all = append(all, events) // never changed, only replaced
	}
	r.state.mu.RUnlock()
	out := make([]record.Delivery, 0, len(all))
	for _, events := range all {
		if d, ok := record.FoldDelivery(r.judgedEvents(events)); ok && !d.Made.IsZero() {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b record.Delivery) int {
		return cmp.Or(cmp.Compare(a.Begun, b.Begun), slices.Compare(a.ID[:], b.ID[:]))
	})
	return out
}

// Delivery is what is known of one; false where nothing is. Made is zero where
// only how it ended has been heard of.
func (r *Replica) Delivery(id record.VisitID) (record.Delivery, bool) {
	r.state.mu.RLock()
	events := r.state.delivered[id]
	r.state.mu.RUnlock()
	return record.FoldDelivery(r.judgedEvents(events))
}
