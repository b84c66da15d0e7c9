package deliveries

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

const (
	// renewAfter is how many days after it was last written what waits is written
	// anew by the node that took it in, and otherwise by any desk: well before the
	// documents of that day are dropped, everywhere.
	renewAfter  = 14
	renewOthers = 18
	// renewTick is how often it is looked what must be written anew, and who is to
	// be reminded.
	renewTick = time.Hour
	// gathered is for how long changes are gathered before it is looked who must be
	// told.
	gathered = 2 * time.Second
	// mostAtOnce bounds what one erasure names; the rest is for the next hour.
	mostAtOnce = 1000
)

// Run writes anew what waits for longer than a day's document is kept, lets go
// what is kept no longer, and tells those whom deliveries are for, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(renewTick)
	defer tick.Stop()
	renew := true
	for {
		var changed <-chan struct{}
		if s.cfg.Changed != nil {
			changed = s.cfg.Changed()
		}
		if renew {
			if err := errors.Join(s.Renew(ctx), s.Remind(ctx)); err != nil && ctx.Err() == nil {
				s.cfg.Logger.Warn("deliveries could not be looked after; tried again within the hour", "err", err)
			}
		}
		s.tellNew()
		select { // one look for all that comes in a moment
		case <-ctx.Done():
			return nil
		case <-time.After(gathered):
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			renew = true
		case <-changed:
			renew = false
		}
	}
}

// Renew writes anew, at a desk, what must be known for longer than what tells of it
// is kept, and ends in time what is sealed. Any number of desks may do so.
func (s *Service) Renew(ctx context.Context) error {
	if s.cfg.Barred() != nil || !s.cfg.Desk() {
		return nil
	}
	var over []record.VisitID
	for _, d := range s.cfg.Replica.Deliveries() {
		gone, err := s.renew(ctx, d)
		if err != nil {
			return fmt.Errorf("write a delivery anew: %w", err)
		}
		over = append(over, gone...)
	}
	if len(over) == 0 || s.cfg.Erase == nil {
		return nil
	}
	if err := s.cfg.Erase(ctx, over[:min(len(over), mostAtOnce)]); err != nil {
		return fmt.Errorf("destroy what is kept of deliveries no longer: %w", err)
	}
	return nil
}

// renew looks after one; over are ids of what is to be destroyed.
func (s *Service) renew(ctx context.Context, d record.Delivery) (over []record.VisitID, err error) {
	today := s.cfg.Today()
	drafts := s.tellAnew(d)
	stored := func() {}
	e, ended := d.Ended()
	_, part, err := s.open(d.ID)
	date, sure := s.cfg.Sure()
	switch {
	case s.cfg.Replica.Shredded(d.ID):
		// A desk that had not heard of it may have sealed who took it.
		over = s.With([]record.VisitID{d.ID})[1:]
	case ended && sure && s.end(e) <= date:
		over = s.standing(d)
	case err != nil:
		// Not to be opened here now, or over.
	case ended:
		if end := s.end(e); end < part.Until && end > today {
			drafts, stored = s.with(drafts, d, end)
		}
	case today-day(d.Begun) < MaxWait-Keep && s.due(d, today):
		drafts, stored = s.with(drafts, d, today+Keep)
	}
	if len(drafts) == 0 {
		return over, nil
	}
	if _, err := s.cfg.Replica.Commit(ctx, drafts...); err != nil {
		return nil, err
	}
	stored()
	return over, nil
}

// standing are ids of what is sealed of a delivery still: what says for whom it was
// may have died before what says who took it.
func (s *Service) standing(d record.Delivery) []record.VisitID {
	out := s.With([]record.VisitID{d.ID})
	if _, err := s.cfg.Replica.Sealed(record.PartKey{Visit: d.ID, Audience: record.DossierAudience}); err != nil {
		return out[1:]
	}
	return out
}

// end is the last day of what is sealed of a delivery that ended so. A clock from
// long before ends nothing: the day under which it was filed counts too.
func (s *Service) end(e record.Ending) record.Day {
	on := day(e.Begun)
	if doc, err := record.ParseDocID(string(e.Fact.ID.Doc)); err == nil && e.How != carried {
		on = max(on, doc.Day)
	}
	return on + s.cfg.Days()
}

// due reports whether one that waits is to be written anew by this desk.
func (s *Service) due(d record.Delivery, today record.Day) bool {
	after := record.Day(renewOthers)
	if s.cfg.Mine(d.ID) {
		after = renewAfter
	}
	return today-day(d.Told) >= after
}

func (s *Service) with(drafts []crdt.Draft, d record.Delivery, until record.Day) ([]crdt.Draft, func()) {
	again, stored, err := s.anew(d, until)
	if err != nil {
		return drafts, func() {} // erased since, or not to be opened here now
	}
	return append(drafts, again...), stored
}

// tellAnew is how a delivery ended, and what was put back, where a later document
// tells what that outweighs: it must not be dropped earlier.
func (s *Service) tellAnew(d record.Delivery) (drafts []crdt.Draft) {
	for _, e := range d.Endings {
		event := record.Event{Kind: e.Kind, Visit: d.ID, Other: e.ID, Place: e.Place, How: carried, By: e.By, Since: e.Begun}
		switch back := !e.PutBack.IsZero(); {
		case back && day(e.Told) > day(e.BackTold):
			event.Kind, event.Place, event.By, event.Since = record.PutBack, e.PutBack.Place, "", 0
		case back || day(d.Told) <= day(e.Told):
			continue
		}
		drafts = append(drafts, crdt.Draft{Event: &event})
	}
	return drafts
}

func day(at record.HLC) record.Day { return record.DayOf(at.Time()) }

// Meaning is what another number of days would mean for deliveries that have
// ended: of how many all is destroyed at once, and of how many earlier.
func (s *Service) Meaning(days record.Day) (destroyed, shortened int) {
	today := s.cfg.Today()
	for _, d := range s.cfg.Replica.Deliveries() {
		e, ended := d.Ended()
		_, part, err := s.open(d.ID)
		if !ended || err != nil {
			continue
		}
		switch end := s.end(e) - s.cfg.Days() + days; {
		case end <= today:
			destroyed++
		case end < part.Until:
			shortened++
		}
	}
	return destroyed, shortened
}
