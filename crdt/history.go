package crdt

import (
	"cmp"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt/record"
)

// Edit is one change of a setting. It has no time of its own: what was done
// when, and by whom, is on record as an act.
type Edit struct {
	Setting
	ID record.EventID
	By record.NodeID
	// From is what its writer found, of what counts; nil: nothing.
	From *Setting
	// Overruled: somebody who did not know of it has changed the setting apart,
	// and that edit stands before it in the order that all nodes share.
	Overruled bool
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
	return r.told(all)
}

// Edits are the last edits, most at the most, of all settings whose key begins
// with prefix and that keep takes, in the order that all nodes share.
func (r *Replica) Edits(prefix string, most int, keep func(Setting) bool) []Edit {
	r.state.folding.Lock()
	found := map[string][]edit{}
	for key, all := range r.state.edits {
		if strings.HasPrefix(key, prefix) && len(all) > 0 && keep(all[0].setting) {
			found[key] = slices.Clone(all)
		}
	}
	r.state.folding.Unlock()
	var last []edit
	for _, all := range found {
		last = append(last, all...)
	}
	slices.SortFunc(last, byOrder)
	last = last[max(0, len(last)-most):]
	wanted := map[record.EventID]bool{}
	for _, e := range last {
		wanted[e.id] = true
	}
	told := map[record.EventID]Edit{}
	for _, all := range found {
		if !slices.ContainsFunc(all, func(e edit) bool { return wanted[e.id] }) {
			continue
		}
		for _, e := range r.told(all) {
			told[e.ID] = e
		}
	}
	out := make([]Edit, 0, len(last))
	for _, e := range last {
		out = append(out, told[e.id])
	}
	return out
}

func byOrder(a, b edit) int {
	return cmp.Or(cmp.Compare(a.startOp, b.startOp), slices.Compare(a.id.Actor[:], b.id.Actor[:]))
}

// told says of all edits of one setting what became of each. It sorts them.
func (r *Replica) told(all []edit) []Edit {
	slices.SortFunc(all, byOrder)
	at := make(map[op]int, len(all))
	out := make([]Edit, 0, len(all))
	last := -1
	for i, e := range all {
		counts := r.cfg.Standing == nil || r.cfg.Standing(e.id) == record.Counted
		one := Edit{Setting: e.setting, ID: e.id, By: e.id.Actor.Node(), Counts: counts}
		found := -1
		for _, u := range e.upon {
			if j, ok := at[u]; ok && out[j].Counts {
				found = max(found, j)
			}
		}
		if found >= 0 {
			from := out[found].Setting
			one.From = &from
		}
		if counts {
			// What counts and was not known to the writer of this is overruled by it.
			for j := last; j >= 0 && j > found; j-- {
				out[j].Overruled = out[j].Overruled || out[j].Counts && !knew(all, at, i, j)
			}
			last = i
		}
		at[op{e.startOp, e.id.Actor}] = i
		out = append(out, one)
	}
	if last >= 0 {
		out[last].Stands = true
	}
	return out
}

// knew reports whether edit i was written upon edit j, at whatever remove.
func knew(all []edit, at map[op]int, i, j int) bool {
	seen := map[int]bool{}
	next := []int{i}
	for len(next) > 0 {
		k := next[len(next)-1]
		next = next[:len(next)-1]
		for _, u := range all[k].upon {
			b, ok := at[u]
			if ok && b == j {
				return true
			}
			if ok && b > j && !seen[b] {
				seen[b] = true
				next = append(next, b)
			}
		}
	}
	return false
}
