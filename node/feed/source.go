package feed

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/signed"
)

// source is one system whose word counts here.
type source struct {
	Name   string       `json:"name"`
	Place  record.Place `json:"place,omitzero"`
	Quiet  int          `json:"quiet_minutes"`
	MQTT   *MQTT        `json:"mqtt,omitempty"`
	Secret []byte       `json:"secret"`
	MadeAt time.Time    `json:"made_at"`
}

func (x source) quiet() time.Duration { return time.Duration(x.Quiet) * time.Minute }

// event tells other nodes of the source.
func (x source) event(heard time.Time) record.Event {
	e := record.Event{Kind: record.Fed, Place: x.Place, Feed: record.FeedName(x.Name), Quiet: uint32(x.Quiet)}
	if !heard.IsZero() {
		e.Since = record.HLCOf(heard)
	}
	return e
}

// mac derives from the source's secret what stands for a text of one use.
func (x source) mac(use string, parts ...string) []byte {
	m := hmac.New(sha256.New, x.Secret)
	_, _ = fmt.Fprintf(m, "upprop feed %s\x00", use)
	for _, p := range parts {
		_, _ = fmt.Fprintf(m, "%d\x00%s", len(p), p)
	}
	return m.Sum(nil)
}

// Source is what may be told of a source.
type Source struct {
	Name string
	// Place is where those come and go of whom it tells.
	Place record.Place
	// Quiet is for how long it may be silent before that is said.
	Quiet time.Duration
	// MQTT is where it is heard besides HTTP; nil: nowhere. Line is how that
	// goes.
	MQTT   *MQTT
	Line   Line
	MadeAt time.Time
	State  State
}

// ClockOff reports whether its clock was off when it was last heard.
func (x Source) ClockOff() bool { return x.State.Timed && x.State.Off.Abs() > Slack }

// Silent reports whether it has not been heard for longer than it may.
func (x Source) Silent(now time.Time) bool { return now.Sub(x.State.Heard) > x.Quiet }

// Request asks for a source.
type Request struct {
	Name string
	// Zone and Entrance are where those come and go of whom it tells; empty: where
	// the node stands. The site is the node's.
	Zone     record.ZoneID
	Entrance record.EntranceID
	// Quiet is for how long it may be silent; zero: DefaultQuiet.
	Quiet time.Duration
	MQTT  *MQTT
}

// Sources are all sources of this node, in order of name.
func (s *Service) Sources() (out []Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.sources {
		out = append(out, Source{x.Name, x.Place, x.quiet(), x.MQTT.clone(), s.lines[x.Name], x.MadeAt, s.states[x.Name]})
	}
	return out
}

// Add sets up a source, durably, tells the other nodes of it, and returns its
// secret, which is told this once. Errors: *Problem, those of House.Say.
func (s *Service) Add(ctx context.Context, r Request) (secret string, err error) {
	if err := s.cfg.House.Barred(); err != nil {
		return "", err
	}
	at := s.cfg.House.Place()
	if r.Entrance != "" || r.Zone != "" {
		at = record.Place{Site: at.Site, Zone: r.Zone, Entrance: cmp.Or(r.Entrance, at.Entrance)}
	}
	x := source{
		Name: strings.TrimSpace(norm.NFC.String(r.Name)), Place: at, Quiet: int(cmp.Or(r.Quiet, DefaultQuiet) / time.Minute),
		MQTT: r.MQTT.clone(), Secret: signed.NewSecret(), MadeAt: s.cfg.Now().UTC(),
	}
	if err := s.set(x); err != nil {
		return "", err
	}
	s.cfg.Record("feed.add", x.Name)
	return signed.SecretText(x.Secret), s.tellOf(ctx, x, true)
}

func (s *Service) set(x source) error {
	s.setting.Lock()
	defer s.setting.Unlock()
	s.mu.Lock()
	all := slices.Clone(s.sources)
	s.mu.Unlock()
	switch {
	case s.damaged != nil:
		return &Problem{Key: "feed.damaged", Hint: "the file feeds.json in the data folder cannot be read, and nothing was saved: put it back from a copy, or delete it and set all feeds up again; then start upprop anew"}
	case record.CheckPlaceName(x.Name) != nil:
		return &Problem{Key: "feed.name", Hint: "that cannot name a feed: write at most 64 bytes, without slashes or control characters, not beginning with a hyphen"}
	case slices.ContainsFunc(all, func(y source) bool { return y.Name == x.Name }):
		return &Problem{Key: "feed.taken", Hint: "there is a feed of that name already: choose another, or remove that one first; its secret is not told again"}
	case x.Place.Zone != "" && record.CheckPlaceName(string(x.Place.Zone)) != nil, x.Place.Entrance != "" && record.CheckPlaceName(string(x.Place.Entrance)) != nil:
		return &Problem{Key: "feed.place", Hint: "that cannot name a zone or an entrance, and nothing was saved: write at most 64 bytes, without slashes or control characters"}
	case x.quiet() < MinQuiet || x.quiet() > MaxQuiet:
		return &Problem{Key: "feed.quiet", Hint: "a feed may be silent for five minutes at least and seven days at most before that is said, and nothing was saved: give --quiet between 5m and 168h"}
	case len(all) >= MaxSources:
		return &Problem{Key: "feed.many", Limit: MaxSources, Hint: fmt.Sprintf("this node has %d feeds already, which is as many as it may have: remove one first", MaxSources)}
	}
	if x.MQTT != nil {
		if err := x.MQTT.check(); err != nil {
			return err
		}
	}
	// One of that name that was removed may have left what was known of it.
	s.forget(x.Name)
	return s.replace(append(all, x))
}

// forget lets go of what is known of a source.
func (s *Service) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.states, name)
	delete(s.limits, name)
	delete(s.told, name)
}

// Remove ends a source: its word counts no more, and other nodes are told. Who
// is inside by its word stays on the lists. Errors: *Problem, those of
// House.Say.
func (s *Service) Remove(ctx context.Context, name string) error {
	s.setting.Lock()
	defer s.setting.Unlock()
	name = strings.TrimSpace(norm.NFC.String(name))
	s.mu.Lock()
	i := slices.IndexFunc(s.sources, func(x source) bool { return x.Name == name })
	if i < 0 {
		s.mu.Unlock()
		return &Problem{Key: "feed.unknown", Hint: "this node has no feed of that name: write it as `upprop feed list` does"}
	}
	x, heard := s.sources[i], s.states[name].Heard
	all := slices.Delete(slices.Clone(s.sources), i, i+1)
	s.mu.Unlock()
	over := x.event(heard)
	over.Quiet = 0
	// First said, then done: a feed of which nobody is told that it is over would
	// be called silent for as long as days are kept. Where it is not done after
	// all, tellAll takes that back.
	s.mu.Lock()
	delete(s.told, name)
	s.mu.Unlock()
	if err := s.cfg.House.Say(ctx, over); err != nil {
		return err
	}
	if err := s.replace(all); err != nil {
		return err
	}
	s.cfg.Record("feed.remove", name)
	s.forget(name)
	if err := s.cfg.Keeper.Save(name, State{}); err != nil {
		return fmt.Errorf("forget a feed: %w", err)
	}
	return nil
}

// replace writes the sources and then goes by them.
func (s *Service) replace(all []source) error {
	slices.SortFunc(all, func(a, b source) int { return cmp.Compare(a.Name, b.Name) })
	if err := signed.WriteSources(s.cfg.File, kept, all); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = all
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// what the file holds, in errors.
const kept = "feeds of staff"

func readSources(path string) ([]source, error) {
	return signed.ReadSources(path, kept, MaxSources, func(x source) bool { return len(x.Secret) >= signed.MinSecret && x.Name != "" && x.quiet() >= MinQuiet })
}
