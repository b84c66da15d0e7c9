package streamtest

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// nowhere is where nobody listens.
const nowhere = "127.0.0.1:1"

func testDialTwice(t *testing.T, c *campus) {
	a, b := c.pair()
	for range 3 {
		if err := a.dial(t, b); err != nil {
			t.Errorf("dial again: %v", err)
		}
	}
	if err := b.dial(t, a); err != nil {
		t.Errorf("dial back: %v", err)
	}
	if len(a.Peers()) != 1 || len(b.Peers()) != 1 {
		t.Errorf("peers: %v and %v", a.Peers(), b.Peers())
	}
}

func testDialEachOther(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	for _, n := range []node{a, b} {
		n.Handle(echo, false, serveEcho)
	}
	var both sync.WaitGroup
	both.Go(func() { _ = a.dial(t, b) })
	both.Go(func() { _ = b.dial(t, a) })
	both.Wait()
	c.connect(a, b)
	c.connect(b, a)
	says(t, a.mustOpen(t, b, echo), "from a")
	says(t, b.mustOpen(t, a, echo), "from b")
	if len(a.Peers()) != 1 || len(b.Peers()) != 1 {
		t.Errorf("peers: %v and %v", a.Peers(), b.Peers())
	}
}

func testDialNobody(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	addrs := b.Addrs()
	_ = b.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, addrs := range [][]string{addrs, {nowhere}, nil} {
		if err := a.Dial(ctx, b.pub, addrs); !errors.Is(err, stream.ErrUnreachable) {
			t.Errorf("dial %v: %v, want ErrUnreachable", addrs, err)
		}
	}
	if err := a.Dial(ctx, a.pub, a.Addrs()); !errors.Is(err, stream.ErrUnreachable) {
		t.Errorf("dial oneself: %v, want ErrUnreachable", err)
	}
}

func testDialWrongKey(t *testing.T, c *campus) {
	a, b, other := c.node(), c.node(), c.node()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := a.Dial(ctx, other.pub, b.Addrs()); !errors.Is(err, stream.ErrUnreachable) {
		t.Errorf("dial the wrong key: %v, want ErrUnreachable", err)
	}
	if len(a.Peers()) != 0 {
		t.Errorf("peers after the wrong key: %v", a.Peers())
	}
	c.connect(a, other) // no grudge is kept against the right one
}

func testDialAnyOfSeveral(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := a.Dial(ctx, b.pub, append([]string{nowhere}, b.Addrs()...)); err != nil {
		t.Errorf("dial: %v", err)
	}
}

func testDialContext(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.Dial(ctx, b.pub, b.Addrs()); !errors.Is(err, context.Canceled) {
		t.Errorf("dial with a context that has ended: %v", err)
	}
}

func testOpenWithoutConnection(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	b.Handle(echo, false, serveEcho)
	if _, err := a.open(t, b, echo); !errors.Is(err, stream.ErrUnreachable) {
		t.Errorf("open without a connection: %v, want ErrUnreachable", err)
	}
}

func testUnknownProtocol(t *testing.T, c *campus) {
	a, b := c.pair()
	if _, err := a.open(t, b, "/streamtest/nobody/1"); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("open an unknown protocol: %v, want ErrNotAdmitted", err)
	}
}

// log is what a node was notified of.
type log struct {
	mu   sync.Mutex
	busy bool
	ups  map[identity.NodeID][]bool
	torn bool
}

func (l *log) record(peer identity.NodeID, up bool) {
	l.mu.Lock()
	l.torn = l.torn || l.busy
	l.busy = true
	l.mu.Unlock()
	time.Sleep(time.Millisecond) // room for a second call, were there one
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
	l.ups[peer] = append(l.ups[peer], up)
}

func (l *log) of(peer identity.NodeID) []bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ups[peer])
}

func testNotify(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	la, lb := &log{ups: map[identity.NodeID][]bool{}}, &log{ups: map[identity.NodeID][]bool{}}
	a.Notify(la.record)
	b.Notify(lb.record)
	var want []bool
	for i := range 4 {
		c.connect(a, b)
		want = append(want, true)
		for _, l := range []struct {
			*log
			peer node
		}{{la, b}, {lb, a}} {
			c.eventually("notified of up", func() bool { return slices.Equal(l.of(l.peer.Self()), want) })
		}
		[]node{a, b}[i%2].Hangup([]node{b, a}[i%2].Self())
		want = append(want, false)
		for _, l := range []struct {
			*log
			peer node
		}{{la, b}, {lb, a}} {
			c.eventually("notified of down", func() bool { return slices.Equal(l.of(l.peer.Self()), want) })
		}
	}
	if la.torn || lb.torn {
		t.Error("notifications for one peer overlapped")
	}
}

func testHangup(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	b.Handle(echo, false, serveEcho)
	c.connect(a, b)
	s := a.mustOpen(t, b, echo)
	says(t, s, "before")
	b.Hangup(a.Self())
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Error("a stream outlived its connection")
	}
	c.eventually("the peers are gone", func() bool { return len(a.Peers())+len(b.Peers()) == 0 })
	b.Hangup(a.Self()) // nothing to hang up
	c.connect(a, b)
	says(t, a.mustOpen(t, b, echo), "after")
}

func testSever(t *testing.T, c *campus) {
	a, b := c.pair()
	a.Sever(b.Self(), true)
	c.eventually("the link is cut", func() bool { return len(a.Peers())+len(b.Peers()) == 0 })
	if err := a.dial(t, b); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("dial outward over a severed link: %v, want ErrNotAdmitted", err)
	}
	if err := b.dial(t, a); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("dial inward over a severed link: %v, want ErrNotAdmitted", err)
	}
	if len(a.Peers())+len(b.Peers()) != 0 {
		t.Errorf("peers over a severed link: %v and %v", a.Peers(), b.Peers())
	}
	a.Sever(b.Self(), false)
	c.connect(b, a)
}

func testAddresses(t *testing.T, c *campus) {
	a, b := c.pair()
	for _, n := range []node{a, b} {
		if len(n.Addrs()) == 0 {
			t.Fatal("no addresses")
		}
		for _, s := range n.Addrs() {
			if ap, err := netip.ParseAddrPort(s); err != nil || ap.Addr().IsUnspecified() || ap.Port() == 0 {
				t.Errorf("address %q: %v", s, err)
			}
		}
	}
	for _, way := range [][2]node{{a, b}, {b, a}} {
		c.eventually("the peer's address is known", func() bool {
			got := way[0].RemoteAddrs(way[1].Self())
			return len(got) > 0 && slices.Contains(way[1].Addrs(), got[0])
		})
	}
	if got := a.RemoteAddrs(identity.NodeID{1}); len(got) != 0 {
		t.Errorf("addresses of a stranger: %v", got)
	}
}

func testPing(t *testing.T, c *campus) {
	a, b := c.pair()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for range 3 {
		if d, err := a.Ping(ctx, b.Self()); err != nil || d < 0 || d > patience {
			t.Errorf("ping: %v, %v", d, err)
		}
	}
	a.Hangup(b.Self())
	if _, err := a.Ping(ctx, b.Self()); !errors.Is(err, stream.ErrUnreachable) {
		t.Errorf("ping after hanging up: %v, want ErrUnreachable", err)
	}
}

func testClose(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	ended := make(chan struct{})
	begun := make(chan struct{})
	b.Handle(echo, false, func(ctx context.Context, s stream.Stream) {
		close(begun)
		<-ctx.Done()
		s.Reset()
		close(ended)
	})
	c.connect(a, b)
	s := a.mustOpen(t, b, echo)
	<-begun
	if err := b.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	select {
	case <-ended:
	default:
		t.Error("Close returned before a handler did")
	}
	if err := b.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Error("a stream outlived its network")
	}
	c.eventually("the closed peer is gone", func() bool { return len(a.Peers()) == 0 })
	if err := b.dial(t, a); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("dial from a closed network: %v, want ErrClosed", err)
	}
	if _, err := b.open(t, a, echo); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("open from a closed network: %v, want ErrClosed", err)
	}
}
