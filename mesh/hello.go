package mesh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	maxRelease   = 64
	maxProtocols = 32
	maxKnown     = maxItems
	knownAddrs   = 4 // addresses told of each other member
)

// errTooEarly means that a hello overtook the notice of its connection; its
// sender tries again.
var errTooEarly = errors.New("hello from a peer not noticed yet")

// hello is what members tell each other when they connect, and again when
// their addresses change. It is authentic by its stream.
type hello struct {
	_         struct{} `cbor:",toarray"`
	Release   string
	Protocols []string
	Roster    []byte // digest
	Addrs     []string
	Known     []known
}

// known is where another member may be reached, by the teller's book.
type known struct {
	_     struct{} `cbor:",toarray"`
	Node  []byte
	Addrs []string
}

func decodeHello(body []byte) (hello, error) {
	h, err := decode[hello](body)
	switch {
	case err != nil:
		return h, err
	case len(h.Release) > maxRelease, len(h.Protocols) > maxProtocols, len(h.Roster) != 32,
		len(h.Addrs) > maxAddrs, len(h.Known) > maxKnown:
		return h, fmt.Errorf("%w: hello is out of bounds", errMalformed)
	}
	for _, p := range h.Protocols {
		if len(p) > maxRelease {
			return h, fmt.Errorf("%w: protocol name", errMalformed)
		}
	}
	for _, k := range h.Known {
		if len(k.Node) != len(identity.NodeID{}) || len(k.Addrs) > knownAddrs {
			return h, fmt.Errorf("%w: known address", errMalformed)
		}
	}
	return h, nil
}

// myHello is our hello to one peer.
func (m *Mesh) myHello(to identity.NodeID) hello {
	digest := m.cfg.Roster.Digest()
	addrs := m.cfg.Net.Addrs()
	h := hello{
		Release:   m.cfg.Release[:min(len(m.cfg.Release), maxRelease)],
		Protocols: []string{PushProtocol, PullProtocol, HelloProtocol, RosterProtocol},
		Roster:    digest[:],
		Addrs:     addrs[:min(len(addrs), maxAddrs)],
	}
	for _, who := range m.cfg.Roster.Members() {
		if who.Revoked != nil || who.ID == to || who.ID == m.self || len(h.Known) == maxKnown {
			continue
		}
		if a := m.book.addrs(who.ID); len(a) > 0 {
			h.Known = append(h.Known, known{Node: who.ID[:], Addrs: a[:min(len(a), knownAddrs)]})
		}
	}
	return h
}

// sayHello tells the peer where we and others are, and notes how we reached it.
func (m *Mesh) sayHello(ctx context.Context, p *peer) error {
	m.book.reached(p.id, m.cfg.Net.RemoteAddrs(p.id), m.cfg.Clock())
	s, err := m.open(ctx, p.id, HelloProtocol)
	if err != nil {
		return err
	}
	defer s.Reset()
	defer context.AfterFunc(ctx, s.Reset)()
	if err := stream.WriteFrame(s, message(kindHello, m.myHello(p.id))); err != nil {
		return err
	}
	if err := drained(s); err != nil {
		return err
	}
	return s.Close()
}

// passOn tells the other peers where this one has just said it can be reached:
// two nodes that have met only us find each other by it.
func (m *Mesh) passOn(news *peer) {
	for _, p := range m.connected() {
		if p != news {
			p.greet.ask(greetHello)
		}
	}
}

// serveHello takes a peer's hello.
func (m *Mesh) serveHello(_ context.Context, s *patient) error {
	k, body, err := receive(s, maxMessage)
	switch {
	case err == io.EOF:
		return fmt.Errorf("%w: no hello", errMalformed)
	case err != nil:
		return err
	case k != kindHello:
		return fmt.Errorf("%w: unexpected kind %d", errMalformed, k)
	}
	h, err := decodeHello(body)
	if err != nil {
		return err
	}
	p := m.peer(s.Remote())
	if p == nil {
		return errTooEarly
	}
	fresh := m.book.told(p.id, h.Addrs, m.cfg.Clock())
	if fresh {
		m.passOn(p)
	}
	for _, other := range h.Known {
		id := identity.NodeID(other.Node)
		if _, ok := m.member(id); ok && id != m.self && id != p.id {
			fresh = m.book.hearsay(id, other.Addrs, m.cfg.Clock()) || fresh
		}
	}
	if fresh {
		m.dialSoon()
	}
	p.mu.Lock()
	p.release = h.Release
	p.mu.Unlock()
	signal(m.dirty)
	if digest := m.cfg.Roster.Digest(); !slices.Equal(digest[:], h.Roster) {
		p.greet.ask(greetRoster)
	}
	return nil
}
