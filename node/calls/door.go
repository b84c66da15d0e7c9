package calls

import (
	"context"
	"time"
)

// Ring calls the desks; while a call stands it is that one. Errors: ErrOften.
func (s *Service) Ring() error {
	s.mu.Lock()
	now := s.cfg.Now()
	if s.own != nil && s.own.state != Done && now.Sub(s.own.since) < Lasts {
		s.mu.Unlock()
		return nil
	}
	var recent []time.Time
	for _, t := range s.rung {
		if now.Sub(t) < oftenIn {
			recent = append(recent, t)
		}
	}
	if s.rung = recent; len(recent) >= often {
		s.mu.Unlock()
		return ErrOften
	}
	s.rung = append(s.rung, now)
	s.own = &own{id: newID(), place: s.cfg.Place(), since: now}
	s.look()
	c := s.own.call()
	s.change()
	s.mu.Unlock()
	s.wake()
	s.cfg.Called(c)
	return nil
}

// Withdraw ends this door's call: who had called does not need anybody any more.
func (s *Service) Withdraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own != nil {
		s.reach(Done, "")
	}
	s.wake()
}

// Own is what this door may say of its call.
func (s *Service) Own() Door {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, now := s.own, s.cfg.Now()
	if o == nil || o.over(now) {
		return Door{}
	}
	d := Door{On: true, Since: o.since, State: o.state}
	d.Cut = o.state != Done && !s.cfg.Here() && (s.cfg.Desks() == 0 || o.told && o.replies == 0)
	age := now.Sub(o.since)
	d.Late = o.state == Waiting && age >= Unseen || o.state == Shown && age >= Unanswered
	return d
}

// over reports whether a door need not speak of a call any more.
func (o *own) over(now time.Time) bool {
	return now.Sub(o.since) >= Lasts || o.state == Done && now.Sub(o.ended) >= farewell
}

func (o *own) call() Call {
	return Call{ID: o.id, Place: o.place, Since: o.since, State: o.state, By: o.by}
}

// reach takes the own call forward. Callers hold mu.
func (s *Service) reach(to State, by string) {
	if to <= s.own.state {
		return
	}
	s.own.state, s.own.by = to, by
	if to == Done {
		s.own.ended = s.cfg.Now()
	}
	s.change()
}

// look notes that a screen of this very node shows the own call. Callers hold mu.
func (s *Service) look() {
	if s.own != nil && s.screens > 0 && s.cfg.Here() {
		s.reach(Shown, "")
	}
}

// Run tells desks of this door's call until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(round)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.poke:
		case <-tick.C:
		}
		s.Round(ctx)
	}
}

// Round tells desks of this door's call once, if there is one.
func (s *Service) Round(ctx context.Context) {
	s.mu.Lock()
	o, now := s.own, s.cfg.Now()
	if o == nil || o.over(now) {
		s.mu.Unlock()
		return
	}
	m := Told{ID: o.id, Age: now.Sub(o.since), State: o.state, By: o.by}
	s.mu.Unlock()
	n := s.cfg.Tell(ctx, m, func(r Reply) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.own == o && r.State >= Waiting && r.State <= Done && len(r.By) <= maxBy {
			s.reach(r.State, r.By)
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	o.told, o.replies = true, n
}
