// Package printer puts the muster list on paper by itself: on a printer of this
// node when an alarm starts, and again every few minutes while it runs. It makes
// no paper.
//
// Invariant: a printer that fails holds up nothing; it is tried again and
// doctor says so.
package printer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/atomicfile"
)

// Settings say where the list is printed, and when. They stay on this node.
type Settings struct {
	// Printer is "ipp://host/printers/NAME", "ipps://…", or "lp:NAME" for a queue
	// of this machine's CUPS; empty: nothing is printed.
	Printer string `json:"printer"`
	// EveryMinutes is how often it is printed anew while the alarm runs; 0: once.
	EveryMinutes int `json:"every_minutes"`
	// Lang is "sv" or "en".
	Lang string `json:"lang"`
	// Drills: drills are printed too.
	Drills bool `json:"drills"`
}

// State is how it went.
type State struct {
	// Printed is when the printer last took a paper; zero: not since the start.
	Printed time.Time
	// Failed is since when it takes none, and Why in a few words; zero: it does, or
	// has not been tried.
	Failed time.Time
	Why    string
	// Damaged: the settings cannot be read.
	Damaged bool
}

// Problem is what a person can do something about.
type Problem struct{ Key, Hint string }

func (p *Problem) Error() string { return p.Hint }

const (
	lpPrefix = "lp:"
	// leastEvery and mostEvery bound EveryMinutes.
	leastEvery, mostEvery = 1, 120
	// patience is how long after a failure it is tried again, at first and at most.
	firstRetry, lastRetry = 5 * time.Second, time.Minute
	tick                  = time.Second
)

var queueName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,126}$`)

func (s Settings) check() error {
	u, err := url.Parse(s.Printer)
	queue := len(s.Printer) > len(lpPrefix) && s.Printer[:len(lpPrefix)] == lpPrefix
	switch {
	case queue && !queueName.MatchString(s.Printer[len(lpPrefix):]):
		return &Problem{"printer.address", "that is no name of a queue, and nothing was saved: write it as `lpstat -e` does, lp:NAME"}
	case !queue && (err != nil || u.Scheme != "ipp" && u.Scheme != "ipps" || u.Hostname() == "" || u.User != nil):
		return &Problem{"printer.address", "that is no printer's address, and nothing was saved: write ipp://host/ipp/print, ipps://host/ipp/print, or lp:NAME for a queue of this machine"}
	case s.EveryMinutes != 0 && (s.EveryMinutes < leastEvery || s.EveryMinutes > mostEvery):
		return &Problem{"printer.every", "the list is printed anew after one minute at least and 120 at most, and nothing was saved: give --every between 1m and 2h, or 0 to print it once"}
	case s.Lang != "sv" && s.Lang != "en":
		return &Problem{"printer.lang", "papers are made in sv and en, and nothing was saved: say one of them with --lang"}
	}
	return nil
}

// Config is what a Service is made of; File, Running and Changed are required.
type Config struct {
	File string
	// Running is what runs anywhere; Changed is closed when that may have changed.
	// Get it before.
	Running func() (record.Evacuation, bool)
	Changed func() <-chan struct{}
	// Record is told what by did. Nil: nobody is.
	Record func(by, what, note string)
	Now    func() time.Time
	Logger *slog.Logger
}

// Service prints. Safe for concurrent use.
type Service struct {
	cfg   Config
	reach func(ctx context.Context, to string) error
	send  func(ctx context.Context, to, title string, pdf []byte) error
	wake  chan struct{}

	mu       sync.Mutex
	settings Settings
	state    State
	make     func(lang string) ([]byte, error)
}

// Open reads the settings. Where they cannot be read it prints nothing, which
// State tells.
func Open(cfg Config) *Service {
	if cfg.Record == nil {
		cfg.Record = func(string, string, string) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, reach: reach, send: send, wake: make(chan struct{}, 1)}
	b, err := os.ReadFile(cfg.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil, json.NewDecoder(bytes.NewReader(b)).Decode(&s.settings) != nil, s.settings.check() != nil:
		cfg.Logger.Error("the printer's settings cannot be read: nothing is printed by itself", "file", filepath.Base(cfg.File))
		s.settings, s.state.Damaged = Settings{}, true
	}
	return s
}

// Make says who makes the paper, in a language. Before that nothing is printed.
func (s *Service) Make(fn func(lang string) ([]byte, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.make = fn
}

// Settings are those that hold, State how it went.
func (s *Service) Settings() (Settings, State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings, s.state
}

// Set sets the printer, durably. Errors: *Problem.
func (s *Service) Set(by string, to Settings) error {
	if err := to.check(); err != nil {
		return err
	}
	b, err := json.MarshalIndent(to, "", "  ")
	if err == nil {
		err = atomicfile.Replace(s.cfg.File, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep the printer's settings: %w", err)
	}
	s.use(to)
	s.cfg.Record(by, "printer.set", "")
	return nil
}

// Remove ends printing by itself, durably.
func (s *Service) Remove(by string) error {
	if err := os.Remove(s.cfg.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the printer's settings: %w", err)
	}
	s.use(Settings{})
	s.cfg.Record(by, "printer.remove", "")
	return nil
}

func (s *Service) use(to Settings) {
	s.mu.Lock()
	s.settings, s.state = to, State{}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Errors of Print.
var (
	ErrNone  = &Problem{"printer.none", "no printer is set at this node: give one with `upprop printer set`"}
	errPaper = errors.New("the list could not be made")
)

// Print prints the list now. Errors: ErrNone, or a *Problem that says why not.
func (s *Service) Print(ctx context.Context) error {
	s.mu.Lock()
	to, paper := s.settings, s.make
	s.mu.Unlock()
	if to.Printer == "" || paper == nil {
		return ErrNone
	}
	// Making the list is an act on record: none is made for a printer that is off.
	err := s.reach(ctx, to.Printer)
	if err == nil {
		var b []byte
		if b, err = paper(to.Lang); err != nil {
			s.cfg.Logger.Error("the list for the printer could not be made", "err", err.Error())
			err = errPaper
		} else {
			err = s.send(ctx, to.Printer, "Upprop", b)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	switch {
	case s.settings != to: // another has been set meanwhile
	case err == nil:
		s.state.Printed, s.state.Failed, s.state.Why = now, time.Time{}, ""
	default:
		if s.state.Why = err.Error(); s.state.Failed.IsZero() {
			s.state.Failed = now
		}
	}
	if err != nil {
		return &Problem{"printer.failed", "nothing was printed: " + err.Error()}
	}
	return nil
}

// Run prints when an alarm starts and while it runs, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var (
		of    record.EvacID   // what next and wait are about
		heard []record.EvacID // its starts
		first = true          // it has not been printed yet
		next  time.Time       // not before
		wait  = firstRetry
	)
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		changed := s.cfg.Changed()
		select {
		case <-s.wake:
			of = record.EvacID{}
		default:
		}
		e, on := s.cfg.Running()
		to, _ := s.Settings()
		if !on || to.Printer == "" || e.Drill && !to.Drills {
			e = record.Evacuation{}
		}
		if e.ID != of {
			of, heard, first, next, wait = e.ID, nil, true, time.Time{}, firstRetry
		}
		// Another alarm may be taken up into one that nobody has ended.
		if ids := e.IDs(); slices.ContainsFunc(ids, func(id record.EvacID) bool { return !slices.Contains(heard, id) }) {
			heard, first, next, wait = ids, true, time.Time{}, firstRetry
		}
		if now := time.Now(); !of.IsZero() && (first || to.EveryMinutes > 0) && !now.Before(next) {
			if err := s.Print(ctx); err != nil {
				s.cfg.Logger.Warn("the list could not be printed; tried again", "err", err, "in", wait)
				next, wait = now.Add(wait), min(2*wait, lastRetry)
			} else {
				first, next, wait = false, now.Add(time.Duration(to.EveryMinutes)*time.Minute), firstRetry
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
			of = record.EvacID{}
		case <-changed:
		case <-t.C:
		}
	}
}
