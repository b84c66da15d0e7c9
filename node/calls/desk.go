package calls

import (
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt/record"
)

// What answers are called on record.
const (
	actComing = "call.coming"
	actDone   = "call.done"
)

// Hear takes what another door tells of its call, which stands at a place, and
// says how it stands here.
func (s *Service) Hear(at record.Place, t Told) Reply {
	if !goodID(t.ID) || t.Age < 0 || t.Age >= Lasts || t.State < Waiting || t.State > Done || len(t.By) > maxBy || !s.cfg.Here() {
		return Reply{}
	}
	s.mu.Lock()
	s.drop()
	now := s.cfg.Now()
	h, known := s.heard[t.ID]
	if !known {
		if len(s.heard) >= maxCalls {
			s.mu.Unlock()
			return Reply{}
		}
		h = &heard{Call: Call{ID: t.ID, Place: at, Since: now.Add(-t.Age)}}
		s.heard[t.ID] = h
	}
	lost := now.Sub(h.at) >= lostAfter
	was := h.Call
	h.at, h.Place = now, at
	if t.State > h.State || t.State == h.State && t.By != "" {
		h.State, h.By = t.State, t.By
	}
	if h.State == Waiting && s.screens > 0 {
		h.State = Shown
	}
	if !known || lost || h.Call != was {
		s.change()
	}
	r, c := Reply{State: h.State, By: h.By}, h.Call
	s.mu.Unlock()
	if !known && c.State != Done {
		s.cfg.Called(c)
	}
	return r
}

// drop forgets calls that have run out. Callers hold mu.
func (s *Service) drop() {
	for id, h := range s.heard {
		if s.cfg.Now().Sub(h.Since) >= Lasts {
			delete(s.heard, id)
		}
	}
}

// Calls are those that stand, the first first; none where this node is no desk.
func (s *Service) Calls() (out []Call) {
	if !s.cfg.Here() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	now := s.cfg.Now()
	if o := s.own; o != nil && o.state != Done && !o.over(now) {
		out = append(out, o.call())
	}
	for _, h := range s.heard {
		if c := h.Call; c.State != Done {
			c.Lost = now.Sub(h.at) >= lostAfter
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b Call) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// Watch counts a screen of an operator that shows calls, until it is told that
// the screen does no more; calling that twice is one too many.
func (s *Service) Watch() (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.screens++
	s.look()
	for _, h := range s.heard {
		if h.State == Waiting {
			h.State = Shown
		}
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.screens--
	}
}

// Answer says Coming or Done to a call, on record. What has been said already is
// not said again. Errors: ErrNone, ErrAnswer, what Act refuses.
func (s *Service) Answer(id string, to State, by string) error {
	if to != Coming && to != Done {
		return ErrAnswer
	}
	var call Call
	for _, c := range s.Calls() {
		if c.ID == id {
			call = c
		}
	}
	if call.ID == "" {
		return ErrNone
	}
	if call.State >= to {
		return nil
	}
	what := map[State]string{Coming: actComing, Done: actDone}[to]
	if err := s.cfg.Act(by, what, string(call.Place.Entrance)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own != nil && s.own.id == id {
		s.reach(to, by)
		s.wake()
	} else if h := s.heard[id]; h != nil && h.State < to {
		h.State, h.By = to, by
		s.change()
	}
	return nil
}
