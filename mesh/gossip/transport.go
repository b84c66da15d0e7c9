package gossip

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	packetProtocol = "/upprop/gossip-packet/1"
	streamProtocol = "/upprop/gossip-stream/1"
	// inboxSize is how many received packets wait for memberlist.
	inboxSize = 1024
)

// transport is memberlist's transport over authenticated streams. Packets
// travel framed on one standing stream per peer and direction, and are lost
// as UDP loses them.
type transport struct {
	net      stream.Network
	admitted func(identity.NodeID) bool
	overhear func(packet []byte)

	packets chan *memberlist.Packet
	streams chan net.Conn
	places  *places
	ctx     context.Context
	cancel  context.CancelFunc
	sending sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	outs    map[identity.NodeID]*outbox
}

var _ memberlist.NodeAwareTransport = (*transport)(nil)

func newTransport(n stream.Network, admitted func(identity.NodeID) bool, overhear func([]byte)) *transport {
	t := &transport{
		net: n, admitted: admitted, overhear: overhear,
		packets: make(chan *memberlist.Packet, inboxSize),
		streams: make(chan net.Conn),
		places:  newPlaces(),
		outs:    make(map[identity.NodeID]*outbox),
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// FinalAdvertiseAddr is the address that stands for this node.
func (t *transport) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	ip, port := addressOf(t.net.Self())
	return ip, port, nil
}

// WriteTo never succeeds: an address leads nowhere without a name, and
// RequireNodeNames sees to it that memberlist never asks.
func (t *transport) WriteTo([]byte, string) (time.Time, error) {
	return time.Time{}, fmt.Errorf("send packet: %w", errNoName)
}

// DialTimeout never succeeds; see WriteTo.
func (t *transport) DialTimeout(string, time.Duration) (net.Conn, error) {
	return nil, fmt.Errorf("dial: %w", errNoName)
}

var errNoName = fmt.Errorf("%w: peer is not named", stream.ErrUnreachable)

// WriteToAddress sends a packet as UDP would: it never blocks and has no
// error for a peer that cannot be reached. An error would tell memberlist that
// this node is at fault, and nobody would ever be suspected.
func (t *transport) WriteToAddress(b []byte, to memberlist.Address) (time.Time, error) {
	t.overhear(b)
	id, err := identity.ParseNodeID(to.Name)
	if err != nil || id == t.net.Self() || len(b) > maxPacket || !t.admitted(id) {
		return time.Now(), nil
	}
	t.send(id, append([]byte(nil), b...))
	return time.Now(), nil
}

// PacketCh is where received packets come from.
func (t *transport) PacketCh() <-chan *memberlist.Packet { return t.packets }

// StreamCh is where received streams come from.
func (t *transport) StreamCh() <-chan net.Conn { return t.streams }

// DialAddressTimeout opens a stream for one exchange.
func (t *transport) DialAddressTimeout(to memberlist.Address, timeout time.Duration) (net.Conn, error) {
	id, err := identity.ParseNodeID(to.Name)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	timeout = min(timeout, streamTime)
	if timeout <= 0 {
		return nil, fmt.Errorf("dial: %w", context.DeadlineExceeded)
	}
	ctx, cancel := context.WithTimeout(t.ctx, timeout)
	defer cancel()
	s, err := t.net.Open(ctx, id, streamProtocol)
	if err != nil {
		return nil, err
	}
	c := newConn(s)
	_ = c.SetDeadline(time.Now().Add(timeout))
	return c, nil
}

// Shutdown stops sending and waits for it.
func (t *transport) Shutdown() error {
	t.stop()
	return nil
}

func (t *transport) stop() {
	t.mu.Lock()
	t.stopped = true
	t.mu.Unlock()
	t.cancel()
	t.sending.Wait()
}
