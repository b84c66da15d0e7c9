package memnet

import (
	"crypto/ed25519"
	"io"
	"os"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// window is how many bytes a stream holds in one direction before its writer
// waits for its reader.
const window = 64 << 10

type segmentKind int

const (
	data segmentKind = iota
	fin
	rst
)

// segment is something on its way: bytes, the end of bytes, or a reset.
type segment struct {
	kind  segmentKind
	bytes []byte
	at    time.Time // when it arrives, if the lane lets it
}

// lane is one direction of a stream.
type lane struct {
	queue  []segment
	size   int
	delay  time.Duration
	frozen bool // the network passes nothing
	stuck  bool // the reader's process has stopped reading
}

// push sends a segment along; arrival never overtakes what went before.
func (l *lane) push(s segment) {
	s.at = time.Now().Add(l.delay)
	if n := len(l.queue); n > 0 && s.at.Before(l.queue[n-1].at) {
		s.at = l.queue[n-1].at
	}
	l.queue = append(l.queue, s)
	l.size += len(s.bytes)
}

// arrived reports whether the first segment has come through.
func (l *lane) arrived() bool {
	return !l.frozen && len(l.queue) > 0 && !l.queue[0].at.After(time.Now())
}

func (l *lane) resetArrived() bool { return l.arrived() && l.queue[0].kind == rst }

// pair is both ends of one stream. lanes[i] carries what ends[i] writes.
type pair struct {
	mu    sync.Mutex
	wake  *sync.Cond
	lanes [2]lane
	ends  [2]*end
	conn  *conn
}

// end is one side's stream.Stream.
type end struct {
	*pair
	side      int
	protocol  string
	remoteKey ed25519.PublicKey
	remote    identity.NodeID

	sent        *flow // the host's, of this protocol
	dead        bool  // reset, or the connection is gone
	readClosed  bool
	writeClosed bool
	readBy      deadline
	writeBy     deadline
}

// deadline is a moment and the timer that wakes whoever waits for it.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !d.at.After(time.Now()) }

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// newPair makes a stream. The caller holds net.mu.
func newPair(c *conn, protocol string) *pair {
	p := &pair{conn: c}
	p.wake = sync.NewCond(&p.mu)
	for i := range p.ends {
		far := c.hosts[1-i]
		p.ends[i] = &end{
			pair: p, side: i, protocol: protocol, remote: far.id, remoteKey: far.pub,
			sent: c.net.flow(c.hosts[i].id, protocol),
		}
	}
	return p
}

// poke wakes everyone who waits, now and again when what was just sent
// arrives. The caller holds mu.
func (p *pair) poke(after time.Duration) {
	p.wake.Broadcast()
	if after > 0 {
		time.AfterFunc(after, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.wake.Broadcast()
		})
	}
}

// kill fails both ends at once: the connection is gone.
func (p *pair) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.ends {
		e.dead = true
		e.readBy.stop()
		e.writeBy.stop()
	}
	p.wake.Broadcast()
}

func (e *end) Read(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	in := &e.lanes[1-e.side]
	for {
		switch {
		case e.dead || in.resetArrived():
			return 0, stream.ErrReset
		case e.readClosed:
			return 0, io.ErrClosedPipe
		case e.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		}
		if in.arrived() && !in.stuck {
			first := &in.queue[0]
			if first.kind == fin {
				return 0, io.EOF
			}
			n := copy(b, first.bytes)
			first.bytes = first.bytes[n:]
			in.size -= n
			if len(first.bytes) == 0 {
				in.queue = in.queue[1:]
			}
			e.wake.Broadcast()
			return n, nil
		}
		e.wake.Wait()
	}
}

func (e *end) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	out, in, far := &e.lanes[e.side], &e.lanes[1-e.side], e.ends[1-e.side]
	if e.conn.net.overhear != nil {
		e.conn.net.overhear(e.protocol, b)
	}
	sent := 0
	for {
		switch {
		case e.dead || in.resetArrived() || (far.readClosed && !in.frozen):
			return sent, stream.ErrReset
		case e.writeClosed:
			return sent, io.ErrClosedPipe
		case e.writeBy.passed():
			return sent, os.ErrDeadlineExceeded
		case sent == len(b):
			e.sent.writes.Add(1)
			return sent, nil
		}
		if room := window - out.size; room > 0 {
			n := min(room, len(b)-sent)
			out.push(segment{kind: data, bytes: append([]byte(nil), b[sent:sent+n]...)})
			sent += n
			e.sent.bytes.Add(uint64(n))
			e.poke(out.delay)
			continue
		}
		e.wake.Wait()
	}
}

func (e *end) CloseWrite() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dead {
		return stream.ErrReset
	}
	e.closeWrite()
	return nil
}

func (e *end) closeWrite() {
	if e.writeClosed {
		return
	}
	e.writeClosed = true
	out := &e.lanes[e.side]
	out.push(segment{kind: fin})
	e.poke(out.delay)
}

func (e *end) Close() error {
	e.mu.Lock()
	if !e.dead {
		e.closeWrite()
	}
	e.readClosed = true
	e.readBy.stop()
	e.writeBy.stop()
	e.wake.Broadcast()
	over := e.over()
	e.mu.Unlock()
	if over {
		e.conn.forget(e.pair)
	}
	return nil
}

func (e *end) Reset() {
	e.mu.Lock()
	if !e.dead {
		e.dead = true
		e.readBy.stop()
		e.writeBy.stop()
		out := &e.lanes[e.side]
		out.queue, out.size = nil, 0
		out.push(segment{kind: rst})
		e.poke(out.delay)
	}
	over := e.over()
	e.mu.Unlock()
	if over {
		e.conn.forget(e.pair)
	}
}

// over reports whether both ends are done with the stream.
func (p *pair) over() bool {
	for _, e := range p.ends {
		if !e.dead && (!e.readClosed || !e.writeClosed) {
			return false
		}
	}
	return true
}

func (e *end) SetDeadline(t time.Time) error {
	e.setDeadline(t, &e.readBy, &e.writeBy)
	return nil
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.setDeadline(t, &e.readBy)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.setDeadline(t, &e.writeBy)
	return nil
}

func (e *end) setDeadline(t time.Time, ds ...*deadline) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range ds {
		d.stop()
		d.at, d.timer = t, nil
		if wait := time.Until(t); !t.IsZero() && wait > 0 && !e.dead {
			d.timer = time.AfterFunc(wait, func() {
				e.mu.Lock()
				defer e.mu.Unlock()
				e.wake.Broadcast()
			})
		}
	}
	e.wake.Broadcast()
}

func (e *end) Remote() identity.NodeID      { return e.remote }
func (e *end) RemoteKey() ed25519.PublicKey { return append(ed25519.PublicKey(nil), e.remoteKey...) }
func (e *end) Protocol() string             { return e.protocol }
