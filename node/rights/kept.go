package rights

import (
	"context"
	"fmt"

	"github.com/upprop/upprop/crdt/record"
)

// Kept tells, as things stand when it is called, which visits are kept for the
// person whom they are about: those that are restricted, or have a case that is
// open. Neither a search nor the terms end anything of them.
func (s *Service) Kept() func(record.Presence) bool {
	open := map[record.VisitID]bool{}
	for _, c := range s.Cases() {
		open[c.Visit] = open[c.Visit] || c.State == Open
	}
	return func(p record.Presence) bool { return len(p.Restricted) > 0 || open[p.Visit] }
}

// EraseOver erases visits that are kept no longer by the terms, but for those
// that are kept for the person, and returns how many. It is durable when it
// returns.
func (s *Service) EraseOver(ctx context.Context, visits []record.VisitID) (int, error) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	over := s.erasable(visits)
	if len(over) == 0 {
		return 0, nil
	}
	if _, err := s.cfg.Erase(ctx, over...); err != nil {
		return 0, fmt.Errorf("erase what is over: %w", err)
	}
	return len(over), nil
}

// erasable are those of visits that may still be erased together: nobody is inside,
// nothing is kept, and none is erased. Callers hold deciding, so that it stays so
// by all that is decided here.
func (s *Service) erasable(visits []record.VisitID) (still []record.VisitID) {
	kept := s.Kept()
	for _, v := range visits {
		if p, err := s.cfg.Register.Presence(v); err == nil && !p.Open() && !kept(p) && !s.cfg.Register.Shredded(v) {
			still = append(still, v)
		}
	}
	return still
}
