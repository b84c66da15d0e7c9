package visits

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// ErrTaken means that another visit has the badge code of the id that was given.
var ErrTaken = errors.New("another visit has this badge code")

// Enter is CheckIn at another place than this node's, under an id that the
// caller has drawn from what told of the person, so that the same word heard
// again is the same visit. There is no badge to print, and nobody is told. It
// reports whether the visit had been heard of before; then nothing is written.
// Errors: ErrTaken, those of CheckIn.
func (s *Service) Enter(ctx context.Context, visit record.VisitID, at record.Place, a Arrival) (already bool, err error) {
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
	event := record.Event{Kind: record.Arrived, Visit: visit, Place: at, Type: a.Type, How: a.How, Ends: ends}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}, crdt.Draft{Sealed: sealed, Fresh: true}); err != nil {
		return false, fmt.Errorf("enter: %w", cause(err))
	}
	stored()
	return false, nil
}

// SeenAt is Seen at a place. Errors: *Problem, crdt.ErrUnknownVisit.
func (s *Service) SeenAt(ctx context.Context, visit record.VisitID, at record.Place, how string) error {
	if err := s.barred(); err != nil {
		return err
	}
	if _, err := s.cfg.Replica.Presence(visit); err != nil {
		return fmt.Errorf("see somebody: %w", err)
	}
	return s.see(ctx, visit, at, how)
}
