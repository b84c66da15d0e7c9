package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/upprop/upprop/mesh/stream"
)

// helloProtocol is the first stream on every connection, opened by who
// dialled: the answer's verdict says what the dialler is taken for; between
// members each side then tells where it listens.
const helloProtocol = "/upprop/link-hello/1"

// maxHello bounds the frame of addresses, one "IP:PORT" a line.
const maxHello = 1024

// maxBoot bounds the name of a start.
const maxBoot = 64

// maxBoots bounds the starts remembered of a connected peer.
const maxBoots = 8

// hello asks the peer what it takes this node for. A connection that the peer
// closes instead of answering was refused: libp2p lets the dialler finish its
// handshake before the listener has seen the dialler's key.
func (l *Link) hello(ctx context.Context, c network.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, helloPatience)
	defer cancel()
	_, here := l.judgePeer(c.RemotePeer())
	if here == stream.Refused {
		_ = c.CloseWithError(network.ConnGated)
		return stream.ErrNotAdmitted
	}
	s, there, err := l.openOn(ctx, c, helloProtocol)
	if err != nil {
		_ = c.Close()
		return l.helloError(ctx, err)
	}
	defer s.Close()
	if !l.greeted(c, here, there) {
		return stream.ErrUnreachable
	}
	if here == stream.Member && there == stream.Member {
		if err := l.tell(s); err == nil {
			err = l.hear(c, s)
			if err != nil {
				l.log.Debug("peer's addresses", "error", err)
			}
		}
	}
	return nil
}

func (l *Link) helloError(ctx context.Context, err error) error {
	switch {
	case l.isClosed():
		return stream.ErrClosed
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: no answer: %w", stream.ErrUnreachable, err)
	}
	return fmt.Errorf("%w: %w", stream.ErrNotAdmitted, err)
}

// answerHello is the listener's side; here is its verdict, already sent.
func (l *Link) answerHello(s *end, here stream.Standing) {
	defer s.Close()
	// The dialler has judged us and dialled: to it we are at least a guest,
	// and what exactly is its own affair.
	if !l.greeted(s.conn, here, stream.Member) || here != stream.Member {
		return
	}
	_ = s.SetDeadline(time.Now().Add(helloPatience))
	if err := l.hear(s.conn, s); err != nil {
		if !errors.Is(err, io.EOF) {
			l.log.Debug("peer's addresses", "error", err)
		}
		return
	}
	_ = l.tell(s)
}

// bootLine begins the line that names this start of a node, so that the
// connections of one that was killed are known for dead when it comes back.
const bootLine = "boot "

// tell sends the name of this start and the addresses at which this node
// listens.
func (l *Link) tell(s io.Writer) error {
	var text strings.Builder
	text.WriteString(bootLine + l.boot + "\n")
	for _, a := range l.Addrs() {
		if text.Len()+len(a)+1 <= maxHello {
			text.WriteString(a + "\n")
		}
	}
	return stream.WriteFrame(s, []byte(text.String()))
}

// hear reads the addresses at which the peer listens.
func (l *Link) hear(c network.Conn, s io.Reader) error {
	b, err := stream.ReadFrame(s, maxHello)
	if err != nil {
		return err
	}
	told, boot := parseHello(b), parseBoot(b)
	var dead []network.Conn
	l.mu.Lock()
	if ct := l.conns[c.RemotePeer()]; ct != nil {
		ct.told = told
		if ln := ct.conns[c]; ln != nil && boot != "" {
			ln.boot = boot
			ct.meet(boot)
			for other, o := range ct.conns {
				if !ct.twice && o.boot != "" && o.boot != boot && other.Stat().Opened.Before(c.Stat().Opened) {
					dead = append(dead, other)
				}
			}
		}
	}
	l.mu.Unlock()
	for _, other := range dead {
		_ = other.Close()
	}
	return nil
}

// meet notes with which start of a peer a connection is. Starts of one machine
// follow one another; one that comes back after another is a second machine
// with the same key. To hang up on the other then would only make it dial
// again: each would keep the other from ever getting through.
func (ct *contact) meet(boot string) {
	at := slices.Index(ct.boots, boot)
	if at >= 0 && at < len(ct.boots)-1 {
		ct.twice = true
	}
	if at >= 0 {
		ct.boots = slices.Delete(ct.boots, at, at+1)
	}
	if ct.boots = append(ct.boots, boot); len(ct.boots) > maxBoots {
		ct.boots = ct.boots[1:]
	}
}

// parseBoot is the name of the peer's start; empty where it tells none.
func parseBoot(b []byte) string {
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), bootLine); ok && len(name) <= maxBoot {
			return name
		}
	}
	return ""
}

// parseHello keeps the addresses that can be dialled.
func parseHello(b []byte) []string {
	var out []string
	for line := range strings.Lines(string(b)) {
		if ap, ok := parseDial(strings.TrimSuffix(line, "\n")); ok && len(out) < maxAddrs {
			out = append(out, ap.String())
		}
	}
	return out
}
