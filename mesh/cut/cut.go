// Package cut lays a thin sleeve round a network so that links can be cut for a
// drill as if somebody had pulled the cable, while one protocol alone, the
// whisper, still crosses: by it a cut is undone in time. It does not decide what
// is cut, or when.
//
// Invariant: to everybody but the whisper, a peer whose link is cut is out of
// reach, in both directions; and what is restored is as it was.
package cut

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Protocol is the whisper, for members only.
const Protocol = "/upprop/cut/1"

// Network is a network with links that can be cut. It closes the one below.
type Network struct {
	stream.Network
	announcer *stream.Announcer

	mu   sync.Mutex
	cut  map[identity.NodeID]bool
	live map[identity.NodeID]bool // connected below
}

var _ stream.Network = (*Network)(nil)

// Over puts the sleeve round a network. Nothing else is to use that one from
// then on.
func Over(below stream.Network) *Network {
	n := &Network{Network: below, announcer: stream.NewAnnouncer(), cut: map[identity.NodeID]bool{}, live: map[identity.NodeID]bool{}}
	below.Notify(n.notice)
	return n
}

func (n *Network) notice(peer identity.NodeID, up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if up {
		n.live[peer] = true
	} else {
		delete(n.live, peer)
	}
	if !n.cut[peer] {
		n.announcer.Announce(peer, up)
	}
}

// Cut cuts the link to a peer; whoever waits for the peer is told that it has
// gone.
func (n *Network) Cut(peer identity.NodeID) {
	n.mu.Lock()
	if n.cut[peer] {
		n.mu.Unlock()
		return
	}
	n.cut[peer] = true
	if n.live[peer] {
		n.announcer.Announce(peer, false)
	}
	n.mu.Unlock()
	n.Network.Hangup(peer) // with all that streams to it
}

// Restore undoes Cut.
func (n *Network) Restore(peer identity.NodeID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.cut[peer] {
		return
	}
	delete(n.cut, peer)
	if n.live[peer] {
		n.announcer.Announce(peer, true)
	}
}

// IsCut reports whether the link to a peer is cut.
func (n *Network) IsCut(peer identity.NodeID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cut[peer]
}

// CutPeers are those whose links are cut, in order.
func (n *Network) CutPeers() []identity.NodeID {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.SortedFunc(maps.Keys(n.cut), func(a, b identity.NodeID) int { return slices.Compare(a[:], b[:]) })
}

// Whisper opens a stream of the whisper, also over a link that is cut.
func (n *Network) Whisper(ctx context.Context, peer identity.NodeID) (stream.Stream, error) {
	return n.Network.Open(ctx, peer, Protocol)
}

// Handle registers a handler; streams from peers whose links are cut do not
// reach it, unless it is the whisper's.
func (n *Network) Handle(protocol string, guests bool, h stream.Handler) {
	if protocol == Protocol {
		n.Network.Handle(protocol, guests, h)
		return
	}
	n.Network.Handle(protocol, guests, func(ctx context.Context, s stream.Stream) {
		if n.IsCut(s.Remote()) {
			s.Reset()
			return
		}
		h(ctx, s)
	})
}

// Dial connects, also to a peer whose link is cut: the whisper needs the
// connection. Then it says all the same that the peer is out of reach.
func (n *Network) Dial(ctx context.Context, pub ed25519.PublicKey, addrs []string) error {
	err := n.Network.Dial(ctx, pub, addrs)
	if peer := identity.IDOf(pub); err == nil && n.IsCut(peer) {
		return fmt.Errorf("dial: the link is cut for a drill: %w", stream.ErrUnreachable)
	}
	return err
}

// Open opens a stream to a peer whose link is not cut.
func (n *Network) Open(ctx context.Context, peer identity.NodeID, protocol string) (stream.Stream, error) {
	if n.IsCut(peer) {
		return nil, fmt.Errorf("open: the link is cut for a drill: %w", stream.ErrUnreachable)
	}
	return n.Network.Open(ctx, peer, protocol)
}

// Peers are the connected members whose links are not cut.
func (n *Network) Peers() []identity.NodeID {
	return slices.DeleteFunc(n.Network.Peers(), n.IsCut)
}

// Notify registers fn to be told of peers that come and go.
func (n *Network) Notify(fn func(peer identity.NodeID, up bool)) { n.announcer.Notify(fn) }

// Ping measures the way to a peer whose link is not cut.
func (n *Network) Ping(ctx context.Context, peer identity.NodeID) (time.Duration, error) {
	if n.IsCut(peer) {
		return 0, fmt.Errorf("ping: the link is cut for a drill: %w", stream.ErrUnreachable)
	}
	return n.Network.Ping(ctx, peer)
}

// Counts are those of the network below, if it counts.
func (n *Network) Counts() map[string]uint64 {
	if c, ok := n.Network.(interface{ Counts() map[string]uint64 }); ok {
		return c.Counts()
	}
	return nil
}

// Close closes the network below and tells what is left to tell.
func (n *Network) Close() error {
	err := n.Network.Close()
	n.announcer.Close()
	return err
}
