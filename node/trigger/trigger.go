// Package trigger starts an evacuation or a drill at the word of a machine: a
// fire panel's relay or a bridge to one, which signs what it sends by Standard
// Webhooks with a secret of its own. It decides whose word counts, and never
// ends anything.
//
// Invariant: what a source signed starts an evacuation however wrong the
// source's clock is, the same message starts no second one, also after a
// restart or at another node that shares the secret, and what it did not sign
// starts nothing.
package trigger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// MaxSources bounds the sources of one node: each is tried against every
	// message that comes.
	MaxSources = 32
	// MaxBody is the largest message, in bytes.
	MaxBody = 4 << 10
	// Slack is how far a source's clock may be off before it is said.
	Slack = 5 * time.Minute
	// maxSeen bounds the messages remembered of each source, the latest.
	maxSeen = 1000
	// later is how long after the first use of an id another is no retry.
	later = time.Hour
	// burst and every bound what one source may send: burst at once, then one
	// in every.
	burst, every = 30, 2 * time.Second
	// strangers bounds how many wrong signatures are answered as such.
	strangers = 20
)

// Start starts an evacuation under an id, unless what runs is as wide and as
// real; started is false then, and where the id was used before. It returns
// what runs for the site, if anything does. ErrNoSite: no such site is known.
type Start func(ctx context.Context, id record.EvacID, drill bool, site record.SiteID) (e record.Evacuation, on, started bool, err error)

// ErrNoSite is matched by Start's error about a site that is not known.
var ErrNoSite = errors.New("no such site")

// Keeper keeps what is known of each source over a restart, durably.
type Keeper interface {
	Load() (map[string]State, error)
	// Save keeps a source's state; of a zero State, nothing.
	Save(source string, s State) error
}

// State is what is known of a source besides its secret.
type State struct {
	// Heard is when it last sent what it had signed, Tested when a test of it
	// last came out well.
	Heard  time.Time `json:"heard,omitzero"`
	Tested time.Time `json:"tested,omitzero"`
	// Off is its clock minus ours when last heard; Timed is false where it told
	// no time that can be read.
	Off   time.Duration `json:"off"`
	Timed bool          `json:"timed"`
	// Reused is when it last used an id again that it had used long before.
	Reused time.Time `json:"reused,omitzero"`
	// Seen are its latest messages, the oldest first.
	Seen []Seen `json:"seen,omitempty"`
}

// Seen is a message that was acted upon.
type Seen struct {
	ID record.EvacID `json:"id"`
	At time.Time     `json:"at"`
}

// Config is what a Service is made of. File, Start and Keeper are required.
type Config struct {
	// File holds the sources and their secrets: of this node alone.
	File   string
	Start  Start
	Keeper Keeper
	// Known says whether there is a site of this name. Nil: there is.
	Known func(record.SiteID) bool
	// Record is told what was done, and to what. Nil: nobody is.
	Record func(what, note string)
	Now    func() time.Time
	Logger *slog.Logger
}

// Service judges and acts upon messages. Safe for concurrent use.
type Service struct {
	cfg Config
	// acting makes judging a message and acting upon it one step.
	acting sync.Mutex

	mu      sync.Mutex
	sources []source
	states  map[string]State
	limits  map[string]*rate.Limiter
	wrong   *rate.Limiter
	refused map[string]uint64
	last    map[string]time.Time // of each reason
	acted   uint64
	// damaged is why the sources cannot be read.
	damaged error
}

// Open reads the sources. Where they cannot be read it goes on without, which
// Damaged tells: a node does not stand still for that.
func Open(cfg Config) (*Service, error) {
	if cfg.Known == nil {
		cfg.Known = func(record.SiteID) bool { return true }
	}
	if cfg.Record == nil {
		cfg.Record = func(string, string) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		cfg: cfg, limits: map[string]*rate.Limiter{}, wrong: rate.NewLimiter(1, strangers),
		refused: map[string]uint64{}, last: map[string]time.Time{},
	}
	var err error
	if s.sources, s.damaged = readSources(cfg.File); s.damaged != nil {
		cfg.Logger.Error("no trigger is heard", "err", s.damaged)
	}
	if s.states, err = cfg.Keeper.Load(); err != nil {
		return nil, fmt.Errorf("read what triggers did: %w", err)
	}
	if s.states == nil {
		s.states = map[string]State{}
	}
	return s, nil
}

// Problem is what a person can do something about: a stable key, and a
// sentence for whoever set the source up.
type Problem struct {
	Key   string
	Limit int
	Hint  string
}

func (p *Problem) Error() string { return p.Hint }

// Refusals of messages.
var (
	ErrSignature = &Problem{Key: "trigger.signature", Hint: "no source of this node signed this message, and nothing was started: compare the sender's secret with the one that `upprop trigger add` printed, and how it signs with Standard Webhooks; a lost secret is replaced with `upprop trigger remove` and `add`"}
	ErrTooMany   = &Problem{Key: "trigger.too_many", Hint: "too many messages at once, and nothing was done with this one: send it again in a few seconds"}
	ErrMalformed = &Problem{Key: "trigger.malformed", Hint: `the message was signed rightly but cannot be understood, and nothing was started: send {"action":"start"} or {"action":"test"}, with "site" if the source is not bound to one, in at most 4 KiB`}
	ErrOtherSite = &Problem{Key: "trigger.other_site", Hint: "this source may start an evacuation of its own site only, and nothing was started: leave the site out, or set up a source for the other site"}
	ErrClock     = &Problem{Key: "trigger.clock", Hint: "the source's clock is more than five minutes off this node's, and nothing was started: set it right; a real alarm would have been started all the same"}
	ErrUsedID    = &Problem{Key: "trigger.used_id", Hint: "a message with this webhook-id has come before: give every new message an id of its own, or the second alarm will be taken for the first one sent again; retries keep the id"}
	ErrTestSite  = &Problem{Key: "trigger.no_site", Hint: "no site of that name is known here: write it as `upprop nodes` does; a real alarm would have been started for the whole campus"}
)

// Damaged is why no source is known here although some were set up, or nil.
func (s *Service) Damaged() error { return s.damaged }

// Reasons are all that Counts may name. Of widened and clock_passed the message
// was acted upon all the same.
var Reasons = []string{"clock", "clock_passed", "flood", "malformed", "no_site", "other_site", "rate", "signature", "used_id", "widened"}

// Counts are how many messages were refused since the start, by reason, and
// how many were acted upon.
func (s *Service) Counts() (refused map[string]uint64, acted uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.refused), s.acted
}

// LastRefused is when a message was last refused for each reason, since the
// start.
func (s *Service) LastRefused() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.last)
}

// count notes a refusal and returns it.
func (s *Service) count(reason string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[reason]++
	s.last[reason] = s.cfg.Now()
	return err
}

// evacID names the evacuation that a message starts. Who has not the secret
// cannot tell it beforehand, and so cannot use it up.
func evacID(secret []byte, source, message string) record.EvacID {
	m := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(m, "upprop evacuation\x00%d\x00%s%s", len(source), source, message)
	return record.EvacID(m.Sum(nil)[:16])
}

// allow reports whether a source may act once more.
func (s *Service) allow(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limits[name]
	if l == nil {
		l = rate.NewLimiter(rate.Every(every), burst)
		s.limits[name] = l
	}
	return l.AllowN(s.cfg.Now(), 1)
}

// remember keeps a source's state, durably.
func (s *Service) remember(name string, st State) error {
	if n := len(st.Seen); n > maxSeen {
		st.Seen = slices.Clone(st.Seen[n-maxSeen:])
	}
	if err := s.cfg.Keeper.Save(name, st); err != nil {
		return fmt.Errorf("remember a trigger: %w", err)
	}
	s.mu.Lock()
	s.states[name] = st
	s.mu.Unlock()
	return nil
}
