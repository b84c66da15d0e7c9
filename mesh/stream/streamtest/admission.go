package streamtest

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/upprop/upprop/mesh/stream"
)

const (
	echo  = "/streamtest/echo/1"
	guest = "/streamtest/guest/1"
)

// serveEcho sends back what it gets until the other side has finished.
func serveEcho(_ context.Context, s stream.Stream) {
	if _, err := io.Copy(s, s); err != nil {
		s.Reset()
		return
	}
	_ = s.Close()
}

// says sends a word and expects it back.
func says(t testing.TB, s stream.Stream, word string) {
	t.Helper()
	if _, err := io.WriteString(s, word); err != nil {
		t.Fatalf("write: %v", err)
	}
	got := make([]byte, len(word))
	if _, err := io.ReadFull(s, got); err != nil || string(got) != word {
		t.Fatalf("echo of %q: %q, %v", word, got, err)
	}
}

func testMemberOpens(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	seen := make(chan stream.Stream, 1)
	b.Handle(echo, false, func(ctx context.Context, s stream.Stream) {
		seen <- s
		serveEcho(ctx, s)
	})
	c.connect(a, b)
	s := a.mustOpen(t, b, echo)
	defer s.Close()
	says(t, s, "hello")
	theirs := <-seen
	if s.Remote() != b.Self() || !s.RemoteKey().Equal(b.pub) || s.Protocol() != echo {
		t.Errorf("dialler sees %v %x %s", s.Remote(), s.RemoteKey(), s.Protocol())
	}
	if theirs.Remote() != a.Self() || !theirs.RemoteKey().Equal(a.pub) || theirs.Protocol() != echo {
		t.Errorf("listener sees %v %x %s", theirs.Remote(), theirs.RemoteKey(), theirs.Protocol())
	}
}

func testGuest(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	c.judge(b, a, stream.Guest)
	b.Handle(guest, true, serveEcho)
	b.Handle(echo, false, func(ctx context.Context, s stream.Stream) {
		t.Error("a guest reached a handler for members")
		serveEcho(ctx, s)
	})
	if err := a.dial(t, b); err != nil {
		t.Fatalf("dial as a guest: %v", err)
	}
	s := a.mustOpen(t, b, guest)
	says(t, s, "knock")
	_ = s.Close()
	if _, err := a.open(t, b, echo); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("open as a guest: %v, want ErrNotAdmitted", err)
	}
	if _, err := a.Ping(context.Background(), b.Self()); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("ping as a guest: %v, want ErrNotAdmitted", err)
	}
	if peers := b.Peers(); len(peers) != 0 {
		t.Errorf("a guest is among the peers: %v", peers)
	}
	if peers := a.Peers(); len(peers) != 0 {
		t.Errorf("who takes us for a guest is among the peers: %v", peers)
	}
}

func testGuestsAreFew(t *testing.T, c *campus) {
	b := c.node()
	for i := range stream.MaxGuests + 2 {
		a := c.node()
		c.judge(b, a, stream.Guest)
		err := a.dial(t, b)
		if i < stream.MaxGuests && err != nil {
			t.Fatalf("guest %d: %v", i, err)
		}
		if i >= stream.MaxGuests && !errors.Is(err, stream.ErrNotAdmitted) {
			t.Fatalf("guest %d: %v, want ErrNotAdmitted", i, err)
		}
	}
	m := c.node()
	c.connect(m, b) // a member is let in all the same
}

func testGuestBecomesMember(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	c.judge(b, a, stream.Guest)
	b.Handle(echo, false, serveEcho)
	if err := a.dial(t, b); err != nil {
		t.Fatalf("dial as a guest: %v", err)
	}
	c.judge(b, a, stream.Member)
	c.connect(a, b)
	s := a.mustOpen(t, b, echo)
	defer s.Close()
	says(t, s, "now I may")
}

func testRefused(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	c.judge(b, a, stream.Refused)
	b.Handle(guest, true, func(ctx context.Context, s stream.Stream) {
		t.Error("a refused key reached a handler")
		serveEcho(ctx, s)
	})
	if err := a.dial(t, b); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("dial by a refused key: %v, want ErrNotAdmitted", err)
	}
	if err := b.dial(t, a); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("dial of a refused key: %v, want ErrNotAdmitted", err)
	}
	if _, err := a.open(t, b, guest); !errors.Is(err, stream.ErrUnreachable) {
		t.Errorf("open by a refused key: %v, want ErrUnreachable", err)
	}
	if len(a.Peers())+len(b.Peers()) != 0 {
		t.Errorf("peers: %v and %v", a.Peers(), b.Peers())
	}
}

func testDemoted(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	b.Handle(echo, false, serveEcho)
	c.connect(a, b)
	says(t, a.mustOpen(t, b, echo), "still a member")
	c.judge(b, a, stream.Refused)
	if _, err := a.open(t, b, echo); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("open after being refused: %v, want ErrNotAdmitted", err)
	}
	if _, err := b.open(t, a, echo); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("open to a peer refused: %v, want ErrNotAdmitted", err)
	}
	b.Hangup(a.Self())
	c.eventually("the refused peer is gone", func() bool { return len(a.Peers())+len(b.Peers()) == 0 })
	if err := a.dial(t, b); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("dial after being refused: %v, want ErrNotAdmitted", err)
	}
}
