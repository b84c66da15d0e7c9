package statistics

import (
	"cmp"
	"maps"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// Sum is how many came, of what was told; Few is how many times fewer than Least
// came, who are not in Arrivals.
type Sum struct{ Arrivals, Few int }

func (s *Sum) add(n int) {
	if n == few {
		s.Few++
	} else {
		s.Arrivals += n
	}
}

// Day is how many came to a site on a date (2006-01-02).
type Day struct {
	Date string
	Site record.SiteID
	Sum
}

// Hour is how many came in an hour of the day, 0 to 23, on all days together.
type Hour struct {
	Hour int
	Sum
}

// Kind is how many came of a type of visitor.
type Kind struct {
	Type string
	Sum
}

// Report is how many came in a time, day by day, and by hour and type.
type Report struct {
	Days  []Day
	Hours []Hour
	Kinds []Kind
	All   Sum
}

// Report is of the dates from and to, both included, and of a site, or of all
// where that is empty. Dates are 2006-01-02; an empty one sets no bound.
func (s *Service) Report(from, to string, site record.SiteID) Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	var r Report
	hours, kinds := map[int]*Sum{}, map[string]*Sum{}
	for _, date := range slices.Sorted(maps.Keys(s.days)) {
		if date < from || to != "" && date > to {
			continue
		}
		for _, at := range slices.Sorted(maps.Keys(s.days[date])) {
			if site != "" && at != site {
				continue
			}
			t := s.days[date][at]
			d := Day{Date: date, Site: at}
			d.add(t.All)
			r.All.add(t.All)
			r.Days = append(r.Days, d)
			for h, n := range t.Hours {
				if hours[h] == nil {
					hours[h] = &Sum{}
				}
				hours[h].add(n)
			}
			for k, n := range t.Types {
				if kinds[k] == nil {
					kinds[k] = &Sum{}
				}
				kinds[k].add(n)
			}
		}
	}
	for h, sum := range hours {
		r.Hours = append(r.Hours, Hour{h, *sum})
	}
	for k, sum := range kinds {
		r.Kinds = append(r.Kinds, Kind{k, *sum})
	}
	slices.SortFunc(r.Hours, func(a, b Hour) int { return cmp.Compare(a.Hour, b.Hour) })
	slices.SortFunc(r.Kinds, func(a, b Kind) int { return cmp.Compare(a.Type, b.Type) })
	return r
}

// Sites are those that anybody has come to.
func (s *Service) Sites() []record.SiteID {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[record.SiteID]bool{}
	for _, sites := range s.days {
		for at := range sites {
			all[at] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
