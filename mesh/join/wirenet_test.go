package join

import (
	"context"
	"crypto/ed25519"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a network of pipes, just enough for a handshake, that counts what
// each side says and can lose it.
type wire struct {
	mu    sync.Mutex
	ends  map[identity.NodeID]*end
	tasks sync.WaitGroup
}

type end struct {
	w        *wire
	key      *identity.Key
	handlers map[string]stream.Handler
	guests   map[string]bool
	admit    stream.Admit
	down     bool
	// said counts the bytes written by this end on streams it opened.
	said int
	// lose, if set, drops what peers write to streams this end opened, from
	// the nth write on.
	lose int
}

func newWire(t *testing.T) *wire {
	w := &wire{ends: map[identity.NodeID]*end{}}
	t.Cleanup(w.tasks.Wait)
	return w
}

func (w *wire) join(key *identity.Key, admit stream.Admit) *end {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &end{w: w, key: key, admit: admit, handlers: map[string]stream.Handler{}, guests: map[string]bool{}}
	w.ends[key.ID()] = e
	return e
}

func (e *end) Self() identity.NodeID { return e.key.ID() }

func (e *end) Handle(p string, guests bool, h stream.Handler) { e.handlers[p], e.guests[p] = h, guests }

func (e *end) Dial(_ context.Context, pub ed25519.PublicKey, _ []string) error {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	peer := e.w.ends[identity.IDOf(pub)]
	switch {
	case peer == nil || peer.down:
		return stream.ErrUnreachable
	case e.admit(pub) == stream.Refused || peer.admit(e.key.Public()) == stream.Refused:
		return stream.ErrNotAdmitted
	}
	return nil
}

func (e *end) Open(_ context.Context, id identity.NodeID, protocol string) (stream.Stream, error) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	peer := e.w.ends[id]
	if peer == nil || peer.down {
		return nil, stream.ErrUnreachable
	}
	if st := peer.admit(e.key.Public()); st == stream.Refused || (st == stream.Guest && !peer.guests[protocol]) || peer.handlers[protocol] == nil {
		return nil, stream.ErrNotAdmitted
	}
	a, b := net.Pipe()
	here := &pipe{Conn: a, remote: peer.key.Public(), protocol: protocol, said: &e.said, mu: &e.w.mu}
	there := &pipe{Conn: b, remote: e.key.Public(), protocol: protocol, lose: e.lose}
	e.w.tasks.Go(func() { peer.handlers[protocol](context.Background(), there) })
	return here, nil
}

func (e *end) Peers() []identity.NodeID                                     { return nil }
func (e *end) Notify(func(identity.NodeID, bool))                           {}
func (e *end) Addrs() []string                                              { return []string{"127.0.0.1:7000"} }
func (e *end) RemoteAddrs(identity.NodeID) []string                         { return nil }
func (e *end) Hangup(identity.NodeID)                                       {}
func (e *end) Sever(identity.NodeID, bool)                                  {}
func (e *end) Close() error                                                 { return nil }
func (e *end) Ping(context.Context, identity.NodeID) (time.Duration, error) { return 0, nil }

type pipe struct {
	net.Conn
	remote   ed25519.PublicKey
	protocol string
	mu       *sync.Mutex
	said     *int
	lose     int
	writes   int
}

func (p *pipe) Write(b []byte) (int, error) {
	if p.said != nil {
		p.mu.Lock()
		*p.said += len(b)
		p.mu.Unlock()
	}
	if p.writes++; p.lose > 0 && p.writes >= p.lose {
		_ = p.Conn.Close()
		return len(b), nil
	}
	return p.Conn.Write(b)
}

func (p *pipe) CloseWrite() error            { return nil }
func (p *pipe) Reset()                       { _ = p.Conn.Close() }
func (p *pipe) Remote() identity.NodeID      { return identity.IDOf(p.remote) }
func (p *pipe) RemoteKey() ed25519.PublicKey { return p.remote }
func (p *pipe) Protocol() string             { return p.protocol }
