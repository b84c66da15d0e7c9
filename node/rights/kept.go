package rights

import (
	"context"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// PastDay is what is kept of a visit past its day, and until when.
type PastDay struct {
	ID record.VisitID
	record.Kept
	End record.Day
	// Reason and Since are those of a legal hold.
	Reason string
	Since  time.Time
}

// Holding is why a visit may not be erased, and until when.
type Holding struct {
	Until  record.Day
	Reason string
}

// ErrHeld means that a visit is held, so that what is stored cannot be erased.
var ErrHeld = &Problem{"case.held", "a legal hold keeps that visit, so its erasure cannot be granted: refuse it for that reason, which Article 17(3) allows, or lift the hold first: `upprop hold list`"}

func (h Holding) problem() error {
	return &Problem{ErrHeld.Key, fmt.Sprintf("a legal hold keeps that visit until %s (%s), so its erasure cannot be granted: refuse it for that reason, which Article 17(3) allows, or lift the hold first: `upprop hold list`", h.date(), h.Reason)}
}

// words are the reason that the person is told.
func (h Holding) words() string {
	text := []rune(fmt.Sprintf("%s; kept until %s, Article 17(3)", h.Reason, h.date()))
	return string(text[:min(len(text), maxReason)])
}

func (h Holding) date() string { return h.Until.Start().Format(time.DateOnly) }

func (s *Service) held(v record.VisitID) (Holding, bool) {
	if s.cfg.Held == nil {
		return Holding{}, false
	}
	return s.cfg.Held()(v)
}

// pastDay is what is kept of a visit past its day; of the zero visit: of all.
func (s *Service) pastDay(ctx context.Context, v record.VisitID) ([]PastDay, error) {
	if s.cfg.PastDay == nil {
		return nil, nil
	}
	return s.cfg.PastDay(ctx, v)
}

// Kept tells, as things stand when it is called, which visits are kept: those that
// are restricted, or have a case that is open, for the person whom they are about,
// and those that a legal hold keeps. Neither a search nor the terms end anything of
// them.
func (s *Service) Kept() func(record.Presence) bool {
	open := map[record.VisitID]bool{}
	for _, c := range s.Cases() {
		open[c.Visit] = open[c.Visit] || c.State == Open
	}
	held := func(record.VisitID) (Holding, bool) { return Holding{}, false }
	if s.cfg.Held != nil {
		held = s.cfg.Held()
	}
	return func(p record.Presence) bool {
		_, is := held(p.Visit)
		return is || len(p.Restricted) > 0 || open[p.Visit]
	}
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
