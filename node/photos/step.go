package photos

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

// atOnce bounds the photographs that one erasure names.
const atOnce = 1024

// Wake has Run look at once, as after the terms have changed.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run looks after what is kept, every hour and when it is woken, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.Step(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("photos could not be looked after; tried again later", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// Step destroys what is kept no longer by the terms that hold now, and what was
// left behind by the erasure of its visit; what would live too long it seals anew
// until an earlier date. Of visits that are kept for the person terms end nothing. At
// desks only, and only while the date is sure.
func (s *Service) Step(ctx context.Context) error {
	today, sure := s.cfg.Today()
	if !sure || !s.cfg.Desk() || s.cfg.Withheld() != nil {
		return nil
	}
	var over []record.VisitID
	kept := s.cfg.Kept()
	if err := s.each(func(id record.VisitID, p record.Photo, part crdt.SealedPart) error {
		end := s.end(p, part)
		switch {
		case s.cfg.Replica.Shredded(p.Visit):
			over = append(over, id)
		case kept(p.Visit):
		case end <= today, end < part.Until && part.Version == math.MaxUint32:
			over = append(over, id)
		case end < part.Until:
			if err := s.seal(ctx, p, record.NextVersion(part.Version), end); err != nil && !errors.Is(err, crdt.ErrErased) {
				return err
			}
		}
		return ctx.Err()
	}); err != nil {
		return err
	}
	for some := range slices.Chunk(over, atOnce) {
		if err := s.cfg.Erase(ctx, some...); err != nil {
			return fmt.Errorf("destroy photos that are kept no longer: %w", err)
		}
	}
	return nil
}

// Meaning is what other times of photographs would mean for those that are kept: how
// many are over then, and how many end earlier. Errors: ErrNotDesk.
func (s *Service) Meaning(keep func(visitorType string) record.Day) (destroyed, shortened int, err error) {
	if !s.cfg.Desk() {
		return 0, 0, ErrNotDesk
	}
	today, _ := s.cfg.Today()
	kept := s.cfg.Kept()
	err = s.each(func(_ record.VisitID, p record.Photo, part crdt.SealedPart) error {
		switch end := endBy(keep, p, part); {
		case kept(p.Visit):
		case end <= today:
			destroyed++
		case end < s.end(p, part):
			shortened++
		}
		return nil
	})
	return destroyed, shortened, err
}

// each calls fn for all photographs that stand and can be opened here.
func (s *Service) each(fn func(id record.VisitID, p record.Photo, part crdt.SealedPart) error) error {
	var ids []record.VisitID
	if err := s.cfg.Replica.KeyRecords(func(k crdt.KeyRecord) error {
		if k.Visit.IsPhoto() && k.Audience == record.DossierAudience && !k.Shredded && k.Wrap != nil {
			ids = append(ids, k.Visit)
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read key records: %w", err)
	}
	for _, id := range ids {
		k := record.PartKey{Visit: id, Audience: record.DossierAudience}
		part, err := s.cfg.Replica.Sealed(k)
		if err != nil {
			continue // gone meanwhile
		}
		p, err := s.opened(k, part)
		if err != nil {
			continue // it cannot be opened here now, and dies on its date
		}
		if err := fn(id, p, part); err != nil {
			return err
		}
	}
	return nil
}

// end is the date on which a photograph must be gone by the terms that hold now: it
// never lives longer than it was sealed for. A clock from long before makes none
// over: whoever sealed it had a date that was borne out.
func (s *Service) end(p record.Photo, part crdt.SealedPart) record.Day {
	return endBy(s.cfg.Keep, p, part)
}

func endBy(keep func(string) record.Day, p record.Photo, part crdt.SealedPart) record.Day {
	taken := max(record.DayOf(p.Taken), part.Until-terms.Most)
	return min(part.Until, taken+keep(p.Type))
}
