package memnet

import (
	"context"
	"crypto/ed25519"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Host is one node's network; it is a stream.Network.
type Host struct {
	net   *Net
	id    identity.NodeID
	pub   ed25519.PublicKey
	admit stream.Admit

	announcer *stream.Announcer
	ctx       context.Context
	stop      context.CancelFunc
	handling  sync.WaitGroup

	// Guarded by net.mu.
	addr     string
	handlers map[string]handler
	severed  map[identity.NodeID]bool
	serving  map[slot]int
	closed   bool
}

// slot names what stream.MaxStreams bounds.
type slot struct {
	peer     identity.NodeID
	protocol string
}

type handler struct {
	guests bool
	serve  stream.Handler
}

var _ stream.Network = (*Host)(nil)

func newHost(n *Net, id identity.NodeID, pub ed25519.PublicKey, admit stream.Admit) *Host {
	h := &Host{
		net: n, id: id, pub: pub, admit: admit,
		announcer: stream.NewAnnouncer(),
		handlers:  make(map[string]handler),
		severed:   make(map[identity.NodeID]bool),
		serving:   make(map[slot]int),
	}
	h.ctx, h.stop = context.WithCancel(context.Background())
	h.handlers[stream.PingProtocol] = handler{serve: stream.AnswerPing}
	return h
}

// Self names this host.
func (h *Host) Self() identity.NodeID { return h.id }

// Handle registers the handler of a protocol.
func (h *Host) Handle(protocol string, guests bool, serve stream.Handler) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	h.handlers[protocol] = handler{guests, serve}
}

// Notify registers fn to be called when a member comes or goes.
func (h *Host) Notify(fn func(peer identity.NodeID, up bool)) { h.announcer.Notify(fn) }

// Peers are the connected members.
func (h *Host) Peers() []identity.NodeID {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	var out []identity.NodeID
	for _, c := range h.net.connsOf(h.id) {
		if c.members {
			out = append(out, c.hosts[1-c.sideOf(h)].id)
		}
	}
	return out
}

// Addrs is the address at which this host listens.
func (h *Host) Addrs() []string {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	return []string{h.addr}
}

// RemoteAddrs is the address at which a connected peer listens.
func (h *Host) RemoteAddrs(peer identity.NodeID) []string {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	c := h.net.conns[keyOf(h.id, peer)]
	if c == nil || h.id == peer {
		return nil
	}
	return []string{c.hosts[1-c.sideOf(h)].addr}
}

// Ping is the time of one round trip.
func (h *Host) Ping(ctx context.Context, peer identity.NodeID) (time.Duration, error) {
	s, err := h.Open(ctx, peer, stream.PingProtocol)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	return stream.MeasurePing(ctx, s)
}

// Hangup closes the connection with a peer.
func (h *Host) Hangup(peer identity.NodeID) { h.net.Drop(h.id, peer) }

// Sever cuts or restores the link to a peer, at this host.
func (h *Host) Sever(peer identity.NodeID, cut bool) {
	h.net.mu.Lock()
	if cut {
		h.severed[peer] = true
	} else {
		delete(h.severed, peer)
	}
	h.net.mu.Unlock()
	if cut {
		h.Hangup(peer)
	}
}

// judge is this host's standing for a key. The caller does not hold net.mu.
func (h *Host) judge(id identity.NodeID, pub ed25519.PublicKey) stream.Standing {
	h.net.mu.Lock()
	severed := h.severed[id]
	h.net.mu.Unlock()
	if severed {
		return stream.Refused
	}
	return h.admit(append(ed25519.PublicKey(nil), pub...))
}

// guests is how many guests are connected. The caller holds net.mu.
func (h *Host) guests() int {
	count := 0
	for _, c := range h.net.connsOf(h.id) {
		if c.guest[c.sideOf(h)] {
			count++
		}
	}
	return count
}

// Unplug takes the host off the network at once, as a power cut does, and
// waits for nothing. Close it too.
func (h *Host) Unplug() {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	if !h.closed {
		h.closed = true
		h.stop()
		for _, c := range h.net.connsOf(h.id) {
			c.kill()
		}
		delete(h.net.hosts, h.id)
		delete(h.net.listening, h.addr)
	}
}

// Close takes the host off the network and waits for its handlers.
func (h *Host) Close() error {
	h.Unplug()
	h.handling.Wait()
	h.announcer.Close()
	return nil
}
