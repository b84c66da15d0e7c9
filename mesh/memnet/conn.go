package memnet

import (
	"time"

	"github.com/upprop/upprop/mesh/stream"
)

// conn is the connection between two hosts; hosts are in the order of key.
// Net.mu guards it.
type conn struct {
	net   *Net
	key   pairKey
	hosts [2]*Host
	// members says that each takes the other for a member and that those who
	// asked to be notified have been told.
	members bool
	// guest[i] says that hosts[i] counts the other among its guests.
	guest [2]bool
	pairs map[*pair]struct{}
	over  chan struct{} // closed when the connection is gone
	dead  *time.Timer   // runs while bytes vanish
	leave *time.Timer   // runs while one side is a guest
}

func (c *conn) sideOf(h *Host) int {
	if c.hosts[0] == h {
		return 0
	}
	return 1
}

// judged records what each side thinks of the other, dialler's side given,
// and announces who has become a member. The caller holds mu.
func (c *conn) judged(dialler int, out, in stream.Standing) {
	for side, st := range map[int]stream.Standing{dialler: out, 1 - dialler: in} {
		c.guest[side] = st == stream.Guest
	}
	if out == stream.Member && in == stream.Member && !c.members {
		c.members = true
		for side, h := range c.hosts {
			h.announcer.Announce(c.hosts[1-side].id, true)
		}
	}
	switch guest := c.guest[0] || c.guest[1]; {
	case guest && c.leave == nil:
		c.leave = time.AfterFunc(stream.GuestTime, func() {
			c.net.mu.Lock()
			defer c.net.mu.Unlock()
			if c.guest[0] || c.guest[1] {
				c.kill()
			}
		})
	case !guest && c.leave != nil:
		c.leave.Stop()
		c.leave = nil
	}
}

// kill ends the connection: streams fail, members are told. The caller holds
// mu. Idempotent.
func (c *conn) kill() {
	if c.net.conns[c.key] != c {
		return
	}
	delete(c.net.conns, c.key)
	close(c.over)
	for _, t := range []*time.Timer{c.dead, c.leave} {
		if t != nil {
			t.Stop()
		}
	}
	for p := range c.pairs {
		p.kill()
	}
	for side, h := range c.hosts {
		if c.members {
			h.announcer.Announce(c.hosts[1-side].id, false)
		}
	}
}

// forget drops a stream that both sides are done with.
func (c *conn) forget(p *pair) {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	delete(c.pairs, p)
}

// condition sets the state of the path in both directions, for streams open
// now. The caller holds mu.
func (c *conn) condition() {
	f := &c.net.faults
	vanishing := false
	for p := range c.pairs {
		p.mu.Lock()
		c.conditionPair(p)
		p.wake.Broadcast()
		p.mu.Unlock()
	}
	for i := range c.hosts {
		vanishing = vanishing || f.holed(c.key[i], c.key[1-i])
	}
	switch {
	case vanishing && c.dead == nil:
		c.dead = time.AfterFunc(DeadAfter, func() {
			c.net.mu.Lock()
			defer c.net.mu.Unlock()
			if c.dead != nil {
				c.kill()
			}
		})
	case !vanishing && c.dead != nil:
		c.dead.Stop()
		c.dead = nil
	}
}

// conditionPair sets both lanes of one stream. The caller holds both locks.
func (c *conn) conditionPair(p *pair) {
	f := &c.net.faults
	for i := range p.lanes {
		from, to := c.key[i], c.key[1-i]
		p.lanes[i].frozen = f.holed(from, to)
		p.lanes[i].stuck = f.stuck[to]
		p.lanes[i].delay = c.net.delay(from, to)
	}
}
