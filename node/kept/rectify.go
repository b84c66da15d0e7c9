package kept

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

// Right is what is right of somebody; nil: it stays as it is.
type Right struct{ Name, Company, Host, Email, Phone *record.Private }

// on corrects a record. What was signed stays as it was: it shows what somebody
// wrote then.
func (c Right) on(k record.Kept) record.Kept {
	set := func(to, from *record.Private) {
		if from != nil {
			*to = *from
		}
	}
	set(&k.Name, c.Name)
	if k.Card != nil {
		card := *k.Card
		set(&card.Name, c.Name)
		set(&card.Company, c.Company)
		set(&card.Host, c.Host)
		k.Card = &card
	}
	if k.Dossier != nil {
		d := *k.Dossier
		set(&d.Email, c.Email)
		set(&d.Phone, c.Phone)
		k.Dossier = &d
	}
	return k
}

// Rectify corrects what is kept of a visit, or one record by its own id, whether or
// not the visit is in the register still. It is sealed anew, and the key of what
// stood is destroyed on every node. first puts on record that it is done, before it
// is; it is not called where nothing is kept or changed. It returns how many
// records were corrected, durably. Errors: ErrNotDesk, ErrNotYet, those of first.
func (s *Service) Rectify(ctx context.Context, v record.VisitID, c Right, first func() error) (done int, err error) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	if err := s.ready(v); err != nil {
		return 0, err
	}
	holds := s.holds(s.today())
	for _, id := range s.named(v) {
		r, err := s.open(id)
		switch {
		case gone(err):
			continue
		case err != nil:
			return done, fmt.Errorf("correct what is kept: %w", err)
		}
		right := c.on(r.Kept)
		if bytes.Equal(codec.EncodeKept(r.Kept), codec.EncodeKept(right)) {
			continue
		}
		today, err := s.may()
		if err != nil {
			return done, err
		}
		end := s.end(r.Kept, holds)
		if end <= today {
			continue // it is about to be destroyed
		}
		if done == 0 {
			if err := first(); err != nil {
				return 0, err
			}
		}
		if err := s.seal(ctx, id, right, r.version, min(end, today+terms.Most)); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// Ready says why what is kept of a visit could not be corrected here now, before
// anything is done; nil where nothing is kept. Errors: ErrNotDesk, ErrNotYet.
func (s *Service) Ready(v record.VisitID) error {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	return s.ready(v)
}

func (s *Service) ready(v record.VisitID) error {
	if !s.cfg.Desk() {
		return ErrNotDesk
	}
	for _, id := range s.named(v) {
		_, err := s.open(id)
		if gone(err) {
			continue
		}
		if _, bad := s.may(); bad != nil {
			return bad
		}
		if err != nil {
			return fmt.Errorf("correct what is kept: %w", err)
		}
	}
	return nil
}

func gone(err error) bool {
	return errors.Is(err, crdt.ErrErased) || errors.Is(err, crdt.ErrExpired) || errors.Is(err, crdt.ErrUnknownVisit)
}

// named are the ids that stand for a visit, or for one record.
func (s *Service) named(v record.VisitID) []record.VisitID {
	if v.IsKept() {
		return []record.VisitID{v}
	}
	return s.idsOf(v)
}
