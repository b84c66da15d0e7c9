package invitations

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// skipped is how many occasions are called off.
func skipped(i record.Invitation) (n int) {
	for _, o := range i.Times {
		if !o.Off.IsZero() {
			n++
		}
	}
	return n
}

// moves is how often calendars have been told of something new.
func moves(i record.Invitation) int { return skipped(i) + i.Answered }

// OccasionAt is when the occasion begins that is on a date or at a time, as
// people write them. Errors: *Problem.
func (s *Service) OccasionAt(id record.VisitID, at string) (time.Time, error) {
	i, err := s.Get(id)
	if err != nil {
		return time.Time{}, err
	}
	t, whole, ok := parseTime(at, s.cfg.Zone)
	if !ok {
		return t, errWhen
	}
	for _, o := range i.Times {
		from := time.Unix(o.From, 0).In(s.cfg.Zone)
		if from.Equal(t) || whole && from.Format(time.DateOnly) == t.Format(time.DateOnly) {
			return from, nil
		}
	}
	return t, nil
}

// Skip calls the occasion off that begins at a moment, or with rest that one and
// all after it, durably, and tells who was invited. Where none would be left the
// whole is called off. Errors: *Problem, also where they could not be told; the
// Barred one.
func (s *Service) Skip(ctx context.Context, by string, id record.VisitID, at time.Time, rest bool) error {
	if err := s.may(); err != nil {
		return err
	}
	i, err := s.Get(id)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(i.Times, func(o record.Occasion) bool { return o.From == at.Unix() })
	switch {
	case i.State == CalledOff:
		return problem("invitations.off", "", "this invitation has been cancelled: make a new one")
	case n < 0:
		return problem("invitations.no_time", "at", "this invitation has no such occasion: `upprop invite list --json` shows its times")
	case !i.Times[n].Off.IsZero() && !rest:
		return nil
	}
	one := i.Times[n].Span
	upTo := one.From
	if rest {
		upTo = i.Times[len(i.Times)-1].From
	}
	if !slices.ContainsFunc(i.Times, func(o record.Occasion) bool { return o.Off.IsZero() && (o.From < one.From || o.From > upTo) }) {
		return s.CallOff(ctx, by, id)
	}
	if err := s.cfg.Act(by, "invitation.skip", []record.VisitID{id}); err != nil {
		return err
	}
	event := record.Event{Kind: record.Skipped, Visit: id, Place: s.cfg.Place(), From: one.From, To: upTo, How: "desk"}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}); err != nil {
		return fmt.Errorf("call off an occasion: %w", err)
	}
	now, _ := s.cfg.Replica.Invitation(id)
	if i.Invite == nil || i.Invite.Email == "" || !i.mailed() || s.cfg.Now().Unix() > one.To {
		return nil
	}
	told := false
	if rest {
		if made, _, err := s.Paper(id); err == nil {
			told = s.send(now, *i.Invite, made.QR, news{changed: true})
		}
	} else {
		told = s.send(now, *i.Invite, "", news{off: true, only: &one})
	}
	if !told {
		return errUntoldTimes
	}
	return nil
}

var errUntoldTimes = problem("invitations.untold_times", "", "the occasion is off, and who was invited has not been told: this node could send no mail; tell them yourself, or send the invitation once more when `upprop notify status` says that mail works")

// renewAfter is how many days after an invitation was last written it is written
// anew by the node that made it, and otherwise by any desk: well before the
// documents of that day are dropped, everywhere.
const (
	renewAfter  = 14
	renewOthers = 18
)

// renewTick is how often it is looked what must be written anew.
const renewTick = time.Hour

// gathered is for how long changes are gathered before answers are looked for.
const gathered = 2 * time.Second

// Run writes anew what must be known for longer than a day's document is kept,
// and tells hosts what who is invited says.
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
			if err := s.Renew(ctx); err != nil && ctx.Err() == nil {
				s.cfg.Logger.Warn("invitations that begin weeks from now could not be written anew; tried again within the hour", "err", err)
			}
		}
		s.tellAnswers(ctx)
		s.askHosts(ctx)
		s.tellDecided()
		s.tidyFilled(ctx)
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

// Renew writes anew, at a desk, the invitations that are needed for longer than
// what tells of them is kept, and seals anew what they say. Any number of desks
// may do so.
func (s *Service) Renew(ctx context.Context) error {
	if s.cfg.Barred() != nil || !s.cfg.Desk() {
		return nil
	}
	today := s.cfg.Today()
	for _, i := range s.cfg.Replica.Invitations() {
		var drafts []crdt.Draft
		stored := func() {}
		age, after := today-record.DayOf(i.Told.Time()), record.Day(renewOthers)
		if s.cfg.Mine(i.ID) {
			after = renewAfter
		}
		switch {
		case !i.Off.IsZero() && i.Told > i.OffTold:
			drafts = append(drafts, crdt.Draft{Event: &record.Event{Kind: record.CalledOff, Visit: i.ID, Place: i.Off.Place, How: "carried"}})
		case !i.Off.IsZero(), age < after, record.DayOf(i.Told.Time())+Keep-2 >= i.Last+After, today > i.Last:
			continue
		default:
			var err error
			if drafts, stored, err = s.anew(i); err != nil {
				continue // erased, or not to be opened here now
			}
		}
		if _, err := s.cfg.Replica.Commit(ctx, drafts...); err != nil {
			return fmt.Errorf("write an invitation anew: %w", err)
		}
		stored()
	}
	return nil
}
