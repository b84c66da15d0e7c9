package feed

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/time/rate"

	"github.com/upprop/upprop/node/signed"
)

// Done says what became of the events of a message, in their order.
type Done struct {
	Source   string
	Outcomes []Outcome
}

// Handle judges a signed message and acts upon it; what it says was done is
// durable when it returns. A message of one event that is refused gives the
// *Problem; in a list, those that are refused keep no others back. Any other
// error: send the whole message again, what was done is not done twice.
func (s *Service) Handle(ctx context.Context, m signed.Message) (Done, error) {
	x, ok := s.signer(m)
	if !ok {
		s.count("signature")
		if !s.wrong.AllowN(s.cfg.Now(), 1) {
			return Done{}, ErrTooMany
		}
		s.cfg.Logger.Warn("badge events came that no feed of this node signed")
		return Done{}, ErrSignature
	}
	if !s.allow(x.Name) {
		s.count("rate")
		return Done{}, ErrTooMany
	}
	all, err := parse(m.Body)
	if err != nil {
		s.count("malformed")
		return Done{}, err
	}
	off, timed := signed.Offset(m.Timestamp, s.cfg.Now())
	s.clock(x, off, timed)
	var w word
	if timed {
		w = word{sent: s.cfg.Now().Add(off), live: off.Abs() <= Slack}
	}
	return s.take(ctx, x, all, w)
}

// Import acts upon events that somebody has from a source as a file. Errors:
// *Problem, those of the disk.
func (s *Service) Import(ctx context.Context, name string, all []Event) (Done, error) {
	name = strings.TrimSpace(norm.NFC.String(name))
	s.mu.Lock()
	i := slices.IndexFunc(s.sources, func(x source) bool { return x.Name == name })
	if i < 0 {
		s.mu.Unlock()
		return Done{}, &Problem{Key: "feed.unknown", Hint: "this node has no feed of that name: write it as `upprop feed list` does"}
	}
	x := s.sources[i]
	s.mu.Unlock()
	if len(all) == 0 || len(all) > MaxEvents {
		return Done{}, ErrMalformed
	}
	return s.take(ctx, x, all, word{})
}

// word is what is known of how a message came.
type word struct {
	// sent is when it was signed, by its source's clock; zero where it was not: a
	// broker, or a file, says nothing of when it took a message in.
	sent time.Time
	// live: that was just now, so that nobody sends it who has recorded it.
	live bool
}

// tells is until when a source has told what it knows by an event that was taken;
// zero where that cannot be known. It is never later than it was.
func (w word) tells(e Event, now time.Time) time.Time {
	at := e.At
	switch {
	case w.live && (at.IsZero() || at.After(w.sent)):
		at = w.sent
	case at.Sub(now) > Slack:
		// By such a clock, what has waited for hours would be of now.
		return time.Time{}
	case !w.sent.IsZero() && at.After(w.sent):
		at = w.sent
	}
	if at.After(now) {
		return now
	}
	return at
}

// take acts upon the events of a message.
func (s *Service) take(ctx context.Context, x source, all []Event, w word) (Done, error) {
	if err := s.cfg.House.Barred(); err != nil {
		return Done{}, err
	}
	d := Done{Source: x.Name}
	var heard time.Time
	for _, e := range all {
		out, err := s.act(ctx, x, e)
		if out != "" {
			s.count(string(out))
		}
		if err != nil && (!isProblem(err) || len(all) == 1) {
			return d, err
		}
		if err == nil {
			now := s.cfg.Now()
			if at := w.tells(e, now); at.After(heard) {
				heard = at
			}
			// Where nothing else tells of its clock: it is ahead by that at least.
			if off := e.At.Sub(now).Truncate(time.Second); w.sent.IsZero() && off >= -Slack {
				s.clock(x, off, true)
			}
		}
		d.Outcomes = append(d.Outcomes, out)
	}
	s.hear(x, heard)
	return d, nil
}

// hear notes until when a source has told what it knows. It is kept over a
// restart when other nodes are told.
func (s *Service) hear(x source, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, is := s.state(x)
	if now := s.cfg.Now(); at.After(now) {
		at = now
	}
	if is && at.After(st.Heard) {
		st.Heard = at.UTC()
		s.states[x.Name] = st
	}
}

// clock notes how far a source's clock is off.
func (s *Service) clock(x source, off time.Duration, timed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st, is := s.state(x); is && timed {
		st.Off, st.Timed = off, true
		s.states[x.Name] = st
	}
}

// state is that of a source that is still one. Callers hold mu.
func (s *Service) state(x source) (State, bool) {
	return s.states[x.Name], slices.ContainsFunc(s.sources, func(y source) bool { return y.Name == x.Name && y.MadeAt.Equal(x.MadeAt) })
}

func isProblem(err error) bool {
	var p *Problem
	return errors.As(err, &p)
}

// signer is the source that signed a message.
func (s *Service) signer(m signed.Message) (source, bool) {
	s.mu.Lock()
	all := s.sources
	s.mu.Unlock()
	return signed.From(m, all, func(x source) []byte { return x.Secret })
}

// allow reports whether a source may send once more.
func (s *Service) allow(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limits[name]
	if l == nil {
		l = rate.NewLimiter(perSecond, burst)
		s.limits[name] = l
	}
	return l.AllowN(s.cfg.Now(), 1)
}
