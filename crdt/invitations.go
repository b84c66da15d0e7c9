package crdt

import (
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// Events of invitations and of deliveries lie in the index of visits, under ids
// that are no visit's. They are few beside the rest, and are kept at hand.

// Invitations are the retained invitations, in order of when they begin and of
// id. The slice is the caller's.
func (r *Replica) Invitations() []record.Invitation {
	r.state.mu.RLock()
	all := make([][]record.Stated, 0, len(r.state.invited))
	for _, events := range r.state.invited {
		all = append(all, events) // never changed, only replaced
	}
	r.state.mu.RUnlock()
	out := make([]record.Invitation, 0, len(all))
	for _, events := range all {
		if i, ok := record.FoldInvitation(r.judgedEvents(events)); ok && !i.Made.IsZero() {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b record.Invitation) int {
		if a.From != b.From {
			return map[bool]int{true: -1, false: 1}[a.From < b.From]
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return out
}

// Invitation is what is known of one; false where nothing is. Made is zero where
// only its uses have been heard of.
func (r *Replica) Invitation(id record.VisitID) (record.Invitation, bool) {
	r.state.mu.RLock()
	events := r.state.invited[id]
	r.state.mu.RUnlock()
	return record.FoldInvitation(r.judgedEvents(events))
}

// judgedEvents are events with the standing that their writers have now.
func (r *Replica) judgedEvents(events []record.Stated) []record.Stated {
	events = slices.Clone(events)
	for i := range events {
		if r.cfg.Standing != nil {
			events[i].Standing = r.cfg.Standing(events[i].ID)
		}
	}
	return events
}
