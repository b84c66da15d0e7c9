package alarm

import (
	"context"
	"fmt"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// Sweep records that a zone was searched, and whether it is clear of people;
// where no site is given, a zone of this node's. The last word on a zone
// counts; saying it twice does no harm. Errors: *Problem, ErrNotCovered, the
// Barred one.
func (s *Service) Sweep(ctx context.Context, site record.SiteID, zone record.ZoneID, clear bool) error {
	if err := s.cfg.Barred(); err != nil {
		return err
	}
	if site == "" {
		site = s.cfg.Place().Site
	} else if record.CheckPlaceName(string(site)) != nil || s.cfg.Known != nil && !s.cfg.Known(site) {
		return errNotThere
	}
	if record.CheckPlaceName(string(zone)) != nil {
		return errNoZone
	}
	e, on := s.Running(site)
	if !on {
		return ErrNotCovered
	}
	mark, what := record.Safe, "zone.clear"
	if !clear {
		mark, what = record.Missing, "zone.not_clear"
	}
	event := record.Event{Kind: record.Swept, Mark: mark, Place: record.Place{Site: site, Zone: zone}, Starts: s.starts(nil)}
	if _, err := s.write(ctx, crdt.Draft{Event: &event}); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	s.cfg.Record(what, record.VisitID{}, e.ID.String())
	return nil
}
