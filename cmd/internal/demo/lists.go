package demo

import (
	"maps"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// list is what one node knows: who may be inside, and what was said of them.
type list struct {
	open  map[record.VisitID]bool
	marks map[record.EventID]bool
}

// lists are those of all nodes, in order of node.
type lists []list

func (d *Demo) lists() lists {
	all := make(lists, len(d.nodes))
	for i, m := range d.nodes {
		all[i] = list{map[record.VisitID]bool{}, map[record.EventID]bool{}}
		for _, p := range m.app.Node().Replica().Open() {
			all[i].open[p.Visit] = true
			for _, said := range p.Marks {
				all[i].marks[said.ID] = true
			}
		}
	}
	return all
}

// agree reports whether all lists are the same.
func (l lists) agree() bool {
	for i := range l {
		if !maps.Equal(l[0].open, l[i].open) || !maps.Equal(l[0].marks, l[i].marks) {
			return false
		}
	}
	return true
}

// differ are the badges that node i has and some other list does not, and
// those that some other list has and node i does not, in order of visit.
func (l lists) differ(i int) (extra, missing []record.BadgeCode) {
	return badges(l.lacking(l[i].open)), badges(l.beyond(l[i].open))
}

// differMarks is how many marks node i has that some other list has not, and how
// many the other way round.
func (l lists) differMarks(i int) (extra, missing int) {
	has := map[record.EventID]int{}
	for _, one := range l {
		for id := range one.marks {
			has[id]++
		}
	}
	for id, n := range has {
		switch {
		case !l[i].marks[id]:
			missing++
		case n < len(l):
			extra++
		}
	}
	return extra, missing
}

// lacking are those of one list that are not on every list.
func (l lists) lacking(mine map[record.VisitID]bool) []record.VisitID {
	var out []record.VisitID
	for v := range mine {
		if slices.ContainsFunc(l, func(other list) bool { return !other.open[v] }) {
			out = append(out, v)
		}
	}
	return out
}

// beyond are those on any list and not on this one.
func (l lists) beyond(mine map[record.VisitID]bool) []record.VisitID {
	seen := map[record.VisitID]bool{}
	for _, other := range l {
		for v := range other.open {
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
