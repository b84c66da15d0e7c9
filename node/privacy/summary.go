package privacy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// Summary is how far one of many erasures has come.
type Summary struct {
	Status
	By     record.NodeID
	At     record.HLC
	Visits int
	// Photo: it is of photographs alone, and Visits is how many.
	Photo bool
}

// Statuses is how far each erasure has come that is known here, the latest
// first. Erasures are forgotten some time after their date.
func (s *Service) Statuses() ([]Summary, error) {
	shreds, err := s.cfg.Register.Shreds()
	if err != nil {
		return nil, fmt.Errorf("status of erasures: %w", err)
	}
	var members []Member
	for _, m := range s.cfg.Roster.Members() {
		members = append(members, s.member(m))
	}
	gone, off := s.cfg.Gone(), s.writtenOff()
	type gathered struct {
		Facts
		by      record.NodeID
		at      record.HLC
		unknown bool
	}
	all := map[record.ErasureID]*gathered{}
	for _, x := range shreds {
		receipts, err := s.cfg.Register.Receipts(x.Visit)
		if err != nil {
			return nil, fmt.Errorf("status of erasures: %w", err)
		}
		since := s.cfg.Since(x.Visit)
		for _, e := range x.Erasures {
			g := all[e.ID]
			if g == nil {
				g = &gathered{Facts: Facts{
					Erasure: e.ID, Since: since, Gone: gone, Members: members, WrittenOff: off, Receipts: map[record.VisitID]map[record.NodeID]record.HLC{},
				}, by: e.By, at: e.At}
				all[e.ID] = g
			}
			if e.At < g.at {
				g.at, g.by = e.At, e.By
			}
			g.Visits, g.Receipts[x.Visit] = append(g.Visits, x.Visit), receipts
			g.Until, g.unknown = max(g.Until, x.Until), g.unknown || x.Until == 0
			if since.Before(g.Since) {
				g.Since = since
			}
		}
	}
	out := make([]Summary, 0, len(all))
	for _, g := range all {
		if g.unknown {
			g.Until = 0
		}
		one := Summary{StatusOf(g.Facts), g.by, g.at, apart(g.Visits), false}
		if one.Visits == 0 {
			one.Visits, one.Photo = len(g.Visits), true
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(b.At, a.At), slices.Compare(a.Erasure[:], b.Erasure[:]))
	})
	return out, nil
}
