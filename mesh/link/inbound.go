package link

import (
	"context"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/upprop/upprop/mesh/stream"
)

// inbound receives every stream that peers open. The order matters: the key
// is judged before a byte is read, the protocol before its handler runs.
func (l *Link) inbound(raw network.Stream) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		_ = raw.Reset()
		return
	}
	l.handling.Add(1)
	l.mu.Unlock()
	defer l.handling.Done()

	_, here := l.judgePeer(raw.Conn().RemotePeer())
	if here == stream.Refused {
		l.refuse(raw, StreamRefused)
		return
	}
	// A write so small needs no reader, but a reset connection must not hold
	// the goroutine either.
	_ = raw.SetDeadline(time.Now().Add(openPatience))
	proto, ok := readProtocol(raw)
	if !ok {
		l.refuse(raw, StreamMalformed)
		return
	}
	to, known := l.handler(proto)
	switch {
	case !known:
		l.refuse(raw, StreamUnknown)
		return
	case here == stream.Guest && !to.guests:
		l.refuse(raw, StreamGuest)
		return
	}
	leave, ok := l.enter(slot{raw.Conn().RemotePeer(), proto})
	if !ok {
		l.counts.add(StreamBusy)
		_ = raw.Reset() // no refusal: the peer may try again
		return
	}
	defer leave()
	s, err := l.newEnd(raw, proto)
	if err != nil || raw.SetProtocol(protocol.ID(proto)) != nil {
		l.refuse(raw, StreamRefused)
		return
	}
	if _, err := raw.Write([]byte{byte(here)}); err != nil {
		_ = raw.Reset()
		return
	}
	if proto == helloProtocol {
		l.answerHello(s, here)
		return
	}
	_ = raw.SetDeadline(time.Time{})
	defer s.abandon()
	stop := context.AfterFunc(l.ctx, s.Reset)
	defer stop()
	to.serve(l.ctx, s)
}

func (l *Link) handler(proto string) (handler, bool) {
	if proto == helloProtocol {
		return handler{guests: true}, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.handlers[proto]
	return h, ok
}

// enter takes a place for a stream; leave gives it back.
func (l *Link) enter(at slot) (leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.serving[at] >= stream.MaxStreams {
		return nil, false
	}
	l.serving[at]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.serving[at]--; l.serving[at] == 0 {
			delete(l.serving, at)
		}
	}, true
}

// refuse resets a stream so that the other side can tell why.
func (l *Link) refuse(raw network.Stream, reason string) {
	l.counts.add(reason)
	_ = raw.ResetWithError(network.StreamGated)
}

// readProtocol reads a protocol's name: its length in a byte, and its bytes.
func readProtocol(r io.Reader) (string, bool) {
	var size [1]byte
	if _, err := io.ReadFull(r, size[:]); err != nil || size[0] == 0 || size[0] > stream.MaxProtocol {
		return "", false
	}
	name := make([]byte, size[0])
	if _, err := io.ReadFull(r, name); err != nil {
		return "", false
	}
	return string(name), true
}
