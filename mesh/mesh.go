// Package mesh replicates opaque, self-authenticating entries between the
// members of a campus over a network of streams: it pushes what is new, repairs
// by pulling what is missing, keeps members connected and their rosters equal,
// and says how fresh each member's entries are here. It knows no visitor and
// reads no entry, and it is not a store: what it moves lives in the [Log].
// DESIGN.md tells the flows.
//
// Invariant: whatever is lost, delayed or refused on the way, a member that
// can be reached, directly or over others, ends up with the same entries.
package mesh

import (
	"context"
	"errors"
	"sync"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

// The protocols of the mesh; all are for members only.
const (
	PushProtocol   = "/upprop/push/1"
	PullProtocol   = "/upprop/pull/1"
	HelloProtocol  = "/upprop/hello/1"
	RosterProtocol = "/upprop/roster/1"
)

// Mesh is one node's end of the mesh. All methods are safe for concurrent use.
type Mesh struct {
	cfg    Config
	self   identity.NodeID
	table  *beat.Table
	counts counts
	chance *chance
	book   addressBook
	claims claims
	stalls stalls
	haste  haste
	pulls  chan struct{} // one slot per running pull
	own    ownBeats
	losses ownLosses
	clones clones

	farewells farewells

	dirty   chan struct{} // capacity one: freshness changed
	roster  chan struct{} // capacity one: the roster changed
	redial  chan struct{} // capacity one: somebody may be dialled now
	watches watches

	mu      sync.Mutex
	ctx     context.Context // nil before Run
	stopped bool
	peers   map[identity.NodeID]*peer
	serving map[slot]int
	wg      sync.WaitGroup
}

// New registers the mesh's protocols with cfg.Net. Call it before peers
// connect; streams that come before Run are refused and tried again by their
// openers.
func New(cfg Config) (*Mesh, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	m := &Mesh{
		cfg:     cfg,
		self:    cfg.Key.ID(),
		table:   beat.NewTable(cfg.Log),
		chance:  newChance(),
		pulls:   make(chan struct{}, maxPulls),
		dirty:   make(chan struct{}, 1),
		roster:  make(chan struct{}, 1),
		redial:  make(chan struct{}, 1),
		peers:   map[identity.NodeID]*peer{},
		serving: map[slot]int{},
	}
	m.book = addressBook{book: cfg.Book, failed: m.bookFailed}
	m.serve(PushProtocol, "dropped_push_malformed", m.servePush)
	m.serve(PullProtocol, "dropped_pull_malformed", m.servePull)
	m.serve(HelloProtocol, "dropped_hello_malformed", m.serveHello)
	m.cfg.Net.Handle(FarewellProtocol, true, m.serveFarewell)
	m.serve(RosterProtocol, "dropped_roster_malformed", m.serveRoster)
	return m, nil
}

// Run works until ctx ends and returns when every goroutine of the mesh has
// stopped. Call it once. It does not close the network.
func (m *Mesh) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := m.book.load(); err != nil {
		return err
	}
	m.own.begin(m.cfg.Clock())
	m.loadBeats()
	cursor := m.cfg.Log.TailEnd()

	m.mu.Lock()
	if m.ctx != nil {
		m.mu.Unlock()
		return errors.New("run mesh: it has been run already")
	}
	m.ctx = ctx
	m.mu.Unlock()

	m.cfg.Net.Notify(m.notice)
	defer m.cfg.Roster.Watch(func(identity.Record) { signal(m.roster) })()
	m.start(func() { m.runTail(ctx, cursor) })
	m.start(func() { m.runRepair(ctx) })
	m.start(func() { m.runDial(ctx) })
	m.start(func() { m.runRoster(ctx) })
	m.start(func() { m.runWatches(ctx) })
	for _, id := range m.cfg.Net.Peers() {
		m.notice(id, true)
	}

	<-ctx.Done()
	m.mu.Lock()
	m.stopped = true
	m.mu.Unlock()
	m.wg.Wait()
	m.saveBeats()
	return nil
}

// start runs fn in a goroutine that Run waits for; false when Run is not
// running.
func (m *Mesh) start(fn func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.startLocked(fn)
}

func (m *Mesh) startLocked(fn func()) bool {
	if m.ctx == nil || m.stopped {
		return false
	}
	m.wg.Go(fn)
	return true
}

// during runs fn here, and Run waits for it; fn is left out when Run is not
// running.
func (m *Mesh) during(fn func()) {
	m.mu.Lock()
	if m.ctx == nil || m.stopped {
		m.mu.Unlock()
		return
	}
	m.wg.Add(1)
	m.mu.Unlock()
	defer m.wg.Done()
	fn()
}

// Sever cuts (true) or restores (false) the link to a member, for drills, the
// demo and tests.
func (m *Mesh) Sever(id identity.NodeID, cut bool) {
	m.cfg.Net.Sever(id, cut)
	if !cut {
		m.dialSoon()
	}
}

// member reports whether id is in good standing now.
func (m *Mesh) member(id identity.NodeID) (identity.Member, bool) {
	who, ok := m.cfg.Roster.Member(id)
	return who, ok && who.Revoked == nil
}

// open opens a stream of ours to a connected peer.
func (m *Mesh) open(ctx context.Context, id identity.NodeID, protocol string) (*patient, error) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Patience)
	defer cancel()
	s, err := m.cfg.Net.Open(ctx, id, protocol)
	if err != nil {
		return nil, err
	}
	return m.patient(s), nil
}

// signal wakes the owner of a channel of capacity one.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
