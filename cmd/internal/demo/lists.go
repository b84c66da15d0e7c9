package demo

import (
	"maps"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// lists are who may be inside by each node's own list, in order of node.
type lists []map[record.VisitID]bool

func (d *Demo) lists() lists {
	all := make(lists, len(d.nodes))
	for i, m := range d.nodes {
		all[i] = map[record.VisitID]bool{}
		for _, p := range m.app.Node().Replica().Open() {
			all[i][p.Visit] = true
		}
	}
	return all
}

// agree reports whether all lists are the same.
func (l lists) agree() bool {
	for i := range l {
		if !maps.Equal(l[0], l[i]) {
			return false
		}
	}
	return true
}

// differ are the badges that node i has and some other list does not, and
// those that some other list has and node i does not, in order of visit.
func (l lists) differ(i int) (extra, missing []record.BadgeCode) {
	return badges(l.lacking(l[i])), badges(l.beyond(l[i]))
}

// lacking are those of one list that are not on every list.
func (l lists) lacking(mine map[record.VisitID]bool) []record.VisitID {
	var out []record.VisitID
	for v := range mine {
		if slices.ContainsFunc(l, func(other map[record.VisitID]bool) bool { return !other[v] }) {
			out = append(out, v)
		}
	}
	return out
}

// beyond are those on any list and not on this one.
func (l lists) beyond(mine map[record.VisitID]bool) []record.VisitID {
	seen := map[record.VisitID]bool{}
	for _, other := range l {
		for v := range other {
			if !mine[v] {
				seen[v] = true
			}
		}
	}
	return slices.Collect(maps.Keys(seen))
}

func badges(of []record.VisitID) []record.BadgeCode {
	slices.SortFunc(of, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) })
	out := make([]record.BadgeCode, len(of))
	for i, v := range of {
		out[i] = v.Badge()
	}
	return out
}
