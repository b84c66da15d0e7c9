// Package link is the network of a real campus: authenticated streams over
// QUIC and TCP, made with libp2p. It is a stream.Network and the only
// importer of go-libp2p. It does not know who is a member (it asks Admit), it
// does not keep anyone connected (it dials when told), and it does not relay.
//
// It uses libp2p's swarm without libp2p's host: no identify, no AutoNAT, no
// relay, no hole punching, no protocol that answers on its own. See DESIGN.md.
//
// Invariant: no byte from a key that Admit refuses is read after libp2p's own
// handshake, and of a guest's bytes only the name of a protocol before a
// guest protocol's handler.
package link

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Config says how to listen and whom to let in.
type Config struct {
	// Key is the node's key; its peers know the node by it.
	Key ed25519.PrivateKey
	// Listen is "IP:PORT", the same port for TCP and UDP. Port 0 takes a port
	// that is free for both. Unspecified addresses listen everywhere.
	Listen string
	// Admit judges keys; see stream.Admit.
	Admit stream.Admit
	// Campus names the campus for discovery on the local network; nodes find
	// only those with the same name. Empty turns discovery off.
	Campus string
	// Found is called with members discovered on the local network and the
	// "IP:PORT" addresses that they announce. Nothing is dialled on its own.
	// Calls may be concurrent; they stop before Close returns. May be nil.
	Found func(pub ed25519.PublicKey, addrs []string)
	// Log gets what goes wrong on the way; nil discards it.
	Log *slog.Logger

	// guestTime stands in for stream.GuestTime in tests.
	guestTime time.Duration
}

// Validate reports the first field that cannot be.
func (c Config) Validate() error {
	if len(c.Key) != ed25519.PrivateKeySize {
		return errors.New("link config: key is missing")
	}
	if c.Admit == nil {
		return errors.New("link config: admit is missing")
	}
	if _, err := parseListen(c.Listen); err != nil {
		return err
	}
	return nil
}

// Link is one node's connections.
type Link struct {
	cfg   Config
	log   *slog.Logger
	id    identity.NodeID
	self  peer.ID
	boot  string // names this start of the node
	swarm *swarm.Swarm
	inner closers // what lives and dies with the swarm

	announcer *stream.Announcer
	counts    counts
	finder    *finder
	ctx       context.Context
	stop      context.CancelFunc
	handling  sync.WaitGroup
	closing   sync.Once

	mu       sync.Mutex
	closed   bool
	handlers map[string]handler
	severed  map[identity.NodeID]bool
	conns    map[peer.ID]*contact
	guests   map[string]struct{} // ids of guests' connections
	serving  map[slot]int
}

// slot names what stream.MaxStreams bounds.
type slot struct {
	peer     peer.ID
	protocol string
}

type handler struct {
	guests bool
	serve  stream.Handler
}

var _ stream.Network = (*Link)(nil)

// Listen starts to listen. A port that another program has gives an error
// that tells a person so.
func Listen(cfg Config) (*Link, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.guestTime == 0 {
		cfg.guestTime = stream.GuestTime
	}
	l := &Link{
		boot: rand.Text(),
		cfg:  cfg, log: cfg.Log,
		id:       identity.IDOf(cfg.Key.Public().(ed25519.PublicKey)),
		handlers: map[string]handler{stream.PingProtocol: {serve: stream.AnswerPing}},
		severed:  make(map[identity.NodeID]bool),
		conns:    make(map[peer.ID]*contact),
		guests:   make(map[string]struct{}),
		serving:  make(map[slot]int),
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	if err := l.build(); err != nil {
		l.stop()
		return nil, fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	l.announcer = stream.NewAnnouncer()
	l.swarm.Notify(notifiee{l})
	l.swarm.SetStreamHandler(l.inbound)
	if err := l.listen(cfg.Listen); err != nil {
		_ = l.Close()
		return nil, err
	}
	l.discover()
	return l, nil
}

// Self names this node.
func (l *Link) Self() identity.NodeID { return l.id }

// Handle registers the handler of a protocol.
func (l *Link) Handle(protocol string, guests bool, serve stream.Handler) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, taken := l.handlers[protocol]; taken || protocol == helloProtocol {
		panic("link: protocol " + protocol + " has a handler already")
	}
	l.handlers[protocol] = handler{guests, serve}
}

// Notify registers fn to be called when a member comes or goes.
func (l *Link) Notify(fn func(peer identity.NodeID, up bool)) { l.announcer.Notify(fn) }

// Close hangs up on everyone and waits for handlers and notifications.
func (l *Link) Close() error {
	l.closing.Do(func() {
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		l.finder.close()
		l.stop()
		for _, c := range l.swarm.Conns() {
			_ = c.Close()
		}
		_ = l.swarm.Close()
		l.handling.Wait()
		l.dropAll()
		l.announcer.Close()
		l.inner.close()
	})
	return nil
}

func (l *Link) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}
