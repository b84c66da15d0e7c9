// Package stream says what the mesh asks of a network: authenticated, ordered
// byte streams between nodes named by their keys. It is the seam between the
// mesh and the wire; [github.com/upprop/upprop/mesh/link] fills it with
// libp2p and [github.com/upprop/upprop/mesh/memnet] with memory. It is not a
// protocol: what the bytes mean is the business of whoever opens the stream.
//
// Invariant: a Stream handed to a Handler always has an authenticated remote
// key whose standing allowed the protocol at the moment of opening.
package stream

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// Errors that a Network returns, matched with errors.Is.
var (
	// ErrUnreachable means that no connection to the peer could be had now.
	ErrUnreachable = errors.New("peer is unreachable")
	// ErrNotAdmitted means that this side or the other refused the peer or
	// the protocol because of its standing.
	ErrNotAdmitted = errors.New("peer is not admitted")
	// ErrClosed means that the network has been closed.
	ErrClosed = errors.New("network is closed")
	// ErrReset is what pending and later reads and writes of a stream get
	// once it has been reset by either side or has lost its connection.
	ErrReset = errors.New("stream was reset")
)

// Limits on keys that are no members yet, kept by every Network.
const (
	// MaxGuests is the number of guests connected at once; more are refused.
	MaxGuests = 8
	// GuestTime is how long a guest's connection lasts.
	GuestTime = 30 * time.Second
	// MaxProtocol is the longest protocol id in bytes.
	MaxProtocol = 64
)

// MaxStreams is how many streams of one protocol that one peer has opened are
// served at once, by every Network; more are reset. A stream counts until its
// handler has returned.
const MaxStreams = 32

// Standing is what a key is to this campus.
type Standing int

const (
	// Refused keys get no connection at all.
	Refused Standing = iota
	// Guest keys may open guest protocols only (the join handshake), on few,
	// short-lived connections.
	Guest
	// Member keys may open every protocol.
	Member
)

// Admit judges a key. It is called for every new connection in either
// direction and for every inbound stream, possibly concurrently; it must not
// block.
type Admit func(pub ed25519.PublicKey) Standing

// Stream is one ordered, authenticated, bidirectional byte stream. Reads and
// writes may run concurrently with each other; two concurrent writes may not.
type Stream interface {
	io.Reader
	io.Writer
	// Close closes both directions in good order: bytes already written still
	// arrive. Idempotent.
	Close() error
	// CloseWrite tells the other side that no more bytes follow.
	CloseWrite() error
	// Reset drops the stream at once, discarding buffered bytes; pending reads
	// and writes on both sides fail. Idempotent, never blocks.
	Reset()
	// Reads and writes past their deadline fail with os.ErrDeadlineExceeded.
	SetDeadline(time.Time) error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	// Remote names the authenticated peer.
	Remote() identity.NodeID
	// RemoteKey is the authenticated peer's public key.
	RemoteKey() ed25519.PublicKey
	Protocol() string
}

// Handler serves one inbound stream and owns it: it must Close or Reset it
// before it returns. ctx ends when the network closes.
type Handler func(ctx context.Context, s Stream)

// Network carries streams between nodes. All methods are safe for concurrent
// use.
type Network interface {
	Self() identity.NodeID
	// Handle registers the handler of a protocol id ("/upprop/pull/1"). With
	// guests true, Guest peers may open it too. Call before peers connect.
	Handle(protocol string, guests bool, h Handler)
	// Dial connects to the node with this key at any of addrs ("IP:PORT", one
	// port, TCP and QUIC); nil when a connection stands already. Where either
	// side held the other for a guest, it asks again, so that a key which has
	// become a member counts as one from then on. It clears earlier dial
	// back-off. Errors: ErrUnreachable (also when another key answers),
	// ErrNotAdmitted, ctx's.
	Dial(ctx context.Context, pub ed25519.PublicKey, addrs []string) error
	// Open opens a stream over a standing connection; it never dials. It
	// returns when the peer has accepted the protocol, one round trip later,
	// and gives up after a few seconds even if ctx has no deadline.
	// Errors: ErrUnreachable when none stands, the peer does not answer or
	// serves MaxStreams of ours, ErrNotAdmitted (also for a protocol that the peer does not speak), ctx's.
	Open(ctx context.Context, peer identity.NodeID, protocol string) (Stream, error)
	// Peers are the connected members, in no order.
	Peers() []identity.NodeID
	// Notify registers fn to be called when a member becomes connected (up)
	// or is connected no more. Calls for one peer are serial and in order; fn
	// must not block for long, and must not call Close.
	Notify(fn func(peer identity.NodeID, up bool))
	// Addrs are the "IP:PORT" addresses at which this node listens, with
	// unspecified addresses resolved to the interfaces'.
	Addrs() []string
	// RemoteAddrs are the "IP:PORT" addresses a connected peer was reached at
	// or says it listens at, best first.
	RemoteAddrs(peer identity.NodeID) []string
	// Ping is the time of one bare round trip to a connected peer.
	Ping(ctx context.Context, peer identity.NodeID) (time.Duration, error)
	// Hangup closes all connections with the peer; it may connect again if it
	// is still admitted.
	Hangup(peer identity.NodeID)
	// Sever cuts (true) or restores (false) the link to a peer: while cut,
	// connections are closed and both directions refused. For drills, the demo
	// and tests.
	Sever(peer identity.NodeID, cut bool)
	// Close hangs up on everyone, stops listening, and waits for handlers and
	// notifications to return; not to be called from one. Idempotent.
	Close() error
}
