// Package feed takes the word of systems that know which staff are inside: an
// access-control system that says whose badge went in or out, over HTTP signed
// by Standard Webhooks, over MQTT, or as a file. It decides whose word counts
// and what follows from it, and keeps every node told of when it was last heard.
//
// Invariant: an event is acted upon once, however often and by whatever way it
// comes; what is older than the last that was acted upon changes nothing; and no
// badge's number is kept in clear.
package feed

import (
	"context"
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
	// MaxSources bounds the sources of one node.
	MaxSources = record.MaxFeeds
	// MaxBody is the largest message, in bytes, and MaxEvents the events in one.
	MaxBody   = 64 << 10
	MaxEvents = 500
	// Slack is how far a source's clock may be off before that is said.
	Slack = 5 * time.Minute
	// MaxAge is how old an event may be: what was done with the events of a badge
	// is remembered for longer than that.
	MaxAge     = 48 * time.Hour
	remember   = 72 * time.Hour
	rememberIn = 60 * 24 * time.Hour
	// DefaultQuiet is for how long a source may be silent before that is said,
	// unless it is set otherwise, between MinQuiet and MaxQuiet.
	DefaultQuiet = time.Hour
	MinQuiet     = 5 * time.Minute
	MaxQuiet     = 7 * 24 * time.Hour
	// tell is how often other nodes are told that a source is heard, retell how
	// often that there is one.
	tell, retell = 10 * time.Minute, 12 * time.Hour
	// tick is how often it is looked after whether there is something to tell.
	tick = 30 * time.Second
	// burst and perSecond bound the messages of one source, strangers the wrong
	// signatures that are answered as such.
	burst, perSecond = 1000, 50
	strangers        = 20
)

// House is what feeds do to visits.
type House interface {
	// Enter takes somebody in at a place under an id that the caller drew; of a
	// visit that is known it writes nothing. ErrTaken: the id's badge code is
	// another visit's. What returns without error is durable. said is when it
	// was, by the source's clock: here and below, evidence and no more.
	Enter(ctx context.Context, visit record.VisitID, at record.Place, name record.Private, said time.Time) error
	// See records that somebody was seen inside at a place, Leave that they left
	// there: that judges no mark of an evacuation anew.
	See(ctx context.Context, visit record.VisitID, at record.Place, said time.Time) error
	Leave(ctx context.Context, visit record.VisitID, at record.Place, said time.Time) error
	// Inside reports whether a visit is known and open.
	Inside(visit record.VisitID) (bool, error)
	// Say tells all nodes of a feed.
	Say(ctx context.Context, e record.Event) error
	// Place is where this node stands.
	Place() record.Place
	// Node is this node.
	Node() record.NodeID
	// Barred says why nothing that this node records would count, or nil.
	Barred() error
}

// ErrTaken is matched by Enter's error where another visit has the badge code.
var ErrTaken = errors.New("another visit has this badge code")

// Tag stands for a badge where its number must not: nobody without the source's
// secret can tell which badge it is.
type Tag [16]byte

// Last is what was last done with a badge.
type Last struct {
	// At is the time of the event, or ours where that was ahead; In whether it
	// went in.
	At time.Time `json:"at"`
	In bool      `json:"in"`
	// Visit is the stay that it began, or ended.
	Visit record.VisitID `json:"visit,omitzero"`
	// Done are the events that were acted upon last, maxDone at most.
	Done []done `json:"done,omitempty"`
}

// done is an event of a badge by what it was and when, by its source's clock.
type done int64

func doneOf(sent time.Time, in bool) done {
	d := done(sent.UnixMilli()) << 1
	if in {
		d |= 1
	}
	return d
}

// maxDone is how many events of a badge are known again when they are sent in
// another order than they happened.
const maxDone = 32

// knows reports whether an event, by its time as it was sent, was acted upon.
func (l Last) knows(sent time.Time, in bool) bool {
	if len(l.Done) == 0 { // an earlier release wrote it
		return l.At.Equal(sent) && l.In == in
	}
	return slices.Contains(l.Done, doneOf(sent, in))
}

// then is l after an event that counts as of at, for the same visit. Events that
// would be refused as old by now are let go of.
func (l Last) then(sent, at time.Time, in bool) Last {
	all := slices.DeleteFunc(slices.Clone(l.Done), func(d done) bool { return d < doneOf(at.Add(-remember), false) })
	all = append(all, doneOf(sent, in))
	return Last{At: at, In: in, Visit: l.Visit, Done: all[max(0, len(all)-maxDone):]}
}

// forgotten reports whether nothing can follow from it any more. Who is inside is
// let out again also after days.
func (l Last) forgotten(now time.Time) bool {
	age := now.Sub(l.At)
	return age > rememberIn || !l.In && age > remember
}

// State is what is known of a source besides its secret.
type State struct {
	// Heard is until when it has told what it knows: the time of its latest event,
	// or when it last said that it lives. when other nodes were last told so,
	// and ToldHeard what they were told.
	Heard     time.Time `json:"heard,omitzero"`
	Told      time.Time `json:"told,omitzero"`
	ToldHeard time.Time `json:"told_heard,omitzero"`
	// Off is its clock minus ours when it was last heard at once, or at least how
	// far it is ahead; Timed is false where that was never so.
	Off   time.Duration `json:"off"`
	Timed bool          `json:"timed"`
}

// Keeper keeps over a restart, durably, what is known of sources and badges.
type Keeper interface {
	Load() (map[string]State, error)
	// Save keeps a source's state; of a zero State, nothing.
	Save(source string, s State) error
	// Last is what was last done with a badge; zero for nothing.
	Last(Tag) (Last, error)
	Note(Tag, Last) error
	// Forget lets go of what a function says of.
	Forget(func(Last) bool) error
}

// Config is what a Service is made of. File, House and Keeper are required.
type Config struct {
	// File holds the sources and their secrets: of this node alone.
	File   string
	House  House
	Keeper Keeper
	// Record is told what was done to which source. Nil: nobody is.
	Record func(what, note string)
	Now    func() time.Time
	Logger *slog.Logger
}

// Service takes the word of sources. Safe for concurrent use.
type Service struct {
	cfg Config
	// setting makes changing the sources one step; badges lets one event of a
	// badge be acted upon at a time.
	setting sync.Mutex
	badges  [64]sync.Mutex

	mu      sync.Mutex
	sources []source
	states  map[string]State
	// told are the sources that other nodes were told of in this life.
	told    map[string]bool
	lines   map[string]Line
	limits  map[string]*rate.Limiter
	wrong   *rate.Limiter
	counts  map[string]uint64
	last    map[string]time.Time // of each reason
	changed chan struct{}        // closed when the sources change
	// damaged is why the sources cannot be read.
	damaged error
}

// Open reads the sources. Where they cannot be read it goes on without, which
// Damaged tells.
func Open(cfg Config) (*Service, error) {
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
		cfg: cfg, told: map[string]bool{}, lines: map[string]Line{}, limits: map[string]*rate.Limiter{}, wrong: rate.NewLimiter(1, strangers),
		counts: map[string]uint64{}, last: map[string]time.Time{}, changed: make(chan struct{}),
	}
	var err error
	if s.sources, s.damaged = readSources(cfg.File); s.damaged != nil {
		cfg.Logger.Error("no staff are fed in", "err", s.damaged)
	}
	if s.states, err = cfg.Keeper.Load(); err != nil {
		return nil, fmt.Errorf("read what feeds told: %w", err)
	}
	if s.states == nil {
		s.states = map[string]State{}
	}
	return s, nil
}

// Damaged is why no source is known here although some were set up, or nil.
func (s *Service) Damaged() error { return s.damaged }

// Outcomes are all that Counts may name.
var Outcomes = []string{"alive", "in", "late", "malformed", "old", "out", "rate", "repeated", "signature", "unknown"}

// Counts are how many events came since the start, by what became of them.
func (s *Service) Counts() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// LastOf is when an event last came, for each of what became of them, since the
// start.
func (s *Service) LastOf() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.last)
}

func (s *Service) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
	s.last[what] = s.cfg.Now()
}

// Problem is what a person can do something about. It holds no personal data.
type Problem struct {
	Key   string
	Limit int
	Hint  string
}

func (p *Problem) Error() string { return p.Hint }

// Refusals of messages.
var (
	ErrSignature = &Problem{Key: "feed.signature", Hint: "no source of this node signed this message, and nothing was recorded: compare the sender's secret with the one that `upprop feed add` printed, and how it signs with Standard Webhooks; a lost secret is replaced with `upprop feed remove` and `add`"}
	ErrTooMany   = &Problem{Key: "feed.too_many", Hint: "too many messages at once, and nothing was done with this one: send it again in a few seconds, or send several events in one message"}
	ErrMalformed = &Problem{Key: "feed.malformed", Hint: `the message cannot be understood, and nothing was recorded: send {"badge":"4512","event":"in","at":"2026-11-27T08:02:14Z"} with "in" or "out", "name" if you like, {"event":"alive"}, or a list of up to 500 of these, in at most 64 KiB`}
	ErrOld       = &Problem{Key: "feed.old", Hint: "the event is more than two days old, and nothing was recorded: send who is inside now"}
)

// Run keeps the lines to brokers and tells other nodes when sources are heard,
// until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { s.runLines(ctx) })
	t := time.NewTicker(tick)
	defer t.Stop()
	var forgot time.Time
	for {
		s.tellAll(ctx)
		if now := s.cfg.Now(); now.Sub(forgot).Abs() > time.Hour {
			if err := s.cfg.Keeper.Forget(func(l Last) bool { return l.forgotten(now) }); err != nil {
				s.cfg.Logger.Error("old badge events could not be forgotten", "err", err)
			}
			forgot = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// tellAll tells other nodes of each source that they have not been told of
// lately, or for the first time after a silence or a start: a cut may have come
// between telling them that a source is over and removing it.
func (s *Service) tellAll(ctx context.Context) {
	if s.cfg.House.Barred() != nil {
		return
	}
	s.mu.Lock()
	all := slices.Clone(s.sources)
	s.mu.Unlock()
	for _, x := range all {
		if err := s.tellOf(ctx, x, false); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("other nodes could not be told of a feed; tried again", "err", err)
		}
	}
}

// Retold is how often other nodes are told that a source is heard, which may be
// silent for so long.
func Retold(quiet time.Duration) time.Duration { return min(tell, quiet/2) }

func (s *Service) tellOf(ctx context.Context, x source, now bool) error {
	s.setting.Lock()
	defer s.setting.Unlock()
	s.mu.Lock()
	st, is := s.state(x)
	now = now || !s.told[x.Name]
	s.mu.Unlock()
	at := s.cfg.Now()
	since := at.Sub(st.Told).Abs()
	after := st.Heard.Sub(st.ToldHeard)
	if !is || !now && since <= retell && (after <= 0 || since <= Retold(x.quiet()) && after <= x.quiet()) {
		return nil
	}
	if err := s.cfg.House.Say(ctx, x.event(st.Heard)); err != nil {
		return err
	}
	s.mu.Lock()
	s.told[x.Name] = true
	s.mu.Unlock()
	// What is told now, and not what is heard by then.
	return s.note(x.Name, func(now *State) { now.Told, now.ToldHeard = at, st.Heard })
}

// note changes a source's state, durably.
func (s *Service) note(name string, change func(*State)) error {
	s.mu.Lock()
	st := s.states[name]
	change(&st)
	s.states[name] = st
	s.mu.Unlock()
	if err := s.cfg.Keeper.Save(name, st); err != nil {
		return fmt.Errorf("remember a feed: %w", err)
	}
	return nil
}
