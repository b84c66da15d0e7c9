package link

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// end is this side of a stream. It turns the errors of two transports into
// the few that stream.Stream promises.
type end struct {
	raw      network.Stream
	conn     network.Conn
	protocol string
	pub      ed25519.PublicKey
	id       identity.NodeID

	mu          sync.Mutex
	readBy      time.Time
	writeBy     time.Time
	closed      bool // closed in good order
	writeClosed bool
	reset       bool
}

var _ stream.Stream = (*end)(nil)

func (l *Link) newEnd(raw network.Stream, proto string) (*end, error) {
	pub, err := publicKey(raw.Conn().RemotePeer())
	if err != nil {
		return nil, err
	}
	return &end{raw: raw, conn: raw.Conn(), protocol: proto, pub: pub, id: identity.IDOf(pub)}, nil
}

func (s *end) Read(b []byte) (int, error) {
	n, err := s.raw.Read(b)
	return n, s.explain(err, &s.readBy, &s.closed)
}

func (s *end) Write(b []byte) (int, error) {
	n, err := s.raw.Write(b)
	return n, s.explain(err, &s.writeBy, &s.writeClosed)
}

// explain tells a passed deadline from a reset. Timeouts of the connection
// (QUIC's idle timeout is one) look like deadlines but end the stream.
func (s *end) explain(err error, by *time.Time, closed *bool) error {
	if err == nil || err == io.EOF {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var timeout net.Error
	switch {
	case s.reset:
		return stream.ErrReset
	case *closed:
		return io.ErrClosedPipe
	case errors.As(err, &timeout) && timeout.Timeout() && !by.IsZero() && !by.After(time.Now()):
		return os.ErrDeadlineExceeded
	}
	return fmt.Errorf("%w: %w", stream.ErrReset, err)
}

func (s *end) Close() error {
	s.mu.Lock()
	again := s.closed || s.reset
	s.closed, s.writeClosed = true, true
	s.mu.Unlock()
	if again {
		return nil
	}
	// QUIC fails a close where the peer has stopped reading already, TCP does
	// not: either way no byte is lost that was not lost before.
	_ = s.raw.Close()
	return nil
}

func (s *end) CloseWrite() error {
	s.mu.Lock()
	s.writeClosed = true
	s.mu.Unlock()
	_ = s.raw.CloseWrite() // as in Close
	return nil
}

func (s *end) Reset() {
	s.mu.Lock()
	again := s.reset
	s.reset = true
	s.mu.Unlock()
	if !again {
		_ = s.raw.Reset()
	}
}

// abandon resets a stream that its handler has not closed.
func (s *end) abandon() {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if !closed {
		s.Reset()
	}
}

func (s *end) SetDeadline(t time.Time) error {
	s.mu.Lock()
	s.readBy, s.writeBy = t, t
	s.mu.Unlock()
	return s.raw.SetDeadline(t)
}

func (s *end) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	s.readBy = t
	s.mu.Unlock()
	return s.raw.SetReadDeadline(t)
}

func (s *end) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	s.writeBy = t
	s.mu.Unlock()
	return s.raw.SetWriteDeadline(t)
}

func (s *end) Remote() identity.NodeID      { return s.id }
func (s *end) RemoteKey() ed25519.PublicKey { return append(ed25519.PublicKey(nil), s.pub...) }
func (s *end) Protocol() string             { return s.protocol }
