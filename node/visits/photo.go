package visits

import (
	"context"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// picture makes of what was taken the picture that is kept, or none: where the type
// asks for none, where somebody under 16 has no guardian's word, and where it cannot
// be read. Nobody is kept out for want of one. It reports whether all that was
// handed in is to be kept.
func (s *Service) picture(a *Arrival) bool {
	raw := a.Photo
	a.Photo = nil
	if len(raw) == 0 {
		return true
	}
	if !s.TakesPhotos(a.Type) || a.Under16 && !a.Guardian {
		return false
	}
	p, err := s.cfg.Picture(raw)
	if err != nil {
		return false
	}
	a.Photo = p
	return true
}

// TakesPhotos reports whether visitors of a type are asked for a photograph.
func (s *Service) TakesPhotos(kind string) bool {
	if s.cfg.Picture == nil || s.cfg.KeepPhoto == nil || s.cfg.Rules == nil {
		return false
	}
	r, ok := s.cfg.Rules(kind)
	return ok && !slices.Contains(r.No, "photo")
}

// keepPhoto keeps the photograph of a visit that is on record, and returns it; nil
// where there is none or it could not be kept.
func (s *Service) keepPhoto(ctx context.Context, visit record.VisitID, a Arrival) record.Picture {
	if len(a.Photo) == 0 {
		return nil
	}
	p := record.Photo{Visit: visit, Picture: a.Photo, Taken: s.cfg.Now().UTC().Truncate(time.Millisecond), How: a.How, Type: a.Type}
	if s.cfg.KeepPhoto(ctx, p) != nil {
		return nil // the person is inside, and on every list; that came first
	}
	return a.Photo
}

// MayOpen says why what desks alone may read of a visit may not be shown here now,
// or nil. Errors: those of Dossier.
func (s *Service) MayOpen(visit record.VisitID) error {
	if !s.access().Dossiers {
		return ErrNotForUs
	}
	p, err := s.cfg.Replica.Presence(visit)
	if err != nil {
		return err
	}
	if len(p.Restricted) > 0 {
		return ErrRestricted
	}
	return s.withheld()
}
