// Package visits holds the rules of a visit: check-in, check-out and the list.
// It is not the muster (evac is) and shows nothing to anyone.
//
// Invariant: CheckIn and CheckOut return without error only when what they say
// is durable on this node.
package visits

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// Replica is what visits asks of the register.
type Replica interface {
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
	ByBadge(record.BadgeCode) ([]record.Presence, error)
	Evidence(record.BadgeCode) ([]record.Stated, error)
	Presence(record.VisitID) (record.Presence, error)
	Open() []record.Presence
	Visits(func(record.Presence) error) error
	// Sync returns when all that ByBadge may have shown is durable.
	Sync() error
	Sealed(record.PartKey) (crdt.SealedPart, error)
}

// Vault seals and opens particulars.
type Vault interface {
	// Seal makes the entries that keep parts for their audiences; stored must
	// be called when they are durable. ErrNoKeys when this node has not heard
	// of the campus's keys yet.
	Seal(visit record.VisitID, version uint32, parts map[record.Audience][]byte) (entries []record.SealedEntry, stored func(), err error)
	// Open opens one part; ErrNotForUs where this node may not.
	Open(k record.PartKey, p crdt.SealedPart) ([]byte, error)
}

// Errors of a Vault.
var (
	ErrNoKeys   = errors.New("this node has not heard of the campus's keys")
	ErrNotForUs = errors.New("particulars are not for this node")
)

// Retention is how long a visit's particulars are kept, in days.
const Retention = 30

// Config is what a Service is made of; Rand and Now have defaults.
type Config struct {
	Replica Replica
	Vault   Vault
	// Place is where this node stands; arrivals and departures happen there.
	Place func() record.Place
	// Barred says why nothing that this node records would count, or nil. Nil:
	// never.
	Barred func() error
	Rand   io.Reader
	Now    func() time.Time
}

// Service keeps the rules of visits. Safe for concurrent use.
type Service struct {
	cfg   Config
	cards *cards
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg, cards: newCards()}
}
