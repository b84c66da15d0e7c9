package visits

import (
	"errors"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// ErrRestricted means that what is stored about the person is used for nothing
// but to find them in an evacuation.
var ErrRestricted = errors.New("names of restricted visits are shown in an evacuation alone")

// unrestricted says why the card of somebody who is restricted may not be
// opened now: a drill saves nobody.
func (a Access) unrestricted(p record.Presence) error {
	if len(p.Restricted) > 0 && (a.Alarm == nil || !a.Alarm(p.Seen.Place.Site)) {
		return ErrRestricted
	}
	return nil
}

// HostOf is whom a person visited, to find them by it for their own sake:
// restricted or not. Errors as Card's.
func (s *Service) HostOf(visit record.VisitID) (record.Private, error) {
	a := s.access()
	if !a.Dossiers {
		return "", ErrNotForUs
	}
	if err := s.withheld(); err != nil {
		return "", err
	}
	o, err := s.openCard(s.moment(a), visit, false)
	return o.card.Host, err
}

// ForSubject opens all that is stored about a visit, to be handed to the person
// themself or corrected for them: restricted or not. A part that does not
// exist is empty, and a dossier whose date has come before the card's; errors
// are otherwise those of Card.
func (s *Service) ForSubject(visit record.VisitID) (c record.Card, d record.Dossier, err error) {
	a := s.access()
	if !a.Dossiers {
		return c, d, ErrNotForUs
	}
	if err := s.withheld(); err != nil {
		return c, d, err
	}
	o, err := s.openCard(s.moment(a), visit, false)
	if err != nil && !errors.Is(err, crdt.ErrUnknownVisit) {
		return record.Card{}, d, err
	}
	c = o.card
	if d, err = s.openDossier(visit); err != nil && !errors.Is(err, crdt.ErrUnknownVisit) {
		if errors.Is(err, crdt.ErrExpired) && c != (record.Card{}) {
			return c, record.Dossier{}, nil
		}
		return record.Card{}, record.Dossier{}, err
	}
	return c, d, nil
}
