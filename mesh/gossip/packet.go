package gossip

import (
	"context"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	// maxPacket bounds a packet, sent or received.
	maxPacket = 64 << 10
	// outboxSize is how many packets wait for one peer; more are dropped.
	outboxSize = 64
	// sendTime is how long one packet, or opening the stream, may take before
	// the stream is taken for stuck and reset.
	sendTime = 2 * time.Second
	// idleTime is when a sender without packets ends; a receiver waits twice
	// as long.
	idleTime = time.Minute
)

// outbox is the packets on their way to one peer.
type outbox struct{ packets chan []byte }

// send queues a packet, or drops it.
func (t *transport) send(to identity.NodeID, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	o := t.outs[to]
	if o == nil {
		o = &outbox{make(chan []byte, outboxSize)}
		t.outs[to] = o
		t.sending.Go(func() { t.drain(to, o) })
	}
	select {
	case o.packets <- b:
	default:
	}
}

// drain sends what is queued for a peer over one stream, opened when there is
// something to send, until there has been nothing for a while.
func (t *transport) drain(to identity.NodeID, o *outbox) {
	var s stream.Stream
	defer func() {
		if s != nil {
			_ = s.Close()
		}
	}()
	idle := time.NewTimer(idleTime)
	defer idle.Stop()
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-idle.C:
			if t.retire(to, o) {
				return
			}
			idle.Reset(idleTime)
		case b := <-o.packets:
			idle.Reset(idleTime)
			if s = t.transmit(s, to, b); s == nil {
				o.discard()
			}
		}
	}
}

// retire takes an empty outbox away, so that its sender may end.
func (t *transport) retire(to identity.NodeID, o *outbox) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(o.packets) > 0 {
		return false
	}
	delete(t.outs, to)
	return true
}

// discard loses what is queued: by the time the peer can be reached it is old.
func (o *outbox) discard() {
	for {
		select {
		case <-o.packets:
		default:
			return
		}
	}
}

// transmit writes one packet and returns the stream for the next, nil if it
// is of no more use. A stream that the peer has closed since is opened anew
// once.
func (t *transport) transmit(s stream.Stream, to identity.NodeID, b []byte) stream.Stream {
	for fresh := s == nil; ; fresh = true {
		if s == nil {
			ctx, cancel := context.WithTimeout(t.ctx, sendTime)
			opened, err := t.net.Open(ctx, to, packetProtocol)
			cancel()
			if err != nil {
				return nil
			}
			s = opened
		}
		_ = s.SetWriteDeadline(time.Now().Add(sendTime))
		stop := context.AfterFunc(t.ctx, s.Reset)
		err := stream.WriteFrame(s, b)
		stop()
		if err == nil {
			return s
		}
		s.Reset()
		s = nil
		if fresh || t.ctx.Err() != nil {
			return nil
		}
	}
}

// servePackets receives a peer's packets. They are known to come from it,
// whatever they claim; a false claim inside does no more harm than a true one,
// since every member may gossip about every other.
func (t *transport) servePackets(_ context.Context, s stream.Stream) {
	defer s.Reset()
	stop := context.AfterFunc(t.ctx, s.Reset)
	defer stop()
	from := peerAddr(s.Remote())
	for {
		if s.SetReadDeadline(time.Now().Add(2*idleTime)) != nil || !t.admitted(s.Remote()) {
			return
		}
		b, err := stream.ReadFrame(s, maxPacket)
		if err != nil || compressed(b) {
			return
		}
		select {
		case t.packets <- &memberlist.Packet{Buf: b, From: from, Timestamp: time.Now()}:
		case <-t.ctx.Done():
			return
		default: // memberlist is behind: lost, as UDP loses
		}
	}
}
