package link

import (
	"crypto/ed25519"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// helloPatience is how long a hello may take, and how long an inbound
// connection may go without one.
const helloPatience = 5 * time.Second

// helloAgain is how long a member that is taken for a guest waits before it
// asks again.
const helloAgain = 500 * time.Millisecond

// contact is a peer with at least one connection. Link.mu guards it.
type contact struct {
	id    identity.NodeID
	pub   ed25519.PublicKey
	conns map[network.Conn]*line
	told  []string // addresses the peer says it listens at
	up    bool     // announced as a member
	boots []string // starts of the peer met over these connections, latest last
	// twice: two machines use the peer's key, and each is spoken with.
	twice bool
}

// line is one connection.
type line struct {
	greeted bool // hello has been exchanged, streams may be opened
	here    stream.Standing
	there   stream.Standing // what the peer takes us for; known to the dialler
	timer   *time.Timer     // ends a guest's visit, or an ungreeted connection
	again   *time.Timer     // asks once more what the peer takes us for
	boot    string          // which start of the peer this connection is with
}

// member reports that each side takes the other for a member.
func (ln *line) member() bool {
	return ln.greeted && ln.here == stream.Member && ln.there == stream.Member
}

// notifiee hears of connections from the swarm.
type notifiee struct{ l *Link }

func (notifiee) Listen(network.Network, ma.Multiaddr)             {}
func (notifiee) ListenClose(network.Network, ma.Multiaddr)        {}
func (n notifiee) Connected(_ network.Network, c network.Conn)    { n.l.connected(c) }
func (n notifiee) Disconnected(_ network.Network, c network.Conn) { n.l.gone(c) }

// connected begins to keep account of a connection, until it says hello.
func (l *Link) connected(c network.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lineOf(c)
}

// lineOf is the account of a connection, opened if need be; nil if the
// connection is closed. The caller holds mu.
func (l *Link) lineOf(c network.Conn) *line {
	ct := l.conns[c.RemotePeer()]
	if ct != nil && ct.conns[c] != nil {
		return ct.conns[c]
	}
	pub, err := publicKey(c.RemotePeer())
	if err != nil || l.closed || c.IsClosed() {
		return nil
	}
	if ct == nil {
		ct = &contact{id: identity.IDOf(pub), pub: pub, conns: make(map[network.Conn]*line)}
		l.conns[c.RemotePeer()] = ct
	}
	ln := &line{}
	ln.timer = time.AfterFunc(2*helloPatience, func() { l.expire(c) })
	ct.conns[c] = ln
	return ln
}

// expire closes a connection whose time is over.
func (l *Link) expire(c network.Conn) {
	l.mu.Lock()
	var over, silent bool
	if ct := l.conns[c.RemotePeer()]; ct != nil && ct.conns[c] != nil {
		ln := ct.conns[c]
		silent = !ln.greeted
		over = silent || ln.here == stream.Guest || ln.there == stream.Guest
	}
	l.mu.Unlock()
	if silent {
		l.counts.add(ConnSilent)
	}
	if over {
		_ = c.Close()
	}
}

// greeted records that hello has been exchanged over a connection and what
// each side takes the other for. It reports false if the connection has gone.
func (l *Link) greeted(c network.Conn, here, there stream.Standing) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.lineOf(c)
	if ln == nil || c.IsClosed() {
		return false
	}
	ct := l.conns[c.RemotePeer()]
	for other := range ct.conns { // a line whose end has not been told yet
		if other != c && other.IsClosed() {
			l.drop(ct, other)
		}
	}
	ct = l.conns[c.RemotePeer()]
	ln.greeted, ln.here, ln.there = true, here, there
	ln.timer.Stop()
	if here == stream.Guest || there == stream.Guest {
		ln.timer = time.AfterFunc(l.cfg.guestTime-time.Since(c.Stat().Opened), func() { l.expire(c) })
	}
	if here == stream.Member {
		delete(l.guests, c.ID())
		if there == stream.Guest {
			l.askAgain(c, ln)
		}
		if there == stream.Member && !ct.up {
			ct.up = true
			l.announcer.Announce(ct.id, true)
		}
	}
	return true
}

// askAgain says hello once more after a while: a member that takes us for a
// guest has not heard of our certificate yet. The caller holds mu.
func (l *Link) askAgain(c network.Conn, ln *line) {
	ln.again = time.AfterFunc(helloAgain, func() {
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return
		}
		l.handling.Add(1)
		l.mu.Unlock()
		defer l.handling.Done()
		if err := l.hello(l.ctx, c); err != nil {
			l.log.Debug("hello again", "error", err)
		}
	})
}

// gone forgets a connection.
func (l *Link) gone(c network.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ct := l.conns[c.RemotePeer()]; ct != nil {
		l.drop(ct, c)
		if len(ct.conns) == 0 {
			delete(l.conns, c.RemotePeer())
		}
	}
	delete(l.guests, c.ID())
}

// drop forgets one connection of a contact, and says that the peer is down
// when it was the last with a member. The caller holds mu.
func (l *Link) drop(ct *contact, c network.Conn) {
	ln := ct.conns[c]
	if ln == nil {
		return
	}
	ln.timer.Stop()
	if ln.again != nil {
		ln.again.Stop()
	}
	delete(ct.conns, c)
	delete(l.guests, c.ID())
	if !ct.up {
		return
	}
	for _, other := range ct.conns {
		if other.member() {
			return
		}
	}
	ct.up = false
	l.announcer.Announce(ct.id, false)
}

// dropAll forgets everyone; the swarm is closed.
func (l *Link) dropAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, ct := range l.conns {
		for c := range ct.conns {
			l.drop(ct, c)
		}
		delete(l.conns, p)
	}
}

// standing is a live connection with a peer over which streams may be opened,
// the one that has lasted longest, and its line; nil if there is none.
func (l *Link) standing(p peer.ID) (network.Conn, line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ct := l.conns[p]
	if ct == nil {
		return nil, line{}
	}
	var best network.Conn
	for c, ln := range ct.conns { // in no order, so that of two machines each has its turn
		if ln.greeted && !c.IsClosed() && (best == nil || !ct.twice && c.Stat().Opened.Before(best.Stat().Opened)) {
			best = c
		}
	}
	if best == nil {
		return nil, line{}
	}
	return best, *ct.conns[best]
}
