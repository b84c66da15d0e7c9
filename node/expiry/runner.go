package expiry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	tick      = time.Minute
	saveEvery = 10 * time.Minute
)

// ErrNotYet means that a date has not come by this node's clock.
var ErrNotYet = errors.New("that date has not come by this machine's clock: a key can only be destroyed on its date; if the clock is wrong, set it right first (timedatectl set-ntp true)")

// Keys are the keys of dates on this node.
type Keys interface {
	// Oldest is the earliest date of a key that is held; false: none is.
	Oldest() (record.Day, bool)
	// Expire destroys all keys of dates up to day, durably. Those gone
	// already are no error.
	Expire(upTo record.Day) error
}

// Keeper keeps the state, durably.
type Keeper interface {
	// Load is the zero State when nothing has been saved.
	Load() (State, error)
	Save(State) error
}

// Config is what a Runner is made of; Logger and Now have defaults.
type Config struct {
	Keys   Keys
	Keeper Keeper
	// Word is what others say of our clock now, and Earliest the earliest date
	// that any of those shows who are heard; zero: nobody is.
	Word     func() Word
	Earliest func() record.Day
	// Heard is the highest horizon of members in good standing that were
	// heard just now and whose clocks agree; zero: none.
	Heard  func() record.Day
	Now    func() time.Time
	Logger *slog.Logger
}

// Runner lets dates die. Safe for concurrent use.
type Runner struct {
	cfg  Config
	poke chan struct{}

	mu    sync.Mutex
	state State
	why   Why
	saved time.Time // monotonic
	last  time.Time // monotonic
}

// Open reads the state back and judges the clock. Nothing dies before Run.
func Open(cfg Config) (*Runner, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := cfg.Keeper.Load()
	if err != nil {
		return nil, fmt.Errorf("read expiry: %w", err)
	}
	s.Credit = max(min(s.Credit, maxCredit), 0)
	return &Runner{cfg: cfg, poke: make(chan struct{}, 1), state: s.start(cfg.Now()), last: time.Now()}, nil
}

// Run lets dates die until ctx ends. A failure to destroy or to save is logged
// and tried again.
func (r *Runner) Run(ctx context.Context) error {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		if err := r.Step(); err != nil {
			r.cfg.Logger.Error("keys of past dates could not be destroyed; tried again later", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		case <-r.poke:
		}
	}
}

// Step lets everything die that may die now, durably.
func (r *Runner) Step() error {
	now, word, heard := r.cfg.Now(), r.cfg.Word(), r.cfg.Heard()
	r.mu.Lock()
	defer r.mu.Unlock()
	mono := time.Now()
	before := r.state
	r.state = r.state.pass(now, mono.Sub(r.last), word)
	r.last = mono
	oldest, held := r.cfg.Keys.Oldest()
	next, why := r.state.next(Facts{Now: now, Word: word, Heard: heard, Oldest: oldest, Held: held})
	if why != r.why && why != Nothing {
		r.cfg.Logger.Warn("keys of past dates wait to be destroyed, and are not used", "why", string(why))
	}
	r.why = why
	// Keys kept in spite of the horizon come back from copies of the folder,
	// or were granted by somebody who is behind: they go too.
	if next.Horizon != 0 && (next.Horizon != before.Horizon || held && oldest <= next.Horizon) {
		// The keys first: the horizon is this node's word that they are gone.
		if err := r.cfg.Keys.Expire(next.Horizon); err != nil {
			return fmt.Errorf("destroy keys up to %s: %w", next.Horizon, err)
		}
	}
	if next.Horizon == before.Horizon && next.Allowed == before.Allowed && !r.saved.IsZero() && mono.Sub(r.saved) < saveEvery {
		r.state = next
		return nil
	}
	if err := r.cfg.Keeper.Save(next); err != nil {
		return fmt.Errorf("save expiry: %w", err)
	}
	if next.Horizon != before.Horizon {
		r.cfg.Logger.Info("keys of past dates destroyed", "up_to", next.Horizon.String())
	}
	r.state, r.saved = next, mono
	return nil
}

// ErrKeysFirst means that the last keys of a desk would die before there are
// others: who comes in then could not be sealed.
var ErrKeysFirst = errors.New("no keys of coming dates have been made here yet, and the last ones would be destroyed: nobody could be taken in; set this machine's clock right and use `upprop expire` without --until, or let another desk make them first")

// Believe takes the clock for right, on an operator's word; durable on return.
func (r *Runner) Believe() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	s.Trusted, s.Unsure = r.cfg.Now(), false
	if err := r.cfg.Keeper.Save(s); err != nil {
		return fmt.Errorf("save expiry: %w", err)
	}
	r.state = s
	return nil
}

// Allow lets the keys of all dates up to day die now, on an operator's word,
// and takes the clock for right when the day is today. Durable on return; what
// cannot die yet does so later. Errors: ErrNotYet.
func (r *Runner) Allow(day record.Day) error {
	now := r.cfg.Now()
	if day > record.DayOf(now) {
		return ErrNotYet
	}
	r.mu.Lock()
	s := r.state
	s.Allowed = max(s.Allowed, day)
	if day == record.DayOf(now) {
		s.Trusted, s.Unsure = now, false
	}
	err := r.cfg.Keeper.Save(s)
	if err == nil {
		r.state = s
	}
	r.mu.Unlock()
	if err != nil {
		return fmt.Errorf("save expiry: %w", err)
	}
	return r.Step()
}

// Horizon is the last date that has been destroyed here by the rule; zero:
// none yet. Other members take it as this node's word.
func (r *Runner) Horizon() record.Day {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.Horizon
}

// Usable reports whether keys of a date may be used: not from the date on,
// even while their death waits.
func (r *Runner) Usable(date record.Day) bool { return date > r.Today() }

// Today is the date by all that this node has to go by: its clock or, where
// most contradict that, the earliest date that it or any of them shows; and
// never before a date that has been.
func (r *Runner) Today() record.Day {
	now, word, earliest := r.cfg.Now(), r.cfg.Word(), r.cfg.Earliest()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.today(now, word, earliest)
}

// Sound is the last date that this node has reason to believe has come,
// whatever its clock shows now.
func (r *Runner) Sound() record.Day {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.sound()
}

// Sure reports whether Today may be gone by: this node's clock has not jumped,
// or others bear it out, or they contradict it and running time is gone by.
func (r *Runner) Sure() bool {
	_, sure := r.SureToday()
	return sure
}

// SureToday is Today with Sure, both of one moment.
func (r *Runner) SureToday() (today record.Day, sure bool) {
	now, word, earliest := r.cfg.Now(), r.cfg.Word(), r.cfg.Earliest()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.today(now, word, earliest), word == BorneOut || word == Denied || !r.state.jumped(now)
}

// Report is how expiry does, for the doctor.
type Report struct {
	// Waiting is how many dates are due and have not died; Why is what for.
	Waiting int
	Why     Why
	// Since is the first date that waits.
	Since record.Day
}

// Report says what waits, as of the last step.
func (r *Runner) Report() Report {
	now := r.cfg.Now()
	oldest, held := r.cfg.Keys.Oldest()
	r.mu.Lock()
	defer r.mu.Unlock()
	today := record.DayOf(now)
	if !held || oldest > today || r.why == Nothing {
		return Report{}
	}
	since := max(oldest, r.state.Horizon+1)
	return Report{Waiting: int(today-since) + 1, Why: r.why, Since: since}
}
