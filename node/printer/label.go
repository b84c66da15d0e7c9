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
	"strings"
	"sync"
	"time"

	"github.com/upprop/upprop/node/atomicfile"
)

// LabelSettings say on what badges are printed. They stay on this node.
type LabelSettings struct {
	// Printers are tried in order, the first before the others:
	// "zpl://host:9100", "ipp://…", "ipps://…" or "lp:QUEUE". Empty: no badge is
	// printed by itself.
	Printers []string `json:"printers"`
	// Width and Height are the label's, in millimetres, DPI its dots an inch.
	Width  int `json:"width_mm"`
	Height int `json:"height_mm"`
	DPI    int `json:"dpi"`
}

// Label is a badge ready for a printer. It is held in memory only, and no
// longer than labelLife: it shows a name.
type Label struct{ ZPL, PDF []byte }

// LabelState is how it goes.
type LabelState struct {
	// Waiting is how many badges wait for a printer.
	Waiting int
	// Printed is when a printer last took one, and By which.
	Printed time.Time
	By      string
	// Failed is since when the first printer takes none, and Why in a few words.
	Failed time.Time
	Why    string
	// Given is how many were given up since the start.
	Given int
	// Damaged: the settings cannot be read.
	Damaged bool
}

const (
	mostLabelPrinters = 4
	// mostLabels wait at a time: a bus.
	mostLabels = 80
	// labelLife is for how long a badge is worth printing: who waits longer has
	// gone in.
	labelLife = 10 * time.Minute
	// labelPatience is how long a printer is given to be there before the next is
	// tried: somebody stands at it.
	labelPatience = 5 * time.Second
	// labelWithin is how long one is given to take a badge, and labelShuns for how
	// long one that did not is tried after the others.
	labelWithin = 20 * time.Second
	labelShuns  = time.Minute
)

// errSlow is said of a printer that is there and takes nothing.
var errSlow = fmt.Errorf("it is there, and did not take the badge within %d seconds", int(labelWithin.Seconds()))

// LabelConfig is what Labels are made of; File is required.
type LabelConfig struct {
	File string
	// Check refuses a size that no badge can be drawn in. Nil: all are taken.
	Check func(width, height, dpi int) error
	// Record is told what by did. Nil: nobody is.
	Record func(by, what, note string)
	Now    func() time.Time
	Logger *slog.Logger
}

type waitingLabel struct {
	label Label
	at    time.Time
}

// Labels print badges one after another. Safe for concurrent use.
type Labels struct {
	cfg  LabelConfig
	send func(ctx context.Context, to string, l Label) error
	wake chan struct{}

	mu       sync.Mutex
	settings LabelSettings
	state    LabelState
	queue    []waitingLabel
	sample   func(LabelSettings) (Label, error)
	// slow is when printers last did not take a badge in time.
	slow map[string]time.Time
}

// OpenLabels reads the settings. Where they cannot be read it prints nothing,
// which State tells.
func OpenLabels(cfg LabelConfig) *Labels {
	if cfg.Record == nil {
		cfg.Record = func(string, string, string) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Labels{cfg: cfg, send: sendLabel, wake: make(chan struct{}, 1), slow: map[string]time.Time{}}
	b, err := os.ReadFile(cfg.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil, json.NewDecoder(bytes.NewReader(b)).Decode(&l.settings) != nil, l.check(l.settings) != nil:
		cfg.Logger.Error("the badge printer's settings cannot be read: no badge is printed by itself", "file", filepath.Base(cfg.File))
		l.settings, l.state.Damaged = LabelSettings{}, true
	}
	return l
}

func (l *Labels) check(s LabelSettings) error {
	if len(s.Printers) == 0 || len(s.Printers) > mostLabelPrinters {
		return &Problem{"label.address", fmt.Sprintf("a node has from 1 to %d badge printers, and nothing was saved", mostLabelPrinters)}
	}
	for _, p := range s.Printers {
		u, err := url.Parse(p)
		zebra := err == nil && u.Scheme == zplScheme && u.Hostname() != "" && u.User == nil && (u.Path == "" || u.Path == "/")
		if !zebra && (Settings{Printer: p, Lang: "sv"}).check() != nil {
			return &Problem{"label.address", "that is no badge printer's address, and nothing was saved: write zpl://host:9100, ipp://host/ipp/print, ipps://host/ipp/print, or lp:NAME for a queue of this machine"}
		}
	}
	if l.cfg.Check != nil {
		if err := l.cfg.Check(s.Width, s.Height, s.DPI); err != nil {
			return &Problem{"label.size", "nothing was saved: " + err.Error()}
		}
	}
	return nil
}

// Sample says who draws a badge to test the printers with.
func (l *Labels) Sample(fn func(LabelSettings) (Label, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sample = fn
}

// Test prints a badge of nobody on each printer, and says by a *Problem which
// of them did not take it.
func (l *Labels) Test(ctx context.Context) error {
	l.mu.Lock()
	s, sample := l.settings, l.sample
	l.mu.Unlock()
	if len(s.Printers) == 0 || sample == nil {
		return ErrNoLabels
	}
	label, err := sample(s)
	if err != nil {
		return fmt.Errorf("draw a badge to test the printer with: %w", err)
	}
	var refused []string
	for _, p := range s.Printers {
		if err := l.send(ctx, p, label); err != nil {
			refused = append(refused, p+": "+err.Error())
		}
	}
	if len(refused) > 0 {
		return &Problem{"label.failed", "no badge was printed on " + strings.Join(refused, "; ")}
	}
	return nil
}

// Settings are those that hold, and how it goes.
func (l *Labels) Settings() (LabelSettings, LabelState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.state
	st.Waiting = len(l.queue)
	return l.settings, st
}

// Set sets the badge printers, durably. What waits is forgotten: it was drawn
// for another label. Errors: *Problem.
func (l *Labels) Set(by string, to LabelSettings) error {
	if err := l.check(to); err != nil {
		return err
	}
	b, err := json.MarshalIndent(to, "", "  ")
	if err == nil {
		err = atomicfile.Replace(l.cfg.File, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep the badge printers' settings: %w", err)
	}
	l.use(by, to, "label.set")
	return nil
}

// Remove ends the printing of badges, durably.
func (l *Labels) Remove(by string) error {
	if err := os.Remove(l.cfg.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the badge printers' settings: %w", err)
	}
	l.use(by, LabelSettings{}, "label.remove")
	return nil
}

func (l *Labels) use(by string, to LabelSettings, what string) {
	l.mu.Lock()
	l.settings, l.state, l.queue = to, LabelState{}, nil
	l.mu.Unlock()
	l.cfg.Record(by, what, "")
	l.poke()
}

func (l *Labels) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Errors of Put.
var (
	ErrNoLabels   = &Problem{"label.none", "no badge printer is set at this node: give one with `upprop badge-printer set`"}
	ErrLabelsFull = &Problem{"label.full", "too many badges wait for the printer, and this one was not taken: look at the printer, or print it from the screen"}
)

// Put has badges printed, in order, all or none. Errors: ErrNoLabels,
// ErrLabelsFull.
func (l *Labels) Put(labels ...Label) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.settings.Printers) == 0:
		return ErrNoLabels
	case len(l.queue)+len(labels) > mostLabels:
		return ErrLabelsFull
	}
	now := l.cfg.Now()
	for _, one := range labels {
		l.queue = append(l.queue, waitingLabel{one, now})
	}
	l.poke()
	return nil
}

// next is the badge to print now; those that nobody waits for any more are
// given up.
func (l *Labels) next() (Label, LabelSettings, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Now()
	for len(l.queue) > 0 && now.Sub(l.queue[0].at) > labelLife {
		l.queue[0] = waitingLabel{}
		l.queue = l.queue[1:]
		l.state.Given++
	}
	if len(l.queue) == 0 {
		return Label{}, l.settings, false
	}
	return l.queue[0].label, l.settings, true
}

// printOne prints the first badge that waits on the first printer that takes
// it. more: another waits.
func (l *Labels) printOne(ctx context.Context) (more bool, err error) {
	label, s, ok := l.next()
	if !ok {
		return false, nil
	}
	by := ""
	var first error
	tried := false // the first
	for _, p := range l.inTurn(s.Printers) {
		err = l.sendInTime(ctx, p, label)
		if p == s.Printers[0] {
			first, tried = err, true
		}
		if err == nil {
			by = p
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.Join(l.settings.Printers, " ") != strings.Join(s.Printers, " ") {
		return true, nil // others have been set meanwhile, and what waited is forgotten
	}
	now := l.cfg.Now()
	switch {
	case !tried:
	case first == nil:
		l.state.Failed, l.state.Why = time.Time{}, ""
	default:
		if l.state.Why = first.Error(); l.state.Failed.IsZero() {
			l.state.Failed = now
		}
	}
	if by == "" {
		return true, err
	}
	l.state.Printed, l.state.By = now, by
	if len(l.queue) > 0 {
		l.queue[0] = waitingLabel{}
		l.queue = l.queue[1:]
	}
	return len(l.queue) > 0, nil
}

// inTurn are printers in order, but those last that were slow of late: who waits
// at the second does not wait for the first each time.
func (l *Labels) inTurn(all []string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var in, last []string
	for _, p := range all {
		if at, slow := l.slow[p]; slow && l.cfg.Now().Sub(at) < labelShuns {
			last = append(last, p)
		} else {
			in = append(in, p)
		}
	}
	return append(in, last...)
}

// sendInTime gives a badge to a printer, which has labelWithin to take it. One that
// takes it later prints it too: two badges are better than none.
func (l *Labels) sendInTime(ctx context.Context, to string, label Label) error {
	near, cancel := context.WithTimeout(ctx, labelWithin)
	defer cancel()
	err := l.send(near, to, label)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.slow, to)
	if err != nil && near.Err() != nil && ctx.Err() == nil {
		l.slow[to] = l.cfg.Now()
		return errSlow
	}
	return err
}

// Run prints what is put until ctx ends. What no printer takes is tried again
// for labelLife.
func (l *Labels) Run(ctx context.Context) error {
	wait := firstRetry
	for {
		more, err := l.printOne(ctx)
		var again <-chan time.Time
		switch {
		case err != nil:
			l.cfg.Logger.Warn("a badge could not be printed; tried again", "err", err, "in", wait)
			again, wait = time.After(wait), min(2*wait, lastRetry)
		case more:
			wait = firstRetry
			continue
		default:
			wait = firstRetry
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
		case <-again:
		}
	}
}
