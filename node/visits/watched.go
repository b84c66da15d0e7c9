package visits

import (
	"errors"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// watch compares those who come on one form with the watch list, and reports
// whether they are asked to wait for the reception: all of them, since they came
// together. They are taken in all the same.
func (s *Service) watch(all []Arrival) (wait bool) {
	if s.cfg.Watch == nil {
		return false
	}
	for i := range all {
		all[i].matches = s.cfg.Watch(all[i])
		wait = wait || slices.ContainsFunc(all[i].matches, func(m record.Match) bool { return m.Wait })
	}
	return wait
}

// Waits reports whether the person is asked to wait for the reception. Their host
// is not told of them: it may be whom they are after.
func (a Arrival) Waits() bool { return a.waits }

// ForWatch opens what is compared with the watch list. A dossier that does not
// exist, or whose date has come before the card's, is empty. Errors: ErrRestricted,
// and those of Card.
func (s *Service) ForWatch(p record.Presence) (c record.Card, d record.Dossier, err error) {
	a := s.access()
	if !a.Dossiers {
		return c, d, ErrNotForUs
	}
	if err := s.withheld(); err != nil {
		return c, d, err
	}
	if len(p.Restricted) > 0 {
		return c, d, ErrRestricted
	}
	o, err := s.openCard(s.moment(a), p.Visit, false)
	if err != nil {
		return record.Card{}, d, err
	}
	c = o.card
	d, err = s.openDossier(p.Visit)
	if errors.Is(err, crdt.ErrUnknownVisit) || errors.Is(err, crdt.ErrExpired) {
		return c, record.Dossier{}, nil
	}
	return c, d, err
}
