package cut_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/mesh/cut"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/mesh/stream/streamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The sleeve is a network like any other.
func TestConformance(t *testing.T) {
	streamtest.Run(t, func(testing.TB) streamtest.Factory {
		n := memnet.New(1)
		return func(_ testing.TB, priv ed25519.PrivateKey, admit stream.Admit) stream.Network {
			return cut.Over(n.Host(priv, admit))
		}
	})
}

func members(ed25519.PublicKey) stream.Standing { return stream.Member }

// host is one end, and what it was told of the other.
type host struct {
	*cut.Network
	pub ed25519.PublicKey

	mu   sync.Mutex
	told []bool
}

func (h *host) news() []bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

const echo = "/test/echo/1"

func newHost(t *testing.T, n *memnet.Net) *host {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{Network: cut.Over(n.Host(priv, members)), pub: pub}
	h.Notify(func(_ identity.NodeID, up bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.told = append(h.told, up)
	})
	answer := func(_ context.Context, s stream.Stream) {
		_, _ = io.Copy(s, s)
		_ = s.Close()
	}
	h.Handle(echo, false, answer)
	h.Handle(cut.Protocol, false, answer)
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// heard reports whether a stream carries a word there and back.
func heard(s stream.Stream, err error) bool {
	if err != nil {
		return false
	}
	defer s.Reset()
	_ = s.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := s.Write([]byte("x")); err != nil {
		return false
	}
	_, err = io.ReadFull(s, make([]byte, 1))
	return err == nil
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never:", what)
		}
	}
}

func TestCut(t *testing.T) {
	n := memnet.New(1)
	a, b := newHost(t, n), newHost(t, n)
	ctx := t.Context()
	dial := func(from, to *host) error { return from.Dial(ctx, to.pub, to.Addrs()) }
	if err := dial(a, b); err != nil {
		t.Fatal(err)
	}
	await(t, "both are told", func() bool { return len(a.news()) == 1 && len(b.news()) == 1 })
	standing, err := a.Open(ctx, b.Self(), echo)
	if err != nil {
		t.Fatal(err)
	}
	// One end cuts: both are out of reach of each other.
	a.Cut(b.Self())
	a.Cut(b.Self())
	if _, err := standing.Read(make([]byte, 1)); err == nil {
		t.Error("a stream outlives the cut")
	}
	if err := dial(a, b); !errors.Is(err, stream.ErrUnreachable) {
		t.Error("dialled:", err)
	}
	if _, err := a.Open(ctx, b.Self(), echo); !errors.Is(err, stream.ErrUnreachable) {
		t.Error("opened:", err)
	}
	if _, err := a.Ping(ctx, b.Self()); !errors.Is(err, stream.ErrUnreachable) {
		t.Error("measured:", err)
	}
	if len(a.Peers()) != 0 || !a.IsCut(b.Self()) || len(a.CutPeers()) != 1 {
		t.Error(a.Peers(), a.CutPeers())
	}
	// The other end, which has not heard of it, is connected and gets no answer.
	await(t, "b is connected again", func() bool { return slices.Contains(b.Peers(), a.Self()) || dial(b, a) == nil })
	if heard(b.Open(ctx, a.Self(), echo)) {
		t.Error("the end that cut answers")
	}
	// The whisper crosses, from either end.
	if !heard(a.Whisper(ctx, b.Self())) || !heard(b.Whisper(ctx, a.Self())) {
		t.Error("no whisper is heard")
	}
	b.Cut(a.Self())
	await(t, "connected for the whisper", func() bool { _ = dial(b, a); return heard(b.Whisper(ctx, a.Self())) })
	// The cut is told, and what is whispered over is not.
	await(t, "the cut is told", func() bool { return slices.Equal(a.news(), []bool{true, false}) })
	a.Restore(b.Self())
	b.Restore(a.Self())
	b.Restore(a.Self())
	await(t, "restored", func() bool { return heard(a.Open(ctx, b.Self(), echo)) && heard(b.Open(ctx, a.Self(), echo)) })
	// What was told is what was seen: each time it came, and each time it went.
	await(t, "told", func() bool { n := len(a.news()); return n > 0 && a.news()[n-1] })
	for _, h := range []*host{a, b} {
		for i, up := range h.news() {
			if up != (i%2 == 0) {
				t.Error("told twice of one thing:", h.news())
			}
		}
	}
}
