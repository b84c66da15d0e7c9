package link

import (
	"crypto/ed25519"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// gate is libp2p's connection gater. Unlike libp2p's own, it is an allow list.
type gate struct{ l *Link }

// judgePeer is the standing of a libp2p name; it counts refusals.
func (l *Link) judgePeer(p peer.ID) (ed25519.PublicKey, stream.Standing) {
	pub, err := publicKey(p)
	if err != nil {
		l.counts.add(ConnKeyKind)
		return nil, stream.Refused
	}
	if l.isSevered(identity.IDOf(pub)) {
		l.counts.add(ConnSevered)
		return pub, stream.Refused
	}
	st := l.cfg.Admit(pub)
	if st == stream.Refused {
		l.counts.add(ConnRefused)
	}
	return pub, st
}

func (l *Link) isSevered(id identity.NodeID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.severed[id]
}

// InterceptPeerDial is asked before anything is sent to a peer.
func (g *gate) InterceptPeerDial(p peer.ID) bool {
	_, st := g.l.judgePeer(p)
	return st != stream.Refused
}

// InterceptAddrDial lets every address of an admitted peer be tried.
func (g *gate) InterceptAddrDial(peer.ID, ma.Multiaddr) bool { return true }

// InterceptAccept lets every address try its handshake; the resource manager
// limits how many at once.
func (g *gate) InterceptAccept(network.ConnMultiaddrs) bool { return !g.l.isClosed() }

// InterceptSecured is asked as soon as the handshake has proved a key, before
// any stream.
func (g *gate) InterceptSecured(_ network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	_, st := g.l.judgePeer(p)
	return st != stream.Refused
}

// InterceptUpgraded takes a guest's place, or refuses the guest.
func (g *gate) InterceptUpgraded(c network.Conn) (bool, control.DisconnectReason) {
	_, st := g.l.judgePeer(c.RemotePeer())
	switch {
	case st == stream.Refused:
		return false, 0
	case st == stream.Member || c.Stat().Direction == network.DirOutbound:
		return true, 0
	}
	g.l.mu.Lock()
	defer g.l.mu.Unlock()
	if len(g.l.guests) >= stream.MaxGuests {
		g.l.counts.add(ConnGuests)
		return false, 0
	}
	g.l.guests[c.ID()] = struct{}{}
	return true, 0
}
