// Package alarm starts and ends evacuations and drills, and takes down what is
// said of people and zones while one runs. It counts nobody (evac does), and
// opens nobody's name: what an evacuation opens is said in access.
//
// Invariant: what returns without error is durable on this node; nothing here
// needs a network, and nothing takes back what was said but by saying so.
package alarm

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// Replica is what alarm asks of the register.
type Replica interface {
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
	Evacuations() record.Evacuations
	// Calls are what was said to and from refuges.
	Calls() record.Calls
	// ByBadge are the visits that carry a badge code, and Evidence all that was
	// written about them.
	ByBadge(record.BadgeCode) ([]record.Presence, error)
	Evidence(record.BadgeCode) ([]record.Stated, error)
	// JoinedTo are those who turned out to be the bearer of a visit.
	JoinedTo(record.VisitID) []record.Presence
	// Sync returns when all that ByBadge may have shown is durable.
	Sync() error
}

// Sealer seals what is told of somebody who is on no list, as a check-in seals
// a card.
type Sealer interface {
	// Draw draws a visit whose badge code is free.
	Draw() (record.VisitID, error)
	// Describe makes the entries that keep a text as the name on a visit's card,
	// until a day; stored must be called when they are durable.
	Describe(visit record.VisitID, text record.Private) (entries []record.SealedEntry, stored func(), until record.Day, err error)
}

// Config is what a Service is made of; Replica, Node and Place are required, and
// Sealer for Add.
type Config struct {
	Replica Replica
	Sealer  Sealer
	// Node is this node: what is said here is its own word, once.
	Node record.NodeID
	// Place is where this node stands.
	Place func() record.Place
	// Known says whether there is a site of this name. Nil: there is.
	Known func(record.SiteID) bool
	// KnownPoint says whether somebody has set up a muster point of this name.
	// Nil: all are known.
	KnownPoint func(record.PointName) bool
	// Forged reports whether a QR was not made by the node that it names. Nil:
	// none is.
	Forged func(record.QR) bool
	// Barred says why nothing that this node records would count, or nil. Nil:
	// never.
	Barred func() error
	// Record is told what was done, to which visit if to any, and in which
	// evacuation, once it is durable. It must not block. Nil: nobody is.
	Record func(what string, visit record.VisitID, note string)
	// Now is the node's clock; nil: time.Now.
	Now  func() time.Time
	Rand io.Reader
}

// Service starts and ends evacuations. Safe for concurrent use.
type Service struct{ cfg Config }

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Barred == nil {
		cfg.Barred = func() error { return nil }
	}
	if cfg.Record == nil {
		cfg.Record = func(string, record.VisitID, string) {}
	}
	if cfg.KnownPoint == nil {
		cfg.KnownPoint = func(record.PointName) bool { return true }
	}
	if cfg.Forged == nil {
		cfg.Forged = func(record.QR) bool { return false }
	}
	return &Service{cfg}
}

// MaxReason is the longest reason of an end, in characters.
const MaxReason = 200

// Running is what runs, as far as this node knows, for a site or for any;
// false when nothing does.
func (s *Service) Running(site record.SiteID) (record.Evacuation, bool) {
	return s.cfg.Replica.Evacuations().Running(site)
}

// Start starts an evacuation, or a drill, of a site, or of the whole campus
// when site is empty. Where one runs already that is as wide and as real, none
// begins, and what runs is this node's word from then on, too. It returns what
// runs for the site then, under the id of its earliest real start, or of its
// earliest where all are drills: a real alarm during a drill is answered with the
// alarm. Errors: *Problem, the Barred one.
func (s *Service) Start(ctx context.Context, drill bool, site record.SiteID) (record.Evacuation, error) {
	if err := s.cfg.Barred(); err != nil {
		return record.Evacuation{}, err
	}
	if err := s.checkSite(site); err != nil {
		return record.Evacuation{}, err
	}
	running, _ := s.Running(site)
	covered, err := s.covered(ctx, running, drill, site)
	if err == nil && !covered {
		err = s.begin(ctx, drill, site)
	}
	if err != nil {
		return record.Evacuation{}, err
	}
	running, _ = s.Running(site)
	return running, nil
}

// End ends everything that this node has heard of and that runs. A start that
// it has not heard of runs on. Errors: ErrNone, *Problem, the Barred one.
func (s *Service) End(ctx context.Context, reason string) (record.Evacuation, error) {
	if err := s.cfg.Barred(); err != nil {
		return record.Evacuation{}, err
	}
	reason, err := checked(reason)
	if err != nil {
		return record.Evacuation{}, err
	}
	running, on := s.Running("")
	if !on {
		return record.Evacuation{}, ErrNone
	}
	event := record.Event{Kind: record.EvacEnded, Reason: reason, Place: s.cfg.Place()}
	for part := range slices.Chunk(running.IDs(), maxStarts) {
		event.Starts = part
		if _, err := s.write(ctx, crdt.Draft{Event: &event}); err != nil {
			return record.Evacuation{}, fmt.Errorf("end evacuation: %w", err)
		}
	}
	s.cfg.Record("evacuation.end", record.VisitID{}, running.ID.String())
	return running, nil
}

// maxStarts is how many starts one event names.
const maxStarts = 256
