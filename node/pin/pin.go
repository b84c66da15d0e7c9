// Package pin locks and unlocks the names of a device that is carried about. A
// warden's handheld shows badges, places and states to whoever holds it, and
// names to whoever knows its PIN. It keeps no secret itself: the vault does.
//
// Invariant: no guess is tried before the wait after the last wrong one is
// over, and every guess, right or wrong, is on record.
package pin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/seal"
)

const (
	// For is how long names stay unlocked. They lock before that when the
	// process ends.
	For = 12 * time.Hour
	// MinDigits and MaxDigits bound a PIN.
	MinDigits, MaxDigits = 4, 12
	// look is how often it is looked whether For has passed.
	look = 10 * time.Second
)

// Vault holds the keys that the PIN locks; a seal.Vault.
type Vault interface {
	HasPIN() bool
	NamesLocked() bool
	SetPIN(pin []byte) error
	UnlockNames(pin []byte) error
	LockNames()
	PINWait() (wrong int, wait time.Duration)
}

// Config is what a Lock is made of; Now and Logger have defaults.
type Config struct {
	Vault Vault
	// Asks reports whether this device asks for a PIN: names then stay locked
	// until one is set, too. Where it does not, no PIN can be set.
	Asks func() bool
	// Act puts an act on record; it must not block. What it refuses is not done.
	Act func(what, note string) error
	// Locked is told that names have just been locked. It must not block.
	Locked func()
	Now    func() time.Time
	Logger *slog.Logger
}

// Lock is the lock on a device's names. Safe for concurrent use.
type Lock struct {
	cfg Config

	// guess admits one change of the lock at a time: each takes as long as the
	// vault's KDF.
	guess sync.Mutex

	mu sync.Mutex
	// since is when names were unlocked, by both clocks: one stands still while
	// the device sleeps, the other can be set back. Zero: not unlocked here.
	since     time.Time // monotonic
	sinceWall time.Time
	// next is when the next guess is tried; zero: at once.
	next    time.Time // monotonic
	changed chan struct{}
}

// New makes a Lock. Run locks names in time; all else works without it.
func New(cfg Config) *Lock {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Locked == nil {
		cfg.Locked = func() {}
	}
	return &Lock{cfg: cfg, changed: make(chan struct{})}
}

// State is the lock at one moment.
type State struct {
	// Asks: this device asks for a PIN.
	Asks bool
	// Set: a PIN is set. Locked: no name is shown.
	Set, Locked bool
	// Wrong is how many wrong PINs were given since the last right one, or the
	// start.
	Wrong int
	// WaitUntil is when the next is tried; zero: at once.
	WaitUntil time.Time
	// Until is when names lock by themselves; zero while they are locked.
	Until time.Time
}

// State never blocks.
func (l *Lock) State() State {
	s := State{Asks: l.cfg.Asks(), Set: l.cfg.Vault.HasPIN(), Locked: l.Locked()}
	if s.Set && s.Locked {
		s.Wrong, _ = l.cfg.Vault.PINWait()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := time.Until(l.next); s.Wrong > 0 && wait > 0 {
		s.WaitUntil = l.cfg.Now().Add(wait)
	}
	if s.Set && !s.Locked {
		s.Until = l.sinceWall.Add(For)
	}
	return s
}

// Locked reports whether names are locked. It is cheap and never blocks.
func (l *Lock) Locked() bool {
	switch {
	case l.cfg.Vault.NamesLocked():
		return true
	case !l.cfg.Vault.HasPIN():
		return l.cfg.Asks()
	}
	return l.over()
}

// over reports whether names have been unlocked for as long as they may be.
func (l *Lock) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since.IsZero() || time.Since(l.since) >= For || l.cfg.Now().Sub(l.sinceWall) >= For
}

// Changed is closed at the next change of State. Get it before State.
func (l *Lock) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// opened notes that names are unlocked from now on.
func (l *Lock) opened() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since, l.sinceWall, l.next = time.Now(), l.cfg.Now().Round(0), time.Time{}
}

func (l *Lock) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
}

// Set sets the PIN or, while names are unlocked, changes it. They are unlocked
// afterwards. The PIN is the caller's, who clears it. It blocks for as long as
// the vault's KDF takes. Errors: *Problem, audit's, the disk's.
func (l *Lock) Set(pin []byte) error {
	if !Good(pin) {
		return errMalformed
	}
	if !l.cfg.Asks() {
		return errNotHere
	}
	l.guess.Lock()
	defer l.guess.Unlock()
	had := l.cfg.Vault.HasPIN()
	if had && l.Locked() {
		return errLocked
	}
	what := "pin.set"
	if had {
		what = "pin.change"
	}
	if err := l.cfg.Act(what, ""); err != nil {
		return err
	}
	err := l.cfg.Vault.SetPIN(pin)
	switch {
	case errors.Is(err, seal.ErrLocked):
		return errLocked
	case err != nil:
		return err
	}
	l.opened()
	l.tell()
	return nil
}

// Unlock unlocks names for [For]. It never waits for a wrong guess to be over
// but refuses; it blocks for as long as the vault's KDF takes. The PIN is the
// caller's, who clears it. Errors: *Problem, audit's.
func (l *Lock) Unlock(pin []byte) error {
	if !Good(pin) {
		return errMalformed // it cannot be the one
	}
	l.guess.Lock()
	defer l.guess.Unlock()
	if !l.cfg.Vault.HasPIN() {
		if l.cfg.Asks() {
			return errNone
		}
		return errNotHere
	}
	if p := l.early(); p != nil {
		return p
	}
	err := l.cfg.Vault.UnlockNames(pin)
	if errors.Is(err, seal.ErrPIN) {
		return l.wrong()
	}
	if err != nil {
		return err
	}
	if err := l.cfg.Act("pin.unlock", ""); err != nil {
		l.cfg.Vault.LockNames()
		return err
	}
	l.opened()
	l.tell()
	return nil
}

// early says how long to wait still, or nil.
func (l *Lock) early() *Problem {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := time.Until(l.next); wait > 0 {
		return tooEarly(wait)
	}
	return nil
}

func (l *Lock) wrong() error {
	n, wait := l.cfg.Vault.PINWait()
	l.mu.Lock()
	l.next = time.Now().Add(wait)
	l.mu.Unlock()
	if err := l.cfg.Act("pin.wrong", fmt.Sprintf("%d since the last right one", n)); err != nil {
		l.cfg.Logger.Error("a wrong PIN could not be put on record", "err", err)
	}
	l.tell()
	return wrongPIN(wait)
}

// Lock locks names at once. Where they are locked, nothing happens. Errors:
// *Problem.
func (l *Lock) Lock() error {
	switch {
	case !l.cfg.Asks():
		return errNotHere
	case !l.cfg.Vault.HasPIN():
		return errNone
	}
	l.lock("")
	return nil
}

func (l *Lock) lock(why string) {
	if l.cfg.Vault.NamesLocked() {
		return
	}
	l.cfg.Vault.LockNames()
	l.mu.Lock()
	l.since, l.sinceWall = time.Time{}, time.Time{}
	l.mu.Unlock()
	l.cfg.Locked()
	// Locking is never held up by the record.
	if err := l.cfg.Act("pin.lock", why); err != nil {
		l.cfg.Logger.Error("that names were locked could not be put on record", "err", err)
	}
	l.tell()
}

// Run locks names when they have been unlocked for [For], until ctx ends, and
// then at once.
func (l *Lock) Run(ctx context.Context) error {
	for {
		changed := l.Changed()
		var tick <-chan time.Time // none while there is nothing to lock
		if l.cfg.Vault.HasPIN() && !l.cfg.Vault.NamesLocked() {
			tick = time.After(look)
		}
		select {
		case <-ctx.Done():
			l.cfg.Vault.LockNames()
			l.cfg.Locked()
			return nil
		case <-changed:
		case <-tick:
			if l.cfg.Vault.HasPIN() && !l.cfg.Vault.NamesLocked() && l.over() && l.guess.TryLock() {
				if l.over() {
					l.lock("12 hours after they were unlocked")
				}
				l.guess.Unlock()
			}
		}
	}
}

// Good reports whether it can be a PIN: 4 to 12 digits.
func Good(pin []byte) bool {
	if len(pin) < MinDigits || len(pin) > MaxDigits {
		return false
	}
	for _, c := range pin {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
