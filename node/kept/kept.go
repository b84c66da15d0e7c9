// Package kept keeps what must outlive the day of its visit: signed documents,
// each for its own time, and what a legal hold is about. It copies that, no more,
// into a sealed record of its own, seals the record anew while it must live, and
// lets it die. It decides nothing about visits and shows nothing on a screen.
//
// Invariant: what is kept is sealed to no key that outlives its end, so that it is
// gone then on every node without a message, whoever runs.
package kept

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/terms"
)

// Problem is what a person can do something about. It holds no personal data.
type Problem = sheet.Problem

// Replica is what is asked of the register.
type Replica interface {
	KeyRecords(fn func(crdt.KeyRecord) error) error
	Sealed(record.PartKey) (crdt.SealedPart, error)
	Presence(record.VisitID) (record.Presence, error)
	Evidence(record.BadgeCode) ([]record.Stated, error)
	Shredded(record.VisitID) bool
	Settings(prefix string) []crdt.Setting
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
}

// Vault seals and opens.
type Vault interface {
	Seal(id record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (entries []record.SealedEntry, stored func(), err error)
	Open(k record.PartKey, p crdt.SealedPart) ([]byte, error)
	// Dies is the date of the key that a wrapped key is for; false where it is not
	// known here.
	Dies(wrap []byte) (record.Day, bool)
	// Reach is the date of the key that would be sealed to until a date; zero:
	// there is none.
	Reach(until record.Day) record.Day
}

// Index is what this node remembers of what is kept: until when, by id. Nothing in
// it is of a person. All is durable when it returns.
type Index interface {
	Until(record.VisitID) (record.Day, bool)
	All() (map[record.VisitID]record.Day, error)
	Put(map[record.VisitID]record.Day) error
	Delete(...record.VisitID) error
	// Lost is how many were lost before their end, and when that was last noticed.
	Lost() (Lost, error)
	PutLost(Lost) error
}

// Lost is how much was lost that should have been kept.
type Lost struct {
	Count int       `json:"count"`
	At    time.Time `json:"at"`
}

// Config is what a Service is made of; By, Now and Logger have defaults.
type Config struct {
	Replica Replica
	Vault   Vault
	Index   Index
	// Desk reports whether this node opens dossiers, and its word counts.
	Desk func() bool
	// Withheld says why nothing may be opened at this moment, or nil.
	Withheld func() error
	// Today is the date, and whether it may be gone by.
	Today func() (record.Day, bool)
	// Terms are those that hold now.
	Terms func() terms.Terms
	// Documents are the ids of all documents that there are or were.
	Documents func() []string
	// Rank is how many connected desks come before this one, which do it first.
	Rank func() int
	// Settled reports whether all that others hold is held here.
	Settled func() bool
	// Erase has what is kept destroyed on every node, although no date has come.
	Erase func(ctx context.Context, ids ...record.VisitID) error
	Self  record.NodeID
	// Reason judges a reason that will stand on every node, about a visit.
	Reason func(v record.VisitID, reason string) error
	// NameOf is what a node is called.
	NameOf func(record.NodeID) string
	// By is by whom acts are done that come through this node.
	By     string
	Now    func() time.Time
	Logger *slog.Logger
}

// Service keeps what must be kept. Safe for concurrent use.
type Service struct {
	cfg  Config
	wake chan struct{}
	*state
}

// state is shared by all that As gives.
type state struct {
	// keeping is held by who seals: versions are counted on.
	keeping sync.Mutex
	// looked are the versions of dossiers that have nothing to be kept, or have it
	// kept; noticed since when something waits for a desk that comes before.
	looked  map[record.VisitID]uint32
	noticed map[record.VisitID]time.Time
	// holding is held for writing while a hold is made, and for reading while
	// something is erased.
	holding sync.RWMutex
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.By == "" {
		cfg.By = "operator at this node"
	}
	return &Service{
		cfg: cfg, wake: make(chan struct{}, 1),
		state: &state{looked: map[record.VisitID]uint32{}, noticed: map[record.VisitID]time.Time{}},
	}
}

// As is the same service for what somebody does who is named on record so; it is
// an operator's id, never a name.
func (s *Service) As(by string) *Service {
	one := *s
	one.cfg.By = by
	return &one
}

// Wake has Run look at once.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run keeps what must be kept, every quarter of an hour and when it is woken,
// until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(15 * time.Minute)
	defer tick.Stop()
	for {
		if err := s.Step(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("what must be kept could not be looked after; tried again later", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// act is a draft of an act on record.
func (s *Service) act(what, note string, visits ...record.VisitID) crdt.Draft {
	return crdt.Draft{Acts: []record.Act{{Kind: record.ActAudit, What: what, By: s.cfg.By, Note: note, Visits: visits}}}
}

// Until is the day until which the erasure of something kept must stand, so that
// nobody who was away brings it back; zero for what is none.
func (s *Service) Until(id record.VisitID) record.Day {
	if !id.IsKept() {
		return 0
	}
	if d, ok := s.cfg.Index.Until(id); ok {
		return d
	}
	return record.DayOf(s.cfg.Now()) + record.MostKept
}
