package memnet

import (
	"context"
	"errors"
	"fmt"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Open opens a stream to a connected peer.
func (h *Host) Open(ctx context.Context, peer identity.NodeID, protocol string) (stream.Stream, error) {
	s, err := h.open(ctx, peer, protocol)
	if err != nil {
		return nil, fmt.Errorf("open %s to %s: %w", protocol, peer.Short(), err)
	}
	return s, nil
}

func (h *Host) open(ctx context.Context, peer identity.NodeID, protocol string) (*end, error) {
	h.net.mu.Lock()
	closed, c := h.closed, h.net.conns[keyOf(h.id, peer)]
	h.net.mu.Unlock()
	switch {
	case closed:
		return nil, stream.ErrClosed
	case c == nil || peer == h.id:
		return nil, stream.ErrUnreachable
	}
	far := c.hosts[1-c.sideOf(h)]
	if h.judge(peer, far.pub) == stream.Refused {
		return nil, stream.ErrNotAdmitted
	}
	err := h.net.roundTrip(ctx, h.id, peer, OpenTimeout, true, c.over)
	switch {
	case errors.Is(err, stream.ErrClosed) && !h.isClosed():
		return nil, stream.ErrUnreachable // the connection is over, not the host
	case err != nil:
		return nil, err
	}
	return h.accept(c, far, protocol, far.judge(h.id, h.pub))
}

// accept starts the far host's handler if its standing for this host allows
// the protocol, and returns this host's end.
func (h *Host) accept(c *conn, far *Host, protocol string, in stream.Standing) (*end, error) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	if h.net.conns[c.key] != c {
		return nil, stream.ErrUnreachable
	}
	to, known := far.handlers[protocol]
	if !known || in == stream.Refused || (in == stream.Guest && !to.guests) {
		return nil, stream.ErrNotAdmitted
	}
	at := slot{h.id, protocol}
	if far.serving[at] >= stream.MaxStreams {
		return nil, stream.ErrUnreachable
	}
	far.serving[at]++
	p := newPair(c, protocol)
	p.ends[c.sideOf(h)].sent.streams.Add(1)
	c.pairs[p] = struct{}{}
	c.conditionPair(p)
	mine := p.ends[c.sideOf(h)]
	theirs := p.ends[1-mine.side]
	far.handling.Go(func() {
		defer far.leave(at)
		defer theirs.abandon()
		to.serve(far.ctx, theirs)
	})
	return mine, nil
}

// leave gives a stream's place back.
func (h *Host) leave(at slot) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	if h.serving[at]--; h.serving[at] == 0 {
		delete(h.serving, at)
	}
}

// abandon resets a stream that its handler has not closed.
func (e *end) abandon() {
	e.mu.Lock()
	closed := e.readClosed && e.writeClosed
	e.mu.Unlock()
	if !closed {
		e.Reset()
	}
}
