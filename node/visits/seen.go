package visits

import (
	"context"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// Seen records that somebody is inside, where they were seen last: on the word
// of who can see them. It undoes a sign-out by the clock, and no check-out.
// Errors: *Problem, crdt.ErrUnknownVisit.
func (s *Service) Seen(ctx context.Context, visit record.VisitID, how string) error {
	if err := s.barred(); err != nil {
		return err
	}
	p, err := s.cfg.Replica.Presence(visit)
	if err != nil {
		return fmt.Errorf("see somebody: %w", err)
	}
	return s.see(ctx, visit, p.Seen.Place, how, time.Time{})
}

func (s *Service) see(ctx context.Context, visit record.VisitID, at record.Place, how string, said time.Time) error {
	event := record.Event{Kind: record.Moved, Visit: visit, Place: at, How: how, Said: saidAt(said)}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}); err != nil {
		return fmt.Errorf("see somebody: %w", cause(err))
	}
	return nil
}
