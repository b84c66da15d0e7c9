// Package crdt is the replicated register: a node's copy of all events of the
// campus, its sealed particulars and its settings. It knows no network and no
// screen, and does not decide what people may do.
//
// Invariant: what Commit and Put have returned without error is on disk,
// folded, and the same on every replica that holds the same entries.
//
// It is the only importer of automerge-go.
package crdt

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Errors of a Replica, matched with errors.Is.
var (
	// ErrClosed means that the replica has been closed.
	ErrClosed = errors.New("replica is closed")
	// ErrUnknownVisit means that no arrival of the visit is known here.
	ErrUnknownVisit = errors.New("visit is not known here")
	// ErrErased means that the visit's key has been shredded.
	ErrErased = errors.New("particulars have been erased")
	// ErrNotKept means that a Locker can keep no more keys now.
	ErrNotKept = errors.New("the keys of a visit could not be kept")
	// ErrExpired means that the date has passed until which the visit's
	// particulars could be read.
	ErrExpired = errors.New("particulars have expired")
)

// Config says how a replica is made. All fields without a default must be set.
type Config struct {
	// Store keeps everything; the replica does not close it.
	Store store.Store
	// Node is this node; Site is where its events are filed.
	Node record.NodeID
	Site record.SiteID
	// Sign is the node's signature under envelope.Domain.
	Sign func(root []byte) []byte
	// Check says whether sig is node's signature of root; false for unknown
	// nodes. It must not block.
	Check func(node record.NodeID, root, sig []byte) bool
	// MayEdit says whether a node's changes to the settings count. Nil: all.
	MayEdit func(record.NodeID) bool
	// MaySeal says whose sealings for an audience outrank those of others, beside
	// those of who drew the visit. It must be the same on every node. Nil: all.
	MaySeal func(record.NodeID, record.Audience) bool
	// Standing judges an event by its writer's place in the roster. Nil: all
	// are counted.
	Standing func(record.EventID) record.Standing
	// Locker encrypts key records for rest. Nil: they rest as they came, and
	// shredding destroys nothing (tests).
	Locker Locker
	// RetainDays is how many days a day document is kept. Default 60.
	RetainDays int
	// GuardFile is where the change that is being applied is noted, so that
	// one that aborts the process is found at restart. Empty: none.
	GuardFile string
	// Aborted says that the process that used the GuardFile last ended by its
	// own fault and was not killed, so that what the file names is to blame.
	Aborted bool
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Today is the day under which this node files what it writes, for a node
	// that knows better than its clock. It must not block and not call the
	// replica. Default: that of Now.
	Today func() record.Day
	// Rand is the source of the incarnation. Default crypto/rand.
	Rand io.Reader
	// Logger gets static messages without personal data. Default: discard.
	Logger *slog.Logger
}

// Replica is a node's copy of the register. Safe for concurrent use.
type Replica struct {
	cfg Config
	// store tells stirred of what it writes; quiet is the same, and does not.
	store, quiet store.Store
	stirred      *stirred
	clock        *record.Clock
	verifier     *envelope.Verifier
	log          *slog.Logger

	// writing guards the order of the log: what is assigned to whom.
	writing sync.Mutex
	actor   record.ActorID
	opened  time.Time // monotonic
	heads   vectors
	// slots counts each author's in heads; maxSlots is the constant, but in tests.
	slots    map[record.NodeID]int
	maxSlots int
	// parsed are the names of documents that docOf has been asked about.
	parsed  map[record.DocID]record.Doc
	chains  map[slot][32]byte
	feedEnd uint64
	docs    *documents
	campus  *campus
	guard   *guard
	blocked map[slot]string
	locker  Locker
	awaited awaited
	acts    actsChain
	lost    lostKeys
	shreds  shredder
	// closing is the first day that stays when a drop under way has ended.
	closing  record.Day
	dropping sync.Mutex

	// carriedTo is how far own documents were carried over in this life.
	carried   sync.Mutex
	carriedTo map[slot]uint64

	dated    sync.Mutex
	lastDate time.Time

	requests chan *request
	finish   chan *flight
	done     sync.WaitGroup
	stop     chan struct{}
	stopOnce sync.Once

	// state guards what readers see: only what is durable and folded, but for
	// what early adds to visits.
	state state
	early earlyEvents
}

// Open reads a replica back from its store. It returns when everything that
// was ever acknowledged is folded.
func Open(cfg Config) (*Replica, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.RetainDays == 0 {
		cfg.RetainDays = 60
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Replica{
		cfg:       cfg,
		opened:    time.Now(),
		quiet:     cfg.Store,
		stirred:   &stirred{},
		clock:     record.NewClock(cfg.Now),
		verifier:  &envelope.Verifier{Check: cfg.Check},
		log:       cfg.Logger,
		heads:     vectors{},
		slots:     map[record.NodeID]int{},
		maxSlots:  maxSlots,
		parsed:    map[record.DocID]record.Doc{},
		chains:    map[slot][32]byte{},
		blocked:   map[slot]string{},
		locker:    cfg.Locker,
		awaited:   awaited{},
		shreds:    newShredder(),
		carriedTo: map[slot]uint64{},
		requests:  make(chan *request),
		finish:    make(chan *flight, 256),
		stop:      make(chan struct{}),
	}
	r.store = watched{r.quiet, r.stirred}
	if r.locker == nil {
		r.locker = noLocker{}
	}
	r.state.init()
	if err := r.newActor(); err != nil {
		return nil, err
	}
	r.docs = newDocuments(r)
	r.campus = newCampus()
	if err := r.load(); err != nil {
		r.guard.close()
		return nil, fmt.Errorf("open replica: %w", err)
	}
	r.done.Add(3)
	go r.commitLoop()
	go r.finishLoop()
	go r.shredLoop()
	return r, nil
}

// Close ends the replica after the commits that are under way. Idempotent.
func (r *Replica) Close() error {
	r.stopOnce.Do(func() {
		close(r.stop)
		r.done.Wait()
		r.guard.close()
	})
	return nil
}

// Clock is the replica's hybrid logical clock.
func (r *Replica) Clock() *record.Clock { return r.clock }

// Actor is what this incarnation of the node writes as.
func (r *Replica) Actor() record.ActorID {
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.actor
}

// newActor starts a new incarnation: nothing written as the old actor is
// continued. Callers hold writing, but for Open.
func (r *Replica) newActor() error {
	var random [8]byte
	if _, err := io.ReadFull(r.cfg.Rand, random[:]); err != nil {
		return fmt.Errorf("draw an incarnation: %w", err)
	}
	ms := r.cfg.Now().UnixMilli()
	if old := r.actor; old != (record.ActorID{}) {
		// Incarnations order by their start, also within one millisecond.
		ms = max(ms, incarnationStart(old)+1)
	}
	r.actor = record.NewActor(r.cfg.Node, ms, random)
	return nil
}

func incarnationStart(a record.ActorID) int64 {
	var ms int64
	for _, b := range a[16:24] {
		ms = ms<<8 | int64(b)
	}
	return ms
}
