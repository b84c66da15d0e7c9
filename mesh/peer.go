package mesh

import (
	"context"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// peer is a connected member and what is going on with it. Its goroutines end
// when ctx does.
type peer struct {
	id     identity.NodeID
	ctx    context.Context
	cancel context.CancelFunc
	since  time.Time
	queue  *queue
	want   want
	greet  greetings
	lacks  lacks

	mu      sync.Mutex
	release string
}

// notice is the network's word that a member became connected, or is no more. Who
// was let in as one and has been revoked since is hung up on: the sweep after the
// revocation may have come before the connection.
func (m *Mesh) notice(id identity.NodeID, up bool) {
	if _, ok := m.member(id); up && !ok {
		signal(m.roster)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx == nil || m.stopped {
		return
	}
	p := m.peers[id]
	switch {
	case up && p == nil:
		m.adopt(id)
	case !up && p != nil:
		p.cancel()
		delete(m.peers, id)
		m.dialSoon()
	}
	signal(m.dirty)
}

// adopt starts work with a peer. The caller holds mu.
func (m *Mesh) adopt(id identity.NodeID) {
	p := &peer{id: id, since: m.cfg.Clock(), queue: newQueue(m.cfg.QueueLimit)}
	p.ctx, p.cancel = context.WithCancel(m.ctx)
	p.want.ready = make(chan struct{}, 1)
	p.greet.ready = make(chan struct{}, 1)
	p.greet.ask(greetHello)
	p.want.askAll()
	m.peers[id] = p
	m.startLocked(func() { m.runPush(p) })
	m.startLocked(func() { m.runPull(p) })
	m.startLocked(func() { m.runGreet(p) })
}

// peer is the connected peer, or nil.
func (m *Mesh) peer(id identity.NodeID) *peer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.peers[id]
}

// connected are all peers, in no order.
func (m *Mesh) connected() []*peer {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]*peer, 0, len(m.peers))
	for _, p := range m.peers {
		all = append(all, p)
	}
	return all
}

// sweep drops peers whose going was missed, as may happen between Peers and
// Notify at the start, and hangs up on who is a member no more, whose address
// is forgotten.
func (m *Mesh) sweep() {
	m.book.retain(func(id identity.NodeID) bool {
		_, ok := m.member(id)
		return ok
	}, m.cfg.Clock())
	for _, id := range m.cfg.Net.Peers() {
		if _, ok := m.member(id); !ok {
			m.counts.add("hangups", 1)
			m.cfg.Logger.Info("hung up on a node that is no member", "peer", id.Short())
			m.cfg.Net.Hangup(id)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	// Asked with mu held: who connects from here on is noticed after this. A
	// peer dropped for an older answer would be connected and spoken to by
	// nobody, for as long as the connection stands.
	there := map[identity.NodeID]bool{}
	for _, id := range m.cfg.Net.Peers() {
		there[id] = true
	}
	for id, p := range m.peers {
		if !there[id] {
			p.cancel()
			delete(m.peers, id)
		}
	}
}

// backoff is a growing pause with jitter.
type backoff struct {
	chance    *chance
	next, max time.Duration
}

// pause waits, and reports false when ctx ended meanwhile.
func (b *backoff) pause(ctx context.Context) bool {
	d := b.next/2 + b.chance.within(b.next)
	b.next = min(2*b.next, b.max)
	return sleep(ctx, d)
}

// sleep waits for d, and reports false when ctx ended meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
