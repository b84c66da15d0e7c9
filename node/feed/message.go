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
	return s.take(ctx, x, all, timed && off.Abs() <= Slack)
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
	return s.take(ctx, x, all, false)
}

// take acts upon the events of a message. live: it was sent just now, and not
// sent again by somebody who has recorded it.
func (s *Service) take(ctx context.Context, x source, all []Event, live bool) (Done, error) {
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
		at := e.At
		if err == nil && out == Alive && at.IsZero() && live {
			at = s.cfg.Now()
		}
		if err == nil && at.After(heard) {
			heard = at
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
