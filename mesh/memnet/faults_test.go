package memnet_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
)

const echo = "/test/echo/1"

// key is a fixed key for the i-th host.
func key(i byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = i
	return ed25519.NewKeyFromSeed(seed)
}

func everyone(ed25519.PublicKey) stream.Standing { return stream.Member }

func serveEcho(_ context.Context, s stream.Stream) {
	_, _ = io.Copy(s, s)
	_ = s.Close()
}

// campus is a network of hosts that echo, all connected to each other.
func campus(t *testing.T, size byte) (*memnet.Net, []*memnet.Host) {
	n := memnet.New(7)
	t.Cleanup(func() { _ = n.Close() })
	var hosts []*memnet.Host
	for i := range size {
		h := n.Host(key(i), everyone)
		h.Handle(echo, false, serveEcho)
		hosts = append(hosts, h)
	}
	for i, h := range hosts {
		for j := range i {
			if err := dial(h, hosts[j], byte(j)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n, hosts
}

func dial(from, to *memnet.Host, i byte) error {
	return from.Dial(context.Background(), key(i).Public().(ed25519.PublicKey), to.Addrs())
}

// reaches reports whether a word gets there and back within a second.
func reaches(from, to *memnet.Host) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := from.Ping(ctx, to.Self())
	return err == nil
}

func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestPartitionClosesAndHeals(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, h := campus(t, 4)
		n.Partition(memnet.Closing, []identity.NodeID{h[0].Self(), h[1].Self()})
		for i, from := range h {
			for j, to := range h {
				if i != j && reaches(from, to) != (i/2 == j/2) {
					t.Errorf("%d reaches %d: %v", i, j, i/2 != j/2)
				}
			}
		}
		if err := dial(h[0], h[2], 2); !errors.Is(err, stream.ErrUnreachable) {
			t.Errorf("dial across a partition: %v", err)
		}
		n.Heal()
		if err := dial(h[0], h[2], 2); err != nil || !reaches(h[2], h[0]) {
			t.Errorf("after healing: %v", err)
		}
	})
}

func TestPartialCut(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, h := campus(t, 3)
		n.Cut(memnet.Closing, h[0].Self(), h[2].Self())
		if reaches(h[0], h[2]) || !reaches(h[0], h[1]) || !reaches(h[1], h[2]) {
			t.Error("the wrong links are cut")
		}
		n.Restore(h[0].Self(), h[2].Self())
		if err := dial(h[2], h[0], 0); err != nil {
			t.Error(err)
		}
	})
}

func TestBlackHoleIsSilentUntilGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, h := campus(t, 2)
		s, err := h[0].Open(t.Context(), h[1].Self(), echo)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Reset()
		n.Cut(memnet.BlackHole, h[0].Self(), h[1].Self())
		start := time.Now()
		_ = s.SetReadDeadline(start.Add(time.Second))
		if _, err := io.WriteString(s, "lost?"); err != nil {
			t.Fatalf("a write into a black hole: %v", err)
		}
		if _, err := s.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a read from a black hole: %v", err)
		}
		n.Restore(h[0].Self(), h[1].Self())
		_ = s.SetReadDeadline(time.Time{})
		if got, err := s.Read(make([]byte, 9)); got != 5 || err != nil {
			t.Fatalf("bytes in flight when the hole closed: %d, %v", got, err)
		}
		n.Cut(memnet.BlackHole, h[0].Self(), h[1].Self())
		start = time.Now()
		if _, err := s.Read(make([]byte, 9)); !errors.Is(err, stream.ErrReset) || time.Since(start) != memnet.DeadAfter {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
		if len(h[0].Peers()) != 0 {
			t.Error("the connection outlived its death")
		}
		start = time.Now()
		if err := dial(h[0], h[1], 1); !errors.Is(err, stream.ErrUnreachable) || time.Since(start) != memnet.DialTimeout {
			t.Errorf("dial into a black hole: %v after %v", err, time.Since(start))
		}
	})
}

func TestOneWayHole(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, h := campus(t, 2)
		word := make(chan string, 2)
		h[1].Handle("/test/push/1", false, func(_ context.Context, s stream.Stream) {
			defer s.Reset()
			_, _ = io.WriteString(s, "down") // h1 to h0 still passes
			buf := make([]byte, 9)
			n, _ := s.Read(buf)
			word <- string(buf[:n])
		})
		s, err := h[0].Open(t.Context(), h[1].Self(), "/test/push/1")
		if err != nil {
			t.Fatal(err)
		}
		n.CutOneWay(memnet.BlackHole, h[0].Self(), h[1].Self())
		_, _ = io.WriteString(s, "up")
		buf := make([]byte, 4)
		if _, err := io.ReadFull(s, buf); err != nil || string(buf) != "down" {
			t.Errorf("the open direction: %q, %v", buf, err)
		}
		synctest.Wait()
		if len(word) != 0 {
			t.Errorf("the cut direction passed %q", <-word)
		}
		n.Heal()
		if w := <-word; w != "up" {
			t.Errorf("after healing: %q", w)
		}
		s.Reset()
	})
}

func TestDelay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, h := campus(t, 2)
		n.Delay(h[0].Self(), h[1].Self(), 40*time.Millisecond, 0)
		start := time.Now()
		if d, err := h[0].Ping(t.Context(), h[1].Self()); err != nil || d != 80*time.Millisecond {
			t.Errorf("ping: %v, %v", d, err)
		}
		if d := time.Since(start); d != 160*time.Millisecond {
			t.Errorf("open and ping took %v", d)
		}
	})
}

func TestStuckHostPressesBack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, h := campus(t, 2)
		s, err := h[0].Open(t.Context(), h[1].Self(), echo)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Reset()
		n.Stick(h[1].Self(), true)
		_ = s.SetWriteDeadline(time.Now().Add(time.Second))
		sent, err := s.Write(make([]byte, 10<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || sent > 1<<20 {
			t.Errorf("wrote %d to a stuck host, %v", sent, err)
		}
		if _, err := h[0].Open(t.Context(), h[1].Self(), echo); !errors.Is(err, stream.ErrUnreachable) {
			t.Errorf("open to a stuck host: %v", err)
		}
		if len(h[0].Peers()) != 1 {
			t.Error("a stuck host lost its connection")
		}
		n.Stick(h[1].Self(), false)
		if _, err := io.ReadFull(s, make([]byte, sent)); err != nil {
			t.Errorf("after the host went on: %v", err)
		}
	})
}

func TestFlapEndsRestored(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, h := campus(t, 2)
		changes := make(chan bool, 1000)
		h[0].Notify(func(_ identity.NodeID, up bool) { changes <- up })
		stop := n.Flap(memnet.Closing, h[0].Self(), h[1].Self(), 2*time.Second)
		for range 100 {
			time.Sleep(time.Second)
			_ = dial(h[0], h[1], 1)
		}
		stop()
		stop()
		if err := dial(h[0], h[1], 1); err != nil {
			t.Errorf("after the flapping: %v", err)
		}
		synctest.Wait()
		if len(changes) < 20 {
			t.Errorf("%d changes in 100 s of flapping", len(changes))
		}
	})
}

func TestGuestLeavesInTime(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := memnet.New(1)
		defer n.Close()
		desk := n.Host(key(0), func(ed25519.PublicKey) stream.Standing { return stream.Guest })
		desk.Handle(echo, true, serveEcho)
		joiner := n.Host(key(1), everyone)
		if err := dial(joiner, desk, 0); err != nil {
			t.Fatal(err)
		}
		s, err := joiner.Open(t.Context(), desk.Self(), echo)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, stream.ErrReset) || time.Since(start) != stream.GuestTime {
			t.Errorf("a guest's stream ended after %v: %v", time.Since(start), err)
		}
	})
}

func TestMoveAndRestart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, h := campus(t, 2)
		old := h[1].Addrs()
		n.Move(h[1].Self(), "")
		if len(h[0].Peers()) != 0 {
			t.Error("a connection outlived a move")
		}
		pub := key(1).Public().(ed25519.PublicKey)
		if err := h[0].Dial(t.Context(), pub, old); !errors.Is(err, stream.ErrUnreachable) {
			t.Errorf("dial the old address: %v", err)
		}
		if err := dial(h[0], h[1], 1); err != nil {
			t.Errorf("dial the new address: %v", err)
		}
		moved := h[1].Addrs()[0]
		_ = h[1].Close()
		again := n.Host(key(1), everyone)
		n.Move(again.Self(), moved)
		if err := h[0].Dial(t.Context(), pub, []string{moved}); err != nil {
			t.Errorf("dial after a restart: %v", err)
		}
	})
}
