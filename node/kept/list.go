package kept

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// Each calls fn for all that is kept and can be opened here, in order of id. An
// error of fn ends it and is returned. Errors: ErrNotDesk, ErrNotYet.
func (s *Service) Each(fn func(Record) error) error {
	if err := s.mayOpen(); err != nil {
		return err
	}
	keys, err := s.ids()
	if err != nil {
		return fmt.Errorf("read what is kept: %w", err)
	}
	holds := s.holds(s.today())
	for _, k := range keys {
		if k.Shredded || k.Wrap == nil {
			continue
		}
		r, err := s.open(k.Visit)
		if err != nil {
			continue // of a key that has not come, or gone meanwhile
		}
		r.End = s.end(r.Kept, holds)
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

// All is all that is kept and can be opened here, what ends first first. Errors:
// ErrNotDesk, ErrNotYet.
func (s *Service) All() (out []Record, err error) {
	err = s.Each(func(r Record) error { out = append(out, r); return nil })
	slices.SortStableFunc(out, func(a, b Record) int { return cmp.Compare(a.End, b.End) })
	return out, err
}

// Of is what is kept of one visit. Errors: ErrNotDesk, ErrNotYet.
func (s *Service) Of(v record.VisitID) (out []Record, err error) {
	if err := s.mayOpen(); err != nil {
		return nil, err
	}
	holds := s.holds(s.today())
	for _, id := range s.idsOf(v) {
		if r, err := s.open(id); err == nil {
			r.End = s.end(r.Kept, holds)
			out = append(out, r)
		}
	}
	return out, nil
}

// idsOf are the ids under which something may be kept of a visit.
func (s *Service) idsOf(v record.VisitID) (ids []record.VisitID) {
	for _, doc := range s.cfg.Documents() {
		ids = append(ids, record.KeptID(v, "document/"+doc))
	}
	for _, h := range s.Holds() {
		if h.Visit == v {
			ids = append(ids, h.Key())
		}
	}
	return ids
}

// Keeps reports whether a hold keeps something that can be opened here. Errors:
// ErrNotDesk, ErrNotYet.
func (s *Service) Keeps(h Hold) (bool, error) {
	if err := s.mayOpen(); err != nil {
		return false, err
	}
	_, err := s.open(h.Key())
	return err == nil, nil
}

func (s *Service) mayOpen() error {
	switch {
	case !s.cfg.Desk():
		return ErrNotDesk
	case s.cfg.Withheld() != nil:
		return ErrNotYet
	}
	return nil
}

// Meaning is what other times of signed documents would mean for what is kept: how
// many records are over then, and how many end earlier.
func (s *Service) Meaning(days func(document string) record.Day) (destroyed, shortened int, err error) {
	today := s.today()
	err = s.Each(func(r Record) error {
		if r.Document == "" {
			return nil
		}
		switch end := min(r.End, signedOn(r.Signed)+days(r.Document)); {
		case end <= today:
			destroyed++
		case end < r.End:
			shortened++
		}
		return nil
	})
	return destroyed, shortened, err
}
