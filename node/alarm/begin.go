package alarm

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// ErrNoSite is matched by errors about a site that is not known.
var ErrNoSite = &Problem{Key: "evacuation.no_site", Hint: "no site of that name is known here, and nothing was started: leave it out to evacuate the whole campus, or write it as `upprop nodes` does"}

// StartAs is Start under an id that follows from what asked for it, so that
// the same word heard twice, or at two nodes, starts one evacuation. An id that
// was used is not used again, also when what it started is over; on says
// whether anything runs for the site, started whether this call began it.
// Errors: ErrNoSite, *Problem, the Barred one.
func (s *Service) StartAs(ctx context.Context, id record.EvacID, drill bool, site record.SiteID) (e record.Evacuation, on, started bool, err error) {
	if err := s.cfg.Barred(); err != nil {
		return e, false, false, err
	}
	if err := s.checkSite(site); err != nil {
		return e, false, false, err
	}
	e, _ = s.Running(site)
	covered, err := s.covered(ctx, e, drill, site)
	if err != nil {
		return record.Evacuation{}, false, false, err
	}
	if covered || slices.ContainsFunc(s.cfg.Replica.Evacuations(), func(x record.Start) bool { return x.ID == id }) {
		e, on = s.Running(site)
		return e, on, false, nil
	}
	if err := s.writeStart(ctx, id, record.Event{Drill: drill, Scope: site}); err != nil {
		return record.Evacuation{}, false, false, err
	}
	e, on = s.Running(site)
	return e, on, true, nil
}

// checkSite refuses a site that nobody knows: an alarm for a misspelt one would
// be one that nobody hears.
func (s *Service) checkSite(site record.SiteID) error {
	if site != "" && (record.CheckPlaceName(string(site)) != nil || s.cfg.Known != nil && !s.cfg.Known(site)) {
		return ErrNoSite
	}
	return nil
}

// ErrRuns is the error of StartCut while anything runs.
var ErrRuns = &Problem{Key: "evacuation.runs", Hint: "links are cut by a drill from its start alone, and an evacuation or a drill runs already: nothing was started; end it first, or start without cutting links"}

// StartCut starts a drill that cuts links, for so long at most. Errors: ErrRuns,
// ErrNoSite, the Barred one.
func (s *Service) StartCut(ctx context.Context, site record.SiteID, cuts []record.Cut, lasts time.Duration) (record.Evacuation, error) {
	if err := s.cfg.Barred(); err != nil {
		return record.Evacuation{}, err
	}
	if err := s.checkSite(site); err != nil {
		return record.Evacuation{}, err
	}
	if _, on := s.Running(""); on {
		return record.Evacuation{}, ErrRuns
	}
	var id record.EvacID
	if _, err := io.ReadFull(s.cfg.Rand, id[:]); err != nil {
		return record.Evacuation{}, fmt.Errorf("draw an evacuation id: %w", err)
	}
	event := record.Event{Drill: true, Scope: site, Cuts: cuts, CutFor: uint32(lasts / time.Second)}
	if err := s.writeStart(ctx, id, event); err != nil {
		return record.Evacuation{}, err
	}
	running, _ := s.Running(site)
	return running, nil
}

// begin draws an id and starts something new.
func (s *Service) begin(ctx context.Context, drill bool, site record.SiteID) error {
	var id record.EvacID
	if _, err := io.ReadFull(s.cfg.Rand, id[:]); err != nil {
		return fmt.Errorf("draw an evacuation id: %w", err)
	}
	return s.writeStart(ctx, id, record.Event{Drill: drill, Scope: site})
}

// writeStart writes a start, or this node's word of one, and puts it on record.
func (s *Service) writeStart(ctx context.Context, id record.EvacID, event record.Event) error {
	event.Kind, event.Evac, event.Place = record.EvacStarted, id, s.cfg.Place()
	if _, err := s.write(ctx, crdt.Draft{Event: &event}); err != nil {
		return fmt.Errorf("start evacuation: %w", err)
	}
	what := "evacuation.start"
	if event.Drill {
		what = "drill.start"
	}
	s.cfg.Record(what, record.VisitID{}, id.String())
	return nil
}
