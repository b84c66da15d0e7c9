package visits

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// ErrTaken means that another visit has the badge code of the id that was given.
var ErrTaken = errors.New("another visit has this badge code")

// Enter is CheckIn at another place than this node's, under an id that the
// caller has drawn from what told of the person, so that the same word heard
// again is the same visit. There is no badge to print, and nobody is told. It
// reports whether the visit had been heard of before; then nothing is written.
// said is when who tells of it says that it was; zero: now. Errors: ErrTaken,
// those of CheckIn.
func (s *Service) Enter(ctx context.Context, visit record.VisitID, at record.Place, a Arrival, said time.Time) (already bool, err error) {
	if err := s.barred(); err != nil {
		return false, err
	}
	if err := a.check(); err != nil {
		return false, err
	}
	known, err := s.cfg.Replica.Evidence(visit.Badge())
	switch {
	case err != nil:
		return false, fmt.Errorf("enter: %w", cause(err))
	case slices.ContainsFunc(known, func(e record.Stated) bool { return e.Event.Visit == visit }):
		// It may be another's, still on its way to the disk.
		return true, cause(s.cfg.Replica.Sync())
	case len(known) > 0:
		return false, ErrTaken
	}
	sealed, stored, ends, err := s.particulars(visit, a)
	if err != nil {
		return false, fmt.Errorf("enter: %w", err)
	}
	event := record.Event{Kind: record.Arrived, Visit: visit, Place: at, Type: a.Type, How: a.How, Ends: ends, Said: saidAt(said)}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}, crdt.Draft{Sealed: sealed, Fresh: true}); err != nil {
		return false, fmt.Errorf("enter: %w", cause(err))
	}
	stored()
	return false, nil
}

// SeenAt is Seen at a place; said as in Enter. Errors: *Problem,
// crdt.ErrUnknownVisit.
func (s *Service) SeenAt(ctx context.Context, visit record.VisitID, at record.Place, how string, said time.Time) error {
	if err := s.barred(); err != nil {
		return err
	}
	if _, err := s.cfg.Replica.Presence(visit); err != nil {
		return fmt.Errorf("see somebody: %w", err)
	}
	return s.see(ctx, visit, at, how, said)
}

// LeaveAt is CheckOut at a place, on the word of a system that has seen a badge
// and nobody's face: it has no mark before its eyes, and judges none anew. said
// as in Enter. Errors: those of CheckOut.
func (s *Service) LeaveAt(ctx context.Context, visit record.VisitID, at record.Place, said time.Time) error {
	_, err := s.checkOut(ctx, at, visit.String(), record.HowFed, said)
	return err
}

// saidAt is a time that somebody else's clock tells; zero where that tells none.
func saidAt(t time.Time) record.HLC {
	if t.Year() <= 1970 || t.Year() >= 9999 {
		return 0
	}
	return record.HLCOf(t)
}
