// Package privacy is for the person who wants to have gone what is stored
// about them: erasures and who has confirmed them, corrections, and what a
// node must have heard before it shows a name. It holds no key, shows nothing
// to anyone, and decides nothing about visits.
//
// Invariant: an erasure is on record, durably, before Erase returns; and
// nobody counts as having confirmed one but by a receipt of its own.
package privacy

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// Problem is what a person can do something about: a key for programs and
// screens, and a sentence for commands. It never holds personal data.
type Problem struct {
	Key  string
	Hint string
}

func (p *Problem) Error() string { return p.Hint }

// Problems, matched with errors.Is.
var (
	ErrUnknownVisit   = &Problem{"erase.unknown_visit", "no such visit is known at this node: check the code against `upprop visit list`; if the visit is of another node, wait until both are connected or erase it there"}
	ErrNoVisits       = &Problem{"erase.no_visits", "no visit is named: say which one to erase, by the code that `upprop visit list --json` shows"}
	ErrTooMany        = &Problem{"erase.too_many", "too many visits are to be erased at once: erase 4096 at most, then the next"}
	ErrUnknownErasure = &Problem{"erase.unknown_erasure", "no such erasure is known at this node: check the code; an erasure is forgotten some time after its deadline date, when the keys are gone everywhere without it"}
	ErrNotDesk        = &Problem{"privacy.not_desk", "this node may not do that: do it at a desk, or at a node that may let others in"}
	ErrUnknownNode    = &Problem{"node.unknown", "there is no node of that name in the campus: look at `upprop nodes`"}
	ErrWriteOffSelf   = &Problem{"node.write_off_self", "a node cannot write itself off, since it is here: do it for the one that was destroyed"}
	ErrWriteOffAlive  = &Problem{"node.write_off_alive", "that node was heard within the last hour, so it is not destroyed: wait for its receipt; if it was stolen, revoke it first: `upprop node revoke NAME`"}
)

// ErasureBy is one erasure of a visit.
type ErasureBy struct {
	ID record.ErasureID
	At record.HLC
	By record.NodeID
}

// Shred is a visit that is to be erased everywhere, or has been.
type Shred struct {
	Visit    record.VisitID
	Erasures []ErasureBy
	// Until is the deadline of what was sealed, zero where it is not known.
	Until record.Day
}

// Register is what privacy asks of the replica. Errors are the replica's.
type Register interface {
	// Act writes acts as one entry and returns when it is durable; a zero time
	// is filled in.
	Act(ctx context.Context, acts []record.Act) error
	// Known reports whether anything is retained here about a visit.
	Known(record.VisitID) (bool, error)
	Shreds() ([]Shred, error)
	Erasure(record.ErasureID) (visits []record.VisitID, at record.HLC, by record.NodeID, ok bool, err error)
	Receipts(record.VisitID) (map[record.NodeID]record.HLC, error)
}

// Settings are the settings of the campus.
type Settings interface {
	Settings(prefix string) []crdt.Setting
	// Set writes settings, durably.
	Set(ctx context.Context, s ...crdt.Setting) error
}

// Roster says who is in the campus.
type Roster interface {
	Member(identity.NodeID) (identity.Member, bool)
	Members() []identity.Member
	ByName(string) (identity.Member, bool)
}

// Config is what a Service is made of; Now, Gone and Logger have defaults.
type Config struct {
	Register Register
	Settings Settings
	Roster   Roster
	Self     identity.NodeID
	// LastHeard is when a member was last known to live; zero: never.
	LastHeard func(identity.NodeID) time.Time
	// Since is when the particulars of a visit may first have been sealed;
	// zero where that is not known.
	Since func(record.VisitID) time.Time
	// Stands is the day until which an erasure must stand beyond the dates of the
	// keys that it destroys; zero, or nil: it need not.
	Stands func(record.VisitID) record.Day
	// Gone is the last date whose keys have died, here or at a member whose word
	// counts; nil: none have.
	Gone   func() record.Day
	Now    func() time.Time
	Logger *slog.Logger
}

// Service keeps the rules of erasing. Safe for concurrent use.
type Service struct {
	cfg Config
	// erasing lets one erasure be written at a time, so that the same visit
	// gives the same erasure.
	erasing sync.Mutex
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Gone == nil {
		cfg.Gone = func() record.Day { return 0 }
	}
	if cfg.Since == nil {
		cfg.Since = func(record.VisitID) time.Time { return time.Time{} }
	}
	if cfg.Stands == nil {
		cfg.Stands = func(record.VisitID) record.Day { return 0 }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{cfg: cfg}
}

// may says whether this node's operators act for the campus.
func (s *Service) may() error {
	m, ok := s.cfg.Roster.Member(s.cfg.Self)
	if !ok || m.Revoked != nil || m.Role != identity.RoleDesk && !m.MayIssue {
		return ErrNotDesk
	}
	return nil
}
