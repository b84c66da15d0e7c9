package memnet

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Dial connects to the host with this key if it listens at one of addrs.
func (h *Host) Dial(ctx context.Context, pub ed25519.PublicKey, addrs []string) error {
	if err := h.dial(ctx, pub, addrs); err != nil {
		return fmt.Errorf("dial %s: %w", identity.IDOf(pub).Short(), err)
	}
	return nil
}

func (h *Host) dial(ctx context.Context, pub ed25519.PublicKey, addrs []string) error {
	id := identity.IDOf(pub)
	if h.isClosed() {
		return stream.ErrClosed
	}
	if id == h.id {
		return stream.ErrUnreachable
	}
	out := h.judge(id, pub)
	if out == stream.Refused {
		return stream.ErrNotAdmitted
	}
	h.net.mu.Lock()
	far, c := h.net.find(id, addrs), h.net.conns[keyOf(h.id, id)]
	if c != nil {
		far = c.hosts[1-c.sideOf(h)]
		if c.members {
			h.net.mu.Unlock()
			return nil
		}
	}
	h.net.mu.Unlock()
	if far == nil {
		return stream.ErrUnreachable
	}
	if err := h.net.roundTrip(ctx, h.id, id, DialTimeout, false, h.ctx.Done()); err != nil {
		return err
	}
	in := far.judge(h.id, h.pub)
	if in == stream.Refused {
		return stream.ErrNotAdmitted
	}
	return h.connect(far, out, in)
}

// connect makes the connection, or finds the one that has come about
// meanwhile, and records both judgements.
func (h *Host) connect(far *Host, out, in stream.Standing) error {
	n := h.net
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case h.closed:
		return stream.ErrClosed
	case far.closed || n.faults.severed(h.id, far.id):
		return stream.ErrUnreachable
	case h.severed[far.id] || far.severed[h.id]:
		return stream.ErrNotAdmitted
	}
	key := keyOf(h.id, far.id)
	c := n.conns[key]
	if c == nil {
		if in == stream.Guest && far.guests() >= stream.MaxGuests {
			return stream.ErrNotAdmitted
		}
		c = &conn{net: n, key: key, pairs: make(map[*pair]struct{}), over: make(chan struct{})}
		c.hosts = [2]*Host{h, far}
		if key[0] != h.id {
			c.hosts = [2]*Host{far, h}
		}
		n.conns[key] = c
		c.condition()
	}
	c.judged(c.sideOf(h), out, in)
	return nil
}

// find is the host with this id if it listens at one of addrs. The caller
// holds mu.
func (n *Net) find(id identity.NodeID, addrs []string) *Host {
	for _, a := range addrs {
		if h := n.listening[a]; h != nil && h.id == id {
			return h
		}
	}
	return nil
}

func (h *Host) isClosed() bool {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	return h.closed
}

// roundTrip waits as long as a message there and an answer back take: until
// the path passes bytes both ways (and, if answered, the far process is not
// stuck), and then for the delay. Errors: ctx's, ErrUnreachable after patience
// or once the path is cut, ErrClosed when over is closed.
func (n *Net) roundTrip(ctx context.Context, from, to identity.NodeID, patience time.Duration, answered bool, over <-chan struct{}) error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	var arrival <-chan time.Time
	for {
		n.mu.Lock()
		changed := n.changed
		severed := n.faults.severed(from, to)
		waiting := n.faults.vanishing(from, to) || (answered && n.faults.stuck[to])
		delay := n.delay(from, to) + n.delay(to, from)
		n.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case severed:
			return stream.ErrUnreachable
		case waiting:
			arrival = nil
		case delay == 0:
			return nil
		case arrival == nil:
			timer := time.NewTimer(delay)
			defer timer.Stop()
			arrival = timer.C
		}
		select {
		case <-arrival:
			return nil
		case <-changed:
		case <-timeout.C:
			return stream.ErrUnreachable
		case <-over:
			return stream.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
