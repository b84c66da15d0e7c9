package trigger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/signed"
)

// Message is what came, with the headers of Standard Webhooks.
type Message = signed.Message

// Done says what a message did.
type Done struct {
	Source, Action string
	// Drill: what it starts, or would start, is a drill.
	Drill bool
	// Site is what it is for; empty for the whole campus.
	Site record.SiteID
	// Started: it started something. It did not where what runs is as wide and
	// as real, where it is a repetition, and in a test.
	Started bool
	// Repeated: the same message has come before.
	Repeated bool
	// Widened: its site is not known here, so it was taken for the whole campus.
	Widened bool
	// ClockOff: the source's clock is off.
	ClockOff bool
	// Running is what runs for the site, if On.
	Running record.Evacuation
	On      bool
}

const (
	actionStart = "start"
	actionTest  = "test"
)

// Handle judges a message and acts upon it; what it started is durable when it
// returns. Errors: *Problem, and those of Start.
func (s *Service) Handle(ctx context.Context, m Message) (Done, error) {
	from, ok := s.signer(m)
	if !ok {
		// Only what is not signed waits: no stranger can keep a panel out.
		if !s.wrong.AllowN(s.cfg.Now(), 1) {
			return Done{}, s.count("flood", ErrTooMany)
		}
		s.cfg.Logger.Warn("a trigger came that no source of this node signed")
		return Done{}, s.count("signature", ErrSignature)
	}
	s.acting.Lock()
	defer s.acting.Unlock()
	if !s.allow(from.Name) {
		return Done{}, s.count("rate", ErrTooMany)
	}
	var in struct {
		Action string        `json:"action"`
		Site   record.SiteID `json:"site"`
	}
	// Fields that are not known are passed over: bridges add their own.
	if len(m.Body) > MaxBody || json.Unmarshal(m.Body, &in) != nil || in.Action != actionStart && in.Action != actionTest {
		return Done{}, s.count("malformed", ErrMalformed)
	}
	if from.Site != "" && in.Site != "" && in.Site != from.Site {
		return Done{}, s.count("other_site", ErrOtherSite)
	}
	d := Done{Source: from.Name, Action: in.Action, Drill: from.DrillOnly, Site: cmp.Or(in.Site, from.Site)}
	now := s.cfg.Now()
	s.mu.Lock()
	st := s.states[from.Name]
	s.mu.Unlock()
	st.Seen = slices.Clone(st.Seen)
	st.Heard = now
	st.Off, st.Timed = signed.Offset(m.Timestamp, now)
	d.ClockOff = !st.Timed || st.Off.Abs() > Slack
	id := evacID(from.Secret, from.Name, m.ID)
	if i := slices.IndexFunc(st.Seen, func(x Seen) bool { return x.ID == id }); i >= 0 {
		d.Repeated = true
		if now.Sub(st.Seen[i].At) > later {
			st.Reused = now
		}
	}
	var err error
	switch {
	case in.Action == actionTest:
		err = s.test(&d, &st)
	case d.Drill && d.ClockOff && !d.Repeated:
		// No life hangs on a drill; a message that was caught can be sent again
		// for no longer than the slack.
		err = s.count("clock", ErrClock)
	default:
		err = s.start(ctx, &d, id)
	}
	if err != nil && !isProblem(err) {
		return d, err // to be sent again: nothing is remembered
	}
	if err == nil && !d.Repeated {
		st.Seen = append(st.Seen, Seen{id, now})
	}
	return d, cmp.Or(err, s.remember(from.Name, st))
}

func isProblem(err error) bool {
	var p *Problem
	return errors.As(err, &p)
}

// test finds at leisure all that an alarm would pass over in its hurry.
func (s *Service) test(d *Done, st *State) error {
	switch {
	case d.Repeated:
		return s.count("used_id", ErrUsedID)
	case d.ClockOff:
		return s.count("clock", ErrClock)
	case d.Site != "" && (record.CheckPlaceName(string(d.Site)) != nil || !s.cfg.Known(d.Site)):
		return s.count("no_site", ErrTestSite)
	}
	st.Tested = st.Heard
	s.cfg.Record("trigger.test", d.Source)
	return nil
}

// start starts what the message asks for.
func (s *Service) start(ctx context.Context, d *Done, id record.EvacID) (err error) {
	if d.Repeated {
		// It was acted upon, and may be over.
		return nil
	}
	d.Running, d.On, d.Started, err = s.cfg.Start(ctx, id, d.Drill, d.Site)
	if errors.Is(err, ErrNoSite) {
		// Nobody reads a panel's error. Too many who go out are better than
		// nobody.
		d.Site, d.Widened = "", true
		_ = s.count("widened", nil)
		d.Running, d.On, d.Started, err = s.cfg.Start(ctx, id, d.Drill, "")
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.acted++
	s.mu.Unlock()
	if d.ClockOff {
		_ = s.count("clock_passed", nil)
	}
	s.cfg.Record("trigger.start", d.Source+" "+id.String())
	return nil
}

// signer is the source that signed a message.
func (s *Service) signer(m Message) (source, bool) {
	s.mu.Lock()
	all := s.sources
	s.mu.Unlock()
	return signed.From(m, all, func(x source) []byte { return x.Secret })
}
