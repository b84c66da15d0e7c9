package visits

import (
	"context"
	"time"
)

const (
	// warmed is how many cards are opened ahead between two pauses.
	warmed    = 64
	warmPause = 5 * time.Millisecond
)

// Warm has the cards of those inside opened ahead, so that the first search finds
// them open: at leisure, from Run, and never while an evacuation runs or where
// one is needed to open them. It returns at once.
func (s *Service) Warm() {
	select {
	case s.warm <- s.cards.wipes():
	default:
	}
}

// warmUp opens cards, unless all have been forgotten since it was asked for, and
// closes done.
func (s *Service) warmUp(ctx context.Context, asked uint64, done chan<- struct{}) {
	defer close(done)
	pause := time.NewTicker(warmPause)
	defer pause.Stop()
	for i, p := range s.cfg.Replica.OpenNow() {
		if i%warmed == warmed-1 {
			select {
			case <-ctx.Done():
				return
			case <-pause.C:
			}
		}
		at := s.moment(s.access())
		if _, runs := s.cfg.Replica.Evacuations().Running(""); runs || at.Card == nil || at.Waits || at.withheld != nil || at.wiped != asked || i >= maxCards {
			return
		}
		if p.Visit.IsZero() || len(p.Restricted) > 0 {
			continue
		}
		// A card that does not open is told of by whoever looks at it.
		_, _ = s.shown(at, p)
	}
}
