package crdt

import (
	"cmp"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// Edit is one change of a setting. It has no time of its own: what was done
// when, and by whom, is on record as an act.
type Edit struct {
	Setting
	By record.NodeID
	// Counts: its writer had the right to make it. Stands: it is the one that
	// the setting has.
	Counts, Stands bool
}

// History is every change of a setting that is held here, in an order that all
// nodes share: each after those that its writer knew of. The slice is the
// caller's; the bytes of values are not.
func (r *Replica) History(key string) []Edit {
	r.state.folding.Lock()
	all := slices.Clone(r.state.edits[key])
	r.state.folding.Unlock()
	slices.SortFunc(all, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.startOp, b.startOp), slices.Compare(a.id.Actor[:], b.id.Actor[:]))
	})
	out := make([]Edit, 0, len(all))
	last := -1
	for i, e := range all {
		counts := r.cfg.Standing == nil || r.cfg.Standing(e.id) == record.Counted
		if counts {
			last = i
		}
		out = append(out, Edit{Setting: e.setting, By: e.id.Actor.Node(), Counts: counts})
	}
	if last >= 0 {
		out[last].Stands = true
	}
	return out
}
