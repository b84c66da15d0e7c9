package gossip

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	// streamTime is how long one exchange of states may take; then the stream
	// is reset.
	streamTime = 3 * time.Second
	// maxExchange bounds what one exchange may send, in bytes.
	maxExchange = MaxState + 512<<10
)

// conn is a stream as the net.Conn that memberlist wants, for one exchange
// with limited bytes and a beginning that has been judged.
type conn struct {
	stream.Stream
	limited io.Reader
	once    sync.Once
	closed  chan struct{}
}

func newConn(s stream.Stream) *conn {
	return &conn{Stream: s, limited: &opening{rest: io.LimitReader(s, maxExchange)}, closed: make(chan struct{})}
}

var _ net.Conn = (*conn)(nil)

// Read reads up to the limit, and ends there.
func (c *conn) Read(b []byte) (int, error) { return c.limited.Read(b) }

// Close closes the stream in good order and lets its handler return.
func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	if err := c.Stream.Close(); err != nil {
		return fmt.Errorf("close gossip stream: %w", err)
	}
	return nil
}

// LocalAddr is unknown here and asked for by no one but logs.
func (c *conn) LocalAddr() net.Addr { return peerAddr(identity.NodeID{}) }

// RemoteAddr is the peer's name.
func (c *conn) RemoteAddr() net.Addr { return peerAddr(c.Remote()) }

// serveStream hands an exchange to memberlist in its turn and waits until
// memberlist has closed it. One that takes too long is reset, and keeps its
// place all the same until memberlist has done with it.
func (t *transport) serveStream(_ context.Context, s stream.Stream) {
	if !t.admitted(s.Remote()) || !t.places.enter(s.Remote()) {
		s.Reset()
		return
	}
	defer t.places.leave(s.Remote())
	over := time.NewTimer(2 * streamTime)
	defer over.Stop()
	select {
	case t.places.turns <- struct{}{}:
	case <-t.ctx.Done():
		s.Reset()
		return
	case <-over.C:
		s.Reset()
		return
	}
	defer func() { <-t.places.turns }()
	c := newConn(s)
	given, late := t.streams, over.C
	for {
		select {
		case given <- c:
			given = nil
		case <-c.closed:
			return
		case <-t.ctx.Done():
			s.Reset()
			return
		case <-late:
			s.Reset()
			if given != nil {
				return
			}
			late = nil
		}
	}
}
