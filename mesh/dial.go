package mesh

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

const (
	maxDials  = 8
	dialTick  = 500 * time.Millisecond
	leastGap  = time.Second     // between two dials of one member, whatever happens
	addrsTick = 2 * time.Second // how often a change of our own addresses is looked for
	moved     = 2 * time.Second // how long a peer may take to answer after such a change
)

// dialer is the state of runDial: when each absent member is dialled next.
type dialer struct {
	mu     sync.Mutex
	next   map[identity.NodeID]time.Time
	tried  map[identity.NodeID]time.Time // the end of the last try
	active map[identity.NodeID]bool
}

// runDial dials every member in good standing that is not connected, for ever.
func (m *Mesh) runDial(ctx context.Context) {
	d := &dialer{
		next:   map[identity.NodeID]time.Time{},
		tried:  map[identity.NodeID]time.Time{},
		active: map[identity.NodeID]bool{},
	}
	tick := time.NewTicker(dialTick)
	defer tick.Stop()
	mine, looked := m.cfg.Net.Addrs(), time.Now()
	for {
		m.dialAbsent(ctx, d)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-m.redial:
			d.mu.Lock()
			clear(d.next)
			d.mu.Unlock()
		}
		if time.Since(looked) < addrsTick {
			continue
		}
		looked = time.Now()
		if now := m.cfg.Net.Addrs(); !slices.Equal(now, mine) {
			lost := len(without(mine, now)) > 0
			mine = now
			for _, p := range m.connected() {
				if lost {
					m.start(func() { m.probe(ctx, p.id) })
				}
				p.greet.ask(greetHello)
			}
		}
	}
}

// probe hangs up on a peer that does not answer after one of our addresses
// has gone: it goes on answering to where we were, and the network would take
// half a minute to find the connection dead. Our hanging up reaches it.
func (m *Mesh) probe(ctx context.Context, id identity.NodeID) {
	bounded, cancel := context.WithTimeout(ctx, moved)
	defer cancel()
	if _, err := m.cfg.Net.Ping(bounded, id); err != nil && ctx.Err() == nil {
		m.counts.add("hung_up_moved", 1)
		m.cfg.Net.Hangup(id)
		m.dialSoon()
	}
}

// dialAbsent starts the dials that are due.
func (m *Mesh) dialAbsent(ctx context.Context, d *dialer) {
	if self, ok := m.cfg.Roster.Member(m.self); ok && self.Revoked != nil {
		return // nobody has anything to say to us
	}
	there := map[identity.NodeID]bool{m.self: true}
	for _, id := range m.cfg.Net.Peers() {
		there[id] = true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	members := m.cfg.Roster.Members()
	m.chance.shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	for _, who := range members {
		if there[who.ID] {
			delete(d.next, who.ID)
			continue
		}
		if who.Revoked != nil || d.active[who.ID] || len(d.active) >= maxDials ||
			now.Before(d.next[who.ID]) || now.Sub(d.tried[who.ID]) < leastGap {
			continue
		}
		addrs := m.book.addrs(who.ID)
		if len(addrs) == 0 {
			continue
		}
		d.active[who.ID] = true
		m.start(func() {
			m.dial(ctx, who, addrs)
			d.mu.Lock()
			defer d.mu.Unlock()
			delete(d.active, who.ID)
			d.tried[who.ID] = time.Now()
			d.next[who.ID] = time.Now().Add(m.cfg.DialEvery + m.chance.within(m.cfg.DialEvery))
		})
	}
}

// dial tries once. Both sides may dial each other at the same time; the
// network sorts that out.
func (m *Mesh) dial(ctx context.Context, who identity.Member, addrs []string) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Patience)
	defer cancel()
	m.counts.add("dials", 1)
	if err := m.cfg.Net.Dial(ctx, who.Pub, addrs); err != nil && ctx.Err() == nil {
		m.counts.add("dials_failed", 1)
		m.cfg.Logger.Debug("dial member", "peer", who.ID.Short(), "error", err)
		return
	}
	if !slices.Contains(m.cfg.Net.Peers(), who.ID) {
		m.askFarewell(ctx, who.ID)
	}
}

// DialSoon has every absent member dialled without waiting for its turn.
func (m *Mesh) DialSoon() { m.dialSoon() }

// dialSoon has every absent member dialled without waiting for its turn.
func (m *Mesh) dialSoon() { signal(m.redial) }
