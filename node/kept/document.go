package kept

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

// keepDocuments makes records of what was signed, of all dossiers that this node
// has not looked at as they stand.
func (s *Service) keepDocuments(ctx context.Context, today record.Day) error {
	there := map[record.VisitID]bool{}
	var look []crdt.KeyRecord
	err := s.cfg.Replica.KeyRecords(func(k crdt.KeyRecord) error {
		if k.Audience != record.DossierAudience || k.Visit.IsKept() || k.Visit.IsPhoto() || k.Shredded || k.Wrap == nil {
			return nil
		}
		there[k.Visit] = true
		if s.looked[k.Visit] != k.Version {
			k.Wrap = nil
			look = append(look, k)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read key records: %w", err)
	}
	for v := range s.looked {
		if !there[v] {
			delete(s.looked, v)
		}
	}
	rank := s.cfg.Rank()
	for _, k := range look {
		done, err := s.keepSigned(ctx, k.Visit, today, rank)
		switch {
		case errors.Is(err, crdt.ErrErased), errors.Is(err, crdt.ErrExpired), errors.Is(err, crdt.ErrUnknownVisit):
		case err != nil:
			return err
		case done:
			s.looked[k.Visit] = k.Version
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// keepSigned makes records of what one visit has signed, as far as it must be kept
// for longer than the visit's own dossier is. done: there is nothing more to do.
// Callers hold keeping.
func (s *Service) keepSigned(ctx context.Context, v record.VisitID, today record.Day, rank int) (done bool, err error) {
	p, err := s.cfg.Replica.Presence(v)
	if err != nil {
		return false, err // an invitation, or a visit whose events have not come
	}
	d, part, err := s.dossier(v)
	if err != nil {
		return false, nil //nolint:nilerr // it cannot be opened here now
	}
	done = true
	for doc, signed := range byDocument(d.Signed) {
		end := signedOn(signed) + s.cfg.Terms().Document(doc)
		if end <= part.Until {
			continue // it dies with the visit
		}
		k := record.Kept{
			Visit: v, Until: end, Place: p.Seen.Place, Type: p.Type, Name: s.nameOf(v), Document: doc, Signed: signed,
		}
		if !p.Arrived.IsZero() {
			k.Place = p.Arrived.Place
		}
		id := record.KeptID(v, whatOf(k))
		was, err := s.open(id)
		switch {
		case errors.Is(err, crdt.ErrErased):
			continue
		case err == nil && !slices.ContainsFunc(signed, func(x record.Signature) bool { return !slices.Contains(was.Signed, x) }):
			continue
		}
		if first, waits := s.noticed[id]; rank > 0 && (!waits || s.cfg.Now().Sub(first) < turn) {
			if !waits {
				s.noticed[id] = s.cfg.Now()
			}
			done = false // a desk that comes before this one does it
			continue
		}
		delete(s.noticed, id)
		if err := s.seal(ctx, id, k, was.version, min(end, today+terms.Most)); err != nil {
			return false, err
		}
		if err := s.cfg.Index.Put(map[record.VisitID]record.Day{id: end}); err != nil {
			return false, err
		}
	}
	return done, nil
}

func byDocument(all []record.Signature) map[string][]record.Signature {
	out := map[string][]record.Signature{}
	for _, x := range all {
		out[x.Document] = append(out[x.Document], x)
	}
	return out
}

// dossier opens a visit's own.
func (s *Service) dossier(v record.VisitID) (d record.Dossier, part crdt.SealedPart, err error) {
	k := record.PartKey{Visit: v, Audience: record.DossierAudience}
	if part, err = s.cfg.Replica.Sealed(k); err != nil {
		return d, part, err
	}
	opened, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return d, part, err
	}
	defer clear(opened)
	d, err = codec.DecodeDossier(opened)
	return d, part, err
}

// card opens a visit's own.
func (s *Service) card(v record.VisitID) (c record.Card, part crdt.SealedPart, err error) {
	k := record.PartKey{Visit: v, Audience: record.CardAudience}
	if part, err = s.cfg.Replica.Sealed(k); err != nil {
		return c, part, err
	}
	opened, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return c, part, err
	}
	defer clear(opened)
	c, err = codec.DecodeCard(opened)
	return c, part, err
}

// nameOf is the person's name; empty where it cannot be opened.
func (s *Service) nameOf(v record.VisitID) record.Private {
	c, _, err := s.card(v)
	if err != nil {
		return ""
	}
	return c.Name
}
