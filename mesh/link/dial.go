package link

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// bookTime is how long addresses given to Dial are remembered: for the dial.
const bookTime = 2 * dialTimeout

// Dial connects to the node with this key at any of addrs.
func (l *Link) Dial(ctx context.Context, pub ed25519.PublicKey, addrs []string) error {
	if err := l.dial(ctx, pub, addrs); err != nil {
		return fmt.Errorf("dial %s: %w", identity.IDOf(pub).Short(), err)
	}
	return nil
}

func (l *Link) dial(ctx context.Context, pub ed25519.PublicKey, addrs []string) error {
	if l.isClosed() {
		return stream.ErrClosed
	}
	p, err := peerID(pub)
	if err != nil {
		return fmt.Errorf("%w: %w", stream.ErrNotAdmitted, err)
	}
	if p == l.self {
		return fmt.Errorf("%w: that is this node", stream.ErrUnreachable)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, st := l.judgePeer(p); st == stream.Refused {
		return stream.ErrNotAdmitted
	}
	if c, ln := l.standing(p); c != nil {
		if ln.here == stream.Member && ln.there == stream.Member {
			return nil
		}
		err := l.hello(ctx, c)
		if err == nil || ctx.Err() != nil || l.isClosed() {
			return err
		}
		// The peer may have hung up without our having noticed yet; only a new
		// connection tells what it thinks of us now.
	}
	known := dialAddrs(addrs)
	if len(known) == 0 {
		return fmt.Errorf("%w: no usable address", stream.ErrUnreachable)
	}
	l.swarm.Backoff().Clear(p)
	l.swarm.Peerstore().ClearAddrs(p)
	l.swarm.Peerstore().AddAddrs(p, known, bookTime)
	c, err := l.swarm.DialPeer(ctx, p)
	if err != nil {
		return l.dialError(ctx, err)
	}
	return l.hello(ctx, c)
}

func (l *Link) dialError(ctx context.Context, err error) error {
	var conn *network.ConnError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case l.isClosed():
		return stream.ErrClosed
	case errors.Is(err, swarm.ErrGaterDisallowedConnection),
		errors.As(err, &conn) && conn.ErrorCode == network.ConnGated:
		return fmt.Errorf("%w: %w", stream.ErrNotAdmitted, err)
	}
	return fmt.Errorf("%w: %w", stream.ErrUnreachable, err)
}
