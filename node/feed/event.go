package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt/record"
)

// What an event says: a badge went in or out, or nothing but that the source
// lives.
const (
	In    = "in"
	Out   = "out"
	Alive = "alive"
)

// Event is what a source tells of one badge. It prints without badge and name.
type Event struct {
	Badge record.Private
	// What is In, Out or Alive.
	What string
	// At is when it happened, by the source's clock.
	At time.Time
	// Name is the bearer's; empty where the source does not tell it, and then the
	// badge's number stands for it, sealed like a name.
	Name record.Private
}

// maxBadge bounds a badge's number, in characters.
const maxBadge = 64

// check trims an event and judges it, but for the name: nobody stays off the list
// for theirs.
func (e *Event) check(now time.Time) error {
	e.Badge = record.Private(strings.TrimSpace(norm.NFC.String(e.Badge.Reveal())))
	switch {
	case e.What == Alive:
		return nil
	case e.What != In && e.What != Out, e.Badge == "", e.At.IsZero(), e.At.Year() >= 9999, !fit(e.Badge, maxBadge):
		return ErrMalformed
	case now.Sub(e.At) > MaxAge:
		return ErrOld
	}
	return nil
}

func fit(p record.Private, limit int) bool {
	s := p.Reveal()
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, unicode.IsControl)
}

// Outcome says what became of an event: "in", "out" and "alive" were acted
// upon. "repeated" had come before; "late" is older than what was acted upon
// last for this badge; "unknown" went out and had not been told of going in.
// "malformed" and "old" were refused.
type Outcome string

// act does what an event says; what it did is durable when it returns.
func (s *Service) act(ctx context.Context, x source, e Event) (Outcome, error) {
	now := s.cfg.Now()
	if err := e.check(now); err != nil {
		return refused(err), err
	}
	if e.What == Alive {
		return Alive, nil
	}
	e.At = e.At.UTC().Truncate(time.Millisecond)
	at := e.At
	if at.After(now) {
		// A clock that is ahead must not outrank it when put right.
		at = now.UTC().Truncate(time.Millisecond)
	}
	tag := Tag(x.mac("badge", e.Badge.Reveal()))
	lock := &s.badges[int(tag[0])%len(s.badges)]
	lock.Lock()
	defer lock.Unlock()
	last, err := s.cfg.Keeper.Last(tag)
	if err != nil {
		return "", fmt.Errorf("read a badge's last event: %w", err)
	}
	in := e.What == In
	switch {
	case last.knows(e.At, in):
		return "repeated", nil
	case at.Before(last.At):
		return "late", nil
	}
	next := last.then(e.At, at, in)
	inside := false
	if !last.Visit.IsZero() {
		if inside, err = s.cfg.House.Inside(last.Visit); err != nil {
			return "", fmt.Errorf("look for a badge's visit: %w", err)
		}
	}
	out := Outcome(e.What)
	switch {
	case in && inside:
		err = s.cfg.House.See(ctx, last.Visit, x.Place, e.At)
	case in:
		next.Visit, err = s.enter(ctx, x, e)
	case inside:
		err = s.cfg.House.Leave(ctx, last.Visit, x.Place, e.At)
	default:
		out, next.Visit = "unknown", record.VisitID{}
	}
	if err != nil {
		return "", err
	}
	if err := s.cfg.Keeper.Note(tag, next); err != nil {
		return "", fmt.Errorf("remember a badge's event: %w", err)
	}
	return out, nil
}

// enter takes the bearer in, under an id that follows from the badge and the time
// as it was sent: where the power goes before it is noted, the same event is the
// same visit, whatever our clock shows by then.
func (s *Service) enter(ctx context.Context, x source, e Event) (v record.VisitID, err error) {
	name := e.name()
	for n := range 100 {
		v = record.VisitID{}
		copy(v[:8], x.mac("visit", e.Badge.Reveal(), e.At.Format(time.RFC3339Nano), strconv.Itoa(n)))
		v.Own(s.cfg.House.Node())
		if v.Badge() == 0 {
			continue
		}
		if err = s.cfg.House.Enter(ctx, v, x.Place, name, e.At); !errors.Is(err, ErrTaken) {
			return v, err
		}
	}
	return v, fmt.Errorf("draw a visit for a badge: %w", err)
}

func refused(err error) Outcome {
	if errors.Is(err, ErrOld) {
		return "old"
	}
	return "malformed"
}

// wire is an event as it travels.
type wire struct {
	Badge text   `json:"badge"`
	Event string `json:"event"`
	At    string `json:"at"`
	Name  text   `json:"name"`
}

// text is a word or a number: systems write badges as either.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if len(b) > 0 && b[0] != '"' {
		var n json.Number
		if bytes.Equal(b, []byte("null")) {
			return nil
		}
		if err := json.Unmarshal(b, &n); err != nil {
			return err
		}
		s = n.String()
	} else if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*t = text(s)
	return nil
}

// parse reads a message: one event, or a list of them. Fields that are not
// known are passed over. Errors: ErrMalformed.
func parse(body []byte) (out []Event, err error) {
	if len(body) > MaxBody {
		return nil, ErrMalformed
	}
	var all []wire
	if b := bytes.TrimSpace(body); len(b) > 0 && b[0] == '[' {
		err = json.Unmarshal(b, &all)
	} else {
		all = make([]wire, 1)
		err = json.Unmarshal(b, &all[0])
	}
	if err != nil || len(all) == 0 || len(all) > MaxEvents {
		return nil, ErrMalformed
	}
	for _, w := range all {
		e := Event{Badge: record.Private(w.Badge), What: w.Event, Name: record.Private(w.Name)}
		if w.At != "" {
			if e.At, err = time.Parse(time.RFC3339, w.At); err != nil {
				e.What = "" // judged with the others
			}
		}
		out = append(out, e)
	}
	return out, nil
}
