package evac

import (
	"cmp"
	"slices"
)

// The kinds of a heading, in the order in which they are read.
const (
	KindHelp    = "help" // needs help to get out, or waits in a refuge
	KindMissing = "missing"
	KindUnsure  = "unsure"
	KindZone    = "zone"
	KindSafe    = "safe"
	KindLeft    = "left"
)

// kindOf is the heading that a person stands under.
func kindOf(p Person) string {
	switch {
	case p.State == Safe:
		return KindSafe
	case p.State == Left:
		return KindLeft
	case p.Assist != "" || p.State == Refuge:
		return KindHelp
	case p.State == Missing:
		return KindMissing
	case p.inDoubt():
		return KindUnsure
	}
	return KindZone
}

// Section is a part of the list under one heading; Zone is that of KindZone.
type Section struct {
	Kind, Zone string
	People     []Person
}

// Sections are everybody on the list, each once, under the headings of the
// screen: whom to look for first stands first, within a heading by zone.
func (l List) Sections() []Section {
	order := []string{KindHelp, KindMissing, KindUnsure, KindZone, KindSafe, KindLeft}
	zones := map[string]int{}
	for _, inDoubt := range []bool{false, true} {
		for _, p := range l.People {
			if _, ok := zones[p.Zone]; !ok && p.inDoubt() == inDoubt {
				zones[p.Zone] = len(zones)
			}
		}
	}
	people := slices.Clone(l.People)
	slices.SortStableFunc(people, func(a, b Person) int {
		return cmp.Or(cmp.Compare(slices.Index(order, kindOf(a)), slices.Index(order, kindOf(b))), cmp.Compare(zones[a.Zone], zones[b.Zone]))
	})
	var all []Section
	for _, p := range people {
		s := Section{Kind: kindOf(p)}
		if s.Kind == KindZone {
			s.Zone = p.Zone
		}
		if n := len(all); n == 0 || all[n-1].Kind != s.Kind || all[n-1].Zone != s.Zone {
			all = append(all, s)
		}
		last := &all[len(all)-1]
		last.People = append(last.People, p)
	}
	return all
}
