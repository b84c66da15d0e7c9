// Package notify tells people: a host that a visitor has come, and those
// inside, who agreed to it, that the alarm goes. What is to be sent lies in an
// outbox in the node's store until it has been sent or given up. It decides
// neither who is inside nor whether an evacuation runs, and marks nobody safe:
// what a link in a message leads to is not its business.
//
// Invariant: what the outbox holds of a visit is sent at least once by the node
// that wrote it and by no other, unless the visit is erased first: then it is
// removed and never sent. No address and no text rests in clear, and none is in
// a log, an error or a metric.
package notify

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Replica is what notify asks of the register.
type Replica interface {
	Open() []record.Presence
	Presence(record.VisitID) (record.Presence, error)
	Evacuations() record.Evacuations
	// Shredded reports whether a visit's particulars are gone for good; cheap.
	Shredded(record.VisitID) bool
	// Changed is closed at the next change.
	Changed() <-chan struct{}
}

// Keys lock texts for rest, so that they can be destroyed. *seal.Vault
// implements it.
type Keys interface {
	Lock(date record.Day, ad, plain []byte) ([]byte, error)
	Unlock(date record.Day, ad, locked []byte) ([]byte, error)
	Renew(date record.Day) error
	Retire(date record.Day) error
	Unfinished() []record.Day
}

// Claim is a node's word that it sends the messages of a start, or has.
type Claim struct {
	Node record.NodeID
	At   record.HLC
	Done bool
}

// Config is what a Service is made of; the first five are required.
type Config struct {
	Store   store.Store
	Keys    Keys
	Replica Replica
	// Self is this node.
	Self record.NodeID
	// File is where the channels are kept.
	File string
	// Place is where this node stands.
	Place func() record.Place
	// Opens reports whether this node's role opens dossiers, and Dossier opens
	// one. Nil: it opens none.
	Opens   func() bool
	Dossier func(record.VisitID) (record.Dossier, error)
	// Rank is how many desks that are in touch come before this one, and InTouch
	// whether a node is. Nil: none is.
	Rank    func() int
	InTouch func(record.NodeID) bool
	// Claims are the claims on a start, in order of time. Claim puts one of this
	// node on record, durable when it returns. Nil: there are none.
	Claims func(record.EvacID) ([]Claim, error)
	Claim  func(ctx context.Context, start record.EvacID, done bool) error
	// Host is who a visit's host is, by address where that is known. Reminded says
	// whether a desk has put on record that it asks about a visit, and Remind puts
	// that of this node there, durable when it returns. Nil: nobody is asked.
	Host     func(context.Context, record.VisitID) (record.Private, error)
	Reminded func(record.VisitID) (bool, error)
	Remind   func(context.Context, record.VisitID) error
	// SignLink makes a link's token in this node's name. Nil: messages have no
	// link.
	SignLink func(record.Link) (string, error)
	// Points are the muster points of a site, as people know them. Nil: none.
	Points func(record.SiteID) []string
	// Barred says why nothing that this node does counts, or nil. Nil: never.
	Barred func() error
	// Now is the clock; nil means time.Now. Zone is that of times in texts; nil
	// means time.Local.
	Now    func() time.Time
	Zone   *time.Location
	Logger *slog.Logger
}

// Service sends what is to be told. Safe for concurrent use.
type Service struct {
	cfg  Config
	poke chan struct{}

	// boxing serialises what locks texts with what renews the key.
	boxing sync.Mutex

	mu       sync.Mutex
	settings Settings
	entries  map[ID]Entry
	// active are those that have not been sent or given up.
	active map[ID]bool
	busy   map[ID]bool
	// unsaved are those whose new state the disk has not taken.
	unsaved map[ID]bool
	// stale: what rests under the key may be openable though it was sent or
	// erased; since when.
	stale  time.Time
	erased bool
	health map[string]health
	totals map[total]uint64
	starts map[record.EvacID]*watched

	// reminded are open visits that need not be asked about, reminding when that
	// was looked at last. Run's alone.
	reminded  map[record.VisitID]bool
	reminding time.Time

	// senders makes the sender of a channel; false where there is none.
	senders func(Settings, string) (sender, bool)
}

// health is how a channel does: since when it has been failing, and why.
type health struct {
	since time.Time
	why   string
}

type total struct{ channel, state string }

// New makes a Service and reads the outbox and the channels. Nothing is sent
// before Run.
func New(cfg Config) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Place == nil {
		cfg.Place = func() record.Place { return record.Place{} }
	}
	if cfg.Opens == nil || cfg.Dossier == nil {
		cfg.Opens = func() bool { return false }
	}
	if cfg.Rank == nil {
		cfg.Rank = func() int { return 0 }
	}
	if cfg.InTouch == nil {
		cfg.InTouch = func(record.NodeID) bool { return false }
	}
	if cfg.Claims == nil || cfg.Claim == nil {
		cfg.Claims = func(record.EvacID) ([]Claim, error) { return nil, nil }
		cfg.Claim = func(context.Context, record.EvacID, bool) error { return nil }
	}
	if cfg.Host == nil || cfg.Reminded == nil || cfg.Remind == nil {
		cfg.Host = func(context.Context, record.VisitID) (record.Private, error) { return "", nil }
		cfg.Reminded = func(record.VisitID) (bool, error) { return true, nil }
	}
	if cfg.Points == nil {
		cfg.Points = func(record.SiteID) []string { return nil }
	}
	if cfg.Barred == nil {
		cfg.Barred = func() error { return nil }
	}
	s := &Service{
		cfg: cfg, poke: make(chan struct{}, 1), entries: map[ID]Entry{}, active: map[ID]bool{}, busy: map[ID]bool{}, unsaved: map[ID]bool{},
		health: map[string]health{}, totals: map[total]uint64{}, starts: map[record.EvacID]*watched{}, senders: channelOf,
		reminded: map[record.VisitID]bool{},
	}
	var err error
	if s.settings, err = loadSettings(cfg.File); err != nil {
		return nil, err
	}
	return s, s.load()
}

func (s *Service) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// Settings are the channels in use. The slices are shared: do not change them.
func (s *Service) Settings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// Change edits the channels; the edit is durable when it returns. Errors:
// *Problem, or what the file system says.
func (s *Service) Change(edit func(*Settings) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.settings.clone()
	if err := edit(&next); err != nil {
		return err
	}
	if err := next.check(); err != nil {
		return err
	}
	if err := next.save(s.cfg.File); err != nil {
		return err
	}
	s.settings = next
	clear(s.health)
	s.wake()
	return nil
}
