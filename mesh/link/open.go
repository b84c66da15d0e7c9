package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// openPatience is how long a peer may take to accept a stream.
const openPatience = 5 * time.Second

// Open opens a stream over a standing connection.
func (l *Link) Open(ctx context.Context, id identity.NodeID, proto string) (stream.Stream, error) {
	s, err := l.open(ctx, id, proto)
	if err != nil {
		return nil, fmt.Errorf("open %s to %s: %w", proto, id.Short(), err)
	}
	return s, nil
}

func (l *Link) open(ctx context.Context, id identity.NodeID, proto string) (*end, error) {
	if l.isClosed() {
		return nil, stream.ErrClosed
	}
	if len(proto) == 0 || len(proto) > stream.MaxProtocol {
		return nil, fmt.Errorf("%w: protocol id of %d bytes", stream.ErrNotAdmitted, len(proto))
	}
	p, _, ok := l.contactOf(id)
	if !ok {
		return nil, stream.ErrUnreachable
	}
	if _, st := l.judgePeer(p); st == stream.Refused {
		return nil, stream.ErrNotAdmitted
	}
	c, _ := l.standing(p)
	if c == nil {
		return nil, stream.ErrUnreachable
	}
	bounded, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	s, _, err := l.openOn(bounded, c, proto)
	switch {
	case err == nil:
		return s, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, stream.ErrNotAdmitted):
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", stream.ErrUnreachable, err)
}

// openOn opens a stream on one connection, names the protocol and waits for
// the verdict. ctx must have a deadline.
func (l *Link) openOn(ctx context.Context, c network.Conn, proto string) (*end, stream.Standing, error) {
	raw, err := c.NewStream(ctx)
	if err != nil {
		return nil, stream.Refused, err
	}
	s, err := l.newEnd(raw, proto)
	if err != nil {
		_ = raw.Reset()
		return nil, stream.Refused, err
	}
	stop := context.AfterFunc(ctx, s.Reset)
	verdict, err := s.ask()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		s.Reset()
		return nil, stream.Refused, err
	}
	return s, verdict, nil
}

// ask sends the protocol's name and reads the verdict.
func (s *end) ask() (stream.Standing, error) {
	if err := s.raw.SetProtocol(protocol.ID(s.protocol)); err != nil {
		return stream.Refused, err
	}
	_, err := s.raw.Write(append([]byte{byte(len(s.protocol))}, s.protocol...))
	var verdict [1]byte
	if err == nil {
		_, err = io.ReadFull(s.raw, verdict[:])
	}
	var reset *network.StreamError
	switch {
	case errors.As(err, &reset) && reset.Remote && reset.ErrorCode == network.StreamGated:
		return stream.Refused, stream.ErrNotAdmitted
	case errors.Is(err, os.ErrDeadlineExceeded):
		return stream.Refused, os.ErrDeadlineExceeded
	case err != nil:
		return stream.Refused, err
	}
	switch st := stream.Standing(verdict[0]); st {
	case stream.Guest, stream.Member:
		return st, nil
	}
	return stream.Refused, stream.ErrNotAdmitted
}
