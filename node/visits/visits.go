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
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/terms"
)

// Replica is what visits asks of the register.
type Replica interface {
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
	ByBadge(record.BadgeCode) ([]record.Presence, error)
	Evidence(record.BadgeCode) ([]record.Stated, error)
	Presence(record.VisitID) (record.Presence, error)
	Open() []record.Presence
	// JoinedTo are those who turned out to be the bearer of a visit.
	JoinedTo(record.VisitID) []record.Presence
	Evacuations() record.Evacuations
	Visits(func(record.Presence) error) error
	// Sync returns when all that ByBadge may have shown is durable.
	Sync() error
	Sealed(record.PartKey) (crdt.SealedPart, error)
	// Standing names what stands of a part, cheaply: another sealing has another
	// name. An error means that nothing stands.
	Standing(record.PartKey) (string, error)
	// Shredded reports whether a visit's particulars are gone for good; cheap.
	Shredded(record.VisitID) bool
	// Stirred counts, in memory, what may have changed of the answers of Standing
	// and Shredded. Ask it before them.
	Stirred(record.VisitID) uint64
	// OpenNow are those of Open, shared and in no order.
	OpenNow() []*record.Presence
	// Changed is closed at the next change.
	Changed() <-chan struct{}
}

// Vault seals and opens particulars.
type Vault interface {
	// Seal makes the entries that keep parts for their audiences; stored must
	// be called when they are durable. They die on the day until. ErrNoKeys when
	// this node has not heard of the campus's keys yet.
	Seal(visit record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (entries []record.SealedEntry, stored func(), err error)
	// Open opens one part; ErrNotForUs where this node may not, ErrLocked while
	// its PIN has not been given.
	Open(k record.PartKey, p crdt.SealedPart) ([]byte, error)
	// Grip is by what Open gets at a part; there are few, each for many.
	Grip(p crdt.SealedPart) (Grip, error)
	// Check reports whether Open would find a key for what has a grip, cheaply: an
	// error means that what was opened before must be forgotten.
	Check(Grip) error
	// SealBearer makes the entries that keep plain for whoever holds secret,
	// until a day.
	SealBearer(visit record.VisitID, version uint32, until record.Day, plain []byte) (entries []record.SealedEntry, secret [16]byte, err error)
	// OpenBearer opens the bearer's part with the secret; on every node.
	OpenBearer(visit record.VisitID, p crdt.SealedPart, secret [16]byte) ([]byte, error)
}

// Grip names a key that opens parts, and the last day on which it may.
type Grip struct {
	Key   [8]byte
	Until record.Day
}

// Errors of a Vault.
var (
	ErrNoKeys   = errors.New("this node has not heard of the campus's keys")
	ErrNotForUs = errors.New("particulars are not for this node")
	ErrNotKept  = crdt.ErrNotKept
	ErrLocked   = errors.New("names are locked until the PIN of this device is given")
)

// Retention is how long days of the register are kept, and a visit's
// particulars at most, in days.
const Retention = terms.Most

// Config is what a Service is made of; Replica, Vault, Node and Place are required.
type Config struct {
	Replica Replica
	Vault   Vault
	// Place is where this node stands; arrivals and departures happen there.
	Place func() record.Place
	// Barred says why nothing that this node records would count, or nil. Nil:
	// never.
	Barred func() error
	// SignQR makes the payload of a QR in this node's name, whatever its Issuer
	// and Sig were. Nil: badges carry the visit alone.
	SignQR func(record.QR) (string, error)
	// Verify judges the signature of a QR by the roster. Nil: nobody is known.
	Verify func(record.QR) Verdict
	// Access is what may be shown on this node now; asked often, and must not
	// block. Nil: everything that the Vault opens.
	Access func() Access
	// Opened is told the visits whose cards were opened because an evacuation
	// runs: each once for each evacuation, in batches, from Run. It may block.
	Opened func([]record.VisitID)
	// Withheld says why no name may be shown at this moment, or nil. Nil: never.
	Withheld func() error
	// Announce is told of an arrival that is about to be committed, and writes
	// down what is to be told of it; its writes are in line before the commit's.
	// It must not wait for the disk. settled, never nil, is called once with
	// whether the visit is durable. Nil: nobody is told.
	Announce func(record.VisitID, Arrival) (settled func(durable bool))
	// Admits says why an invitation admits nobody now, or nil. Nil: they do.
	Admits func(record.VisitID) error
	// Needs says what somebody needs to be welcome who comes as a type, by an
	// invitation or without. Nil: nothing.
	Needs func(kind string, invitation record.VisitID) record.Needs
	// Uses is the visit that began by an invitation and is open, or else the last
	// one; false where there is none. Nil: there is none.
	Uses func(record.VisitID) (record.VisitID, bool)
	// HostMail is where a host whom somebody named is told of the arrival; empty
	// where that is not known. It may wait for a moment. Nil: it is not known.
	HostMail func(ctx context.Context, host record.Private) record.Private
	// Watch compares somebody with the watch list; it may take some hundredths of a
	// second, as long for everybody who tells the same. Nil: there is no list.
	Watch func(Arrival) []record.Match
	// Rules are those of a type of visitor; false where there is none. Nil: there
	// are no rules.
	Rules func(kind string) (Rules, bool)
	// Picture makes of a picture as it was taken the one that is kept, and KeepPhoto
	// keeps it, durably; nil: no photographs are kept.
	Picture   func(raw []byte) (record.Picture, error)
	KeepPhoto func(context.Context, record.Photo) error
	// Today is the day from which retention counts; nil: by Now.
	Today func() record.Day
	// Keep is for how many days the parts of a visit of a type are kept; nil:
	// Retention.
	Keep func(visitorType string) terms.Days
	// Words are the words by which people consent, in a language; nil: those that
	// this program comes with.
	Words func(consent.Purpose, string) consent.Words
	// Date is the date by all that this node has to go by, which its clock alone
	// is not; nil: by Now.
	Date func() record.Day
	// Node is this node: it draws the visits, and a check-out here is its word.
	Node record.NodeID
	Rand io.Reader
	Now  func() time.Time
}

// Service keeps the rules of visits. Safe for concurrent use.
type Service struct {
	cfg   Config
	cards *cards
	// warm has a place for one who asks for cards to be opened ahead, unless all
	// have been forgotten since: how often they were until then.
	warm chan uint64
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Today == nil {
		cfg.Today = func() record.Day { return record.DayOf(cfg.Now()) }
	}
	if cfg.Words == nil {
		cfg.Words = consent.Of(nil).Words
	}
	if cfg.Keep == nil {
		cfg.Keep = terms.Of(nil).For
	}
	if cfg.Date == nil {
		cfg.Date = func() record.Day { return record.DayOf(cfg.Now()) }
	}
	return &Service{cfg: cfg, cards: newCards(), warm: make(chan uint64, 1)}
}
