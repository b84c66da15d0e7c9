// Package expiry lets the keys of a date die on that date, on every holder,
// without a message. It is a rule about clocks and a small runner; it holds no
// key and opens nothing.
//
// Invariant: a date dies here only when it has come by this node's clock, and
// when somebody beside that clock bears it out: another member, running time,
// or an operator.
package expiry

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// dayCredit is the running time that lets one date die.
	dayCredit = 24 * time.Hour
	maxCredit = 2 * dayCredit
	// jump is how far a clock may go otherwise than time passes.
	jump = time.Hour
	// longOff is how long a node may have been off before its clock needs
	// somebody to bear it out.
	longOff = 7 * 24 * time.Hour
)

// State is what a node remembers of its dates; it is saved as one.
type State struct {
	// Horizon: all dates up to it have been destroyed here. Zero: none yet.
	Horizon record.Day `json:"horizon"`
	// Credit is running time not yet spent on a date.
	Credit time.Duration `json:"credit"`
	// Trusted is the time by a clock that had not jumped, or what it should
	// be by running time since then.
	Trusted time.Time `json:"trusted"`
	// Unsure: Trusted is from before a time off of unknown length.
	Unsure bool `json:"unsure,omitempty"`
	// Allowed is the date up to which an operator let dates die; zero: none.
	Allowed record.Day `json:"allowed,omitempty"`
}

// Facts are what is known beside the state.
type Facts struct {
	Now time.Time
	// Word is what others say of our clock.
	Word Word
	// Heard is the highest horizon of those heard just now whose clock agrees
	// with ours; zero: none.
	Heard record.Day
	// Oldest is the earliest date of a key that is held; false: none is.
	Oldest record.Day
	Held   bool
}

// Why says what a date waits for.
type Why string

const (
	// Nothing is waited for.
	Nothing Why = ""
	// Contradicted: whoever is heard has another time.
	Contradicted Why = "contradicted"
	// Jumped: the clock has jumped, and nobody bears it out.
	Jumped Why = "jumped"
	// Running: more dates are due than days this node has been running.
	Running Why = "running"
)

// start judges the clock of a node that has been off for an unknown time.
func (s State) start(now time.Time) State {
	s.Unsure = true
	if s.Trusted.IsZero() || !s.jumped(now) {
		s.Trusted, s.Unsure = now, false
	}
	return s
}

// pass lets running time pass: ran is by the monotonic clock, now by the other.
func (s State) pass(now time.Time, ran time.Duration, w Word) State {
	ran = max(ran, 0)
	s.Credit = min(s.Credit+ran, maxCredit)
	s.Trusted = s.Trusted.Add(ran)
	if w == BorneOut || w != Denied && !s.jumped(now) {
		s.Trusted, s.Unsure = now, false
	}
	return s
}

// jumped reports whether the clock is elsewhere than running time has it.
func (s State) jumped(now time.Time) bool {
	since := now.Sub(s.Trusted)
	return since < -jump || since > jump && !(s.Unsure && since <= longOff)
}

// next is the state when all that may die now has died: dates up to its
// horizon. why is what the rest waits for.
//
// Whoever follows another's horizon pays too, as far as he can: else nodes
// whose clocks are all wrong would spend their savings one after the other.
func (s State) next(f Facts) (out State, why Why) {
	today := record.DayOf(f.Now)
	from := s.Horizon
	if from == 0 {
		if !f.Held {
			return s.consumed(), Nothing
		}
		from = f.Oldest - 1
	}
	if today <= from {
		return s.consumed(), Nothing
	}
	to := from
	switch paid := from + record.Day(s.Credit/dayCredit); {
	case f.Word == Denied:
		why = Contradicted
	case f.Word != BorneOut && s.jumped(f.Now):
		why = Jumped
	default:
		to, why = min(paid, today), Running
	}
	to = max(to, min(s.Allowed, today))
	if f.Word == BorneOut {
		to = max(to, min(f.Heard, today))
	}
	if to >= today {
		why = Nothing
	}
	if to > from {
		s.Horizon = to
		s.Credit = max(s.Credit-time.Duration(to-from)*dayCredit, 0)
	}
	return s.consumed(), why
}

// consumed forgets an allowance that has been used up.
func (s State) consumed() State {
	if s.Allowed != 0 && s.Horizon >= s.Allowed {
		s.Allowed = 0
	}
	return s
}

// sound is the last date that has come by more than a clock.
func (s State) sound() record.Day {
	if s.Trusted.IsZero() {
		return s.Horizon
	}
	return max(record.DayOf(s.Trusted), s.Horizon)
}

// today is the first date whose keys may still be used. A clock that has gone
// back does not open again what had been closed, and one that everybody
// contradicts closes only what they say is past, too: earliest is the earliest
// date that any of them shows.
func (s State) today(now time.Time, w Word, earliest record.Day) record.Day {
	sound := s.sound()
	if s.Trusted.IsZero() {
		return sound
	}
	if w == Denied {
		return max(min(record.DayOf(now), earliest), sound)
	}
	return max(record.DayOf(now), sound)
}
