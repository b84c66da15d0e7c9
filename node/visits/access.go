package visits

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Access is what may be shown on this node at one moment.
type Access struct {
	// Card says whether the card of somebody who was last seen at a site may be
	// opened; nil: nobody's.
	Card func(record.SiteID) bool
	// Dossiers may be opened.
	Dossiers bool
	// Waits: cards may be opened while an evacuation runs.
	Waits bool
	// Evacuation is the one because of which cards may be opened; zero where
	// they may be always, or not at all.
	Evacuation record.EvacID
	// Alarm says whether a real alarm runs at a site; nil: none does.
	Alarm func(record.SiteID) bool
}

// ErrNotNow means that this node opens the card during an evacuation or drill
// that covers its visit, and none runs.
var ErrNotNow = errors.New("names are shown during an evacuation or drill")

// ErrNotYet means that no name is shown for a few seconds after a start or a
// separation, until another node has said which have been erased meanwhile.
var ErrNotYet = errors.New("names are shown in a moment: this node asks the others first which have been erased")

// withheld says why no name may be shown at this moment.
func (s *Service) withheld() error {
	if s.cfg.Withheld == nil {
		return nil
	}
	return s.cfg.Withheld()
}

func (s *Service) access() Access {
	if s.cfg.Access == nil {
		return Access{Card: func(record.SiteID) bool { return true }, Dossiers: true}
	}
	return s.cfg.Access()
}

func (a Access) card(site record.SiteID) error {
	switch {
	case a.Card != nil && a.Card(site):
		return nil
	case a.Waits:
		return ErrNotNow
	}
	return ErrNotForUs
}

const (
	// gathering is how long openings are gathered before Opened is told.
	gathering = 500 * time.Millisecond
	// sweeping is how long after a change it is looked which opened cards have
	// been erased, and resweeping how often which dates have come.
	sweeping   = time.Second
	resweeping = time.Minute
)

// Run tells Opened what was opened, and forgets opened cards that nobody looks
// at: at once when the evacuation ends that they were opened for, within a
// second when they are erased, within a minute when their date has come, and all
// when nobody has asked for any for half an hour; until ctx ends, and then all,
// and tells what is left to tell. It opens cards ahead where Warm asks for it.
func (s *Service) Run(ctx context.Context) error {
	var warming chan struct{}
	defer s.flush()
	defer s.Forget()
	defer func() {
		if warming != nil {
			<-warming
		}
	}()
	var due, sweep <-chan time.Time
	tick := time.NewTicker(resweeping)
	defer tick.Stop()
	for {
		changed := s.cfg.Replica.Changed()
		s.cards.under(s.access().Evacuation)
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			if sweep == nil {
				sweep = time.After(sweeping)
			}
		case <-sweep:
			sweep = nil
			s.forgetGone()
		case <-tick.C:
			s.forgetLost()
			s.forgetDisused()
		case asked := <-s.warm:
			if warming == nil {
				warming = make(chan struct{})
				go s.warmUp(ctx, asked, warming)
			}
		case <-warming:
			warming = nil
		case <-s.cards.poke:
			if due == nil {
				due = time.After(gathering)
			}
		case <-due:
			due = nil
			s.flush()
		}
	}
}

func (s *Service) flush() {
	if batch := s.cards.take(); len(batch) > 0 {
		s.cfg.Opened(batch)
	}
}

// under forgets what was opened for another evacuation.
func (c *cards) under(of record.EvacID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of == c.of {
		return
	}
	c.of = of
	clear(c.open)
	clear(c.told)
}

// tell notes an opening, once.
func (c *cards) tell(of record.EvacID, v record.VisitID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of != c.of || c.told[v] {
		return
	}
	c.told[v] = true
	c.untold = append(c.untold, v)
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// take are the openings to tell, in order of visit.
func (c *cards) take() []record.VisitID {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.untold
	c.untold = nil
	slices.SortFunc(out, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) })
	return out
}
