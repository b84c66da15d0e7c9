// Package gossip tells a node which members are alive, and spreads small
// opaque messages among them, with memberlist over a stream.Network. It is the
// only importer of memberlist. It does not decide who is a member (it asks
// Admitted), does not connect anyone (others dial and then call Join), and
// does not guarantee that a message arrives: use it for liveness and
// freshness, never as the only way for data.
//
// Invariant: no node is listed or listened to that Admitted does not admit.
package gossip

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	// MaxMessage is the largest payload of a Broadcast, in bytes.
	MaxMessage = 4 << 10
	// MaxState is the largest LocalState, in bytes.
	MaxState = 512 << 10
)

// Config says over what to gossip, with whom, and whom to tell. The functions
// may be called concurrently with each other, must not block, and must not
// wait for anything that waits for this package.
type Config struct {
	// Net carries the packets. Its handlers are registered by New.
	Net stream.Network
	// Admitted reports whether a node is a member now.
	Admitted func(identity.NodeID) bool
	// Changed is called when a member's condition changes, one call at a time
	// and in order. It may call Members. May be nil.
	Changed func(State)
	// OnMessage gets a payload that another node has broadcast; the slice is
	// the callee's. Payloads may come twice or never. May be nil.
	OnMessage func(payload []byte)
	// LocalState is exchanged whole with one other node every few seconds and
	// at every Join; MergeState gets the other's, and owns the slice. Larger
	// states than MaxState are not sent. Both may be nil.
	LocalState func() []byte
	MergeState func(state []byte)
	// Log gets memberlist's own log at debug level; nil discards it.
	Log *slog.Logger
}

// Gossip is one node's part in the gossip.
type Gossip struct {
	cfg       Config
	self      identity.NodeID
	log       *slog.Logger
	transport *transport
	queue     *memberlist.TransmitLimitedQueue
	view      *view
	joins     *joins

	mu   sync.Mutex
	list *memberlist.Memberlist // nil unless Run runs
}

// New registers the protocols; call it before peers connect. Nothing is sent
// until Run.
func New(cfg Config) (*Gossip, error) {
	if cfg.Net == nil || cfg.Admitted == nil {
		return nil, errors.New("gossip config: net and admitted are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gossip{cfg: cfg, self: cfg.Net.Self(), log: cfg.Log}
	g.view = newView(g.self)
	g.joins = newJoins()
	g.transport = newTransport(cfg.Net, cfg.Admitted, g.view.overhear)
	g.queue = &memberlist.TransmitLimitedQueue{
		RetransmitMult: retransmitMult,
		NumNodes:       func() int { return 1 + g.view.alive() },
	}
	cfg.Net.Handle(packetProtocol, false, g.transport.servePackets)
	cfg.Net.Handle(streamProtocol, false, g.transport.serveStream)
	return g, nil
}

// Run gossips until ctx ends, then says goodbye and stops. It may be called
// once. The returned error is nil when ctx ended it.
func (g *Gossip) Run(ctx context.Context) error {
	list, err := memberlist.Create(g.config())
	if err != nil {
		g.transport.stop()
		return fmt.Errorf("start gossip: %w", err)
	}
	g.mu.Lock()
	g.list = list
	g.mu.Unlock()

	var owned sync.WaitGroup
	owned.Go(func() { g.view.deliver(ctx, g.cfg.Changed) })
	owned.Go(func() { g.rejoin(ctx) })
	for range joiners {
		owned.Go(func() { g.join(ctx, list) })
	}
	<-ctx.Done()
	owned.Wait()

	g.mu.Lock()
	g.list = nil
	g.mu.Unlock()
	if err := list.Leave(farewell); err != nil {
		g.log.Debug("say goodbye", "error", err)
	}
	if err := list.Shutdown(); err != nil {
		return fmt.Errorf("stop gossip: %w", err)
	}
	return nil
}

// farewell is how long stopping waits to tell the others.
const farewell = 500 * time.Millisecond

// Broadcast sends a payload to some other nodes: with 16 nodes, to eight drawn
// by lot. Nobody hands it on by itself; to reach all, whoever gets a payload
// that is news to it broadcasts it again (OnMessage may). A newer payload with the same key takes the
// place of an older one that is still being spread. It does not keep the
// slice and does not block. Before Run the payload waits.
func (g *Gossip) Broadcast(key string, payload []byte) error {
	if len(payload) > MaxMessage {
		return fmt.Errorf("broadcast %d bytes, at most %d allowed: %w", len(payload), MaxMessage, stream.ErrFrameTooLarge)
	}
	g.queue.QueueBroadcast(news{key, append([]byte(nil), payload...)})
	return nil
}

// news is a payload being spread.
type news struct {
	key     string
	payload []byte
}

func (n news) Name() string    { return n.key }
func (n news) Message() []byte { return n.payload }
func (n news) Finished()       {}
func (n news) Invalidates(other memberlist.Broadcast) bool {
	o, ok := other.(memberlist.NamedBroadcast)
	return ok && o.Name() == n.key
}

// Members are the other nodes known to the gossip since Run, dead ones
// included as long as they are admitted, in no order.
func (g *Gossip) Members() []State { return g.view.members(g.cfg.Admitted) }

func (g *Gossip) config() *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	c.Name = g.self.String()
	c.RequireNodeNames = true
	c.Transport = g.transport
	ip, port := addressOf(g.self)
	c.AdvertiseAddr, c.AdvertisePort = ip.String(), port
	c.BindPort = port
	tune(c)
	d := &delegate{g}
	c.Delegate, c.Alive, c.Events = d, d, d
	c.LogOutput = nil
	c.Logger = log.New(logWriter{g.log}, "", 0)
	return c
}
