package link

import (
	"context"
	"crypto/ed25519"
	"net/netip"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Peers are the connected members.
func (l *Link) Peers() []identity.NodeID {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []identity.NodeID
	for _, ct := range l.conns {
		if ct.up {
			out = append(out, ct.id)
		}
	}
	return out
}

// contactOf finds a connected peer by its node id.
func (l *Link) contactOf(id identity.NodeID) (peer.ID, ed25519.PublicKey, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, ct := range l.conns {
		if ct.id == id {
			return p, ct.pub, true
		}
	}
	return "", nil, false
}

// RemoteAddrs are a connected peer's addresses: those that worked for a dial,
// then those that it says it listens at, its visible IP first.
func (l *Link) RemoteAddrs(id identity.NodeID) []string {
	p, _, ok := l.contactOf(id)
	if !ok {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ct := l.conns[p]
	if ct == nil {
		return nil
	}
	var out []string
	var seen []netip.Addr
	for c := range ct.conns {
		ap, ok := addrPort(c.RemoteMultiaddr())
		if !ok {
			continue
		}
		seen = append(seen, ap.Addr())
		if c.Stat().Direction == network.DirOutbound && !slices.Contains(out, ap.String()) {
			out = append(out, ap.String())
		}
	}
	for _, visible := range []bool{true, false} {
		for _, s := range ct.told {
			ap, ok := parseDial(s)
			if ok && slices.Contains(seen, ap.Addr()) == visible && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// Ping is the time of one round trip.
func (l *Link) Ping(ctx context.Context, id identity.NodeID) (time.Duration, error) {
	s, err := l.Open(ctx, id, stream.PingProtocol)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	return stream.MeasurePing(ctx, s)
}

// Hangup closes all connections with a peer.
func (l *Link) Hangup(id identity.NodeID) {
	p, _, ok := l.contactOf(id)
	if !ok {
		return
	}
	for _, c := range l.swarm.ConnsToPeer(p) {
		_ = c.CloseWithError(network.ConnShutdown)
		l.gone(c)
	}
}

// Sever cuts or restores the link to a peer, at this node.
func (l *Link) Sever(id identity.NodeID, cut bool) {
	l.mu.Lock()
	if cut {
		l.severed[id] = true
	} else {
		delete(l.severed, id)
	}
	l.mu.Unlock()
	if cut {
		l.Hangup(id)
	}
}
