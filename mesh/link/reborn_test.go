package link

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// A peer that is killed leaves connections that look alive for half a minute.
// When it comes back they are known for dead, however often that happens.
func TestKilledPeerIsKnownWhenItComesBack(t *testing.T) {
	all := func(ed25519.PublicKey) stream.Standing { return stream.Member }
	stays := listenForTest(t, all)
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id := identity.IDOf(key.Public().(ed25519.PublicKey))
	var killed []*Link
	defer func() {
		for _, l := range killed {
			_ = l.Close()
		}
	}()
	for range 3 * peerLimit.ConnsInbound {
		l, err := Listen(Config{Key: key, Listen: "127.0.0.1:0", Admit: all})
		if err != nil {
			t.Fatal(err)
		}
		// Not closed: the other side hears nothing of its end.
		killed = append(killed, l)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := l.Dial(ctx, stays.cfg.Key.Public().(ed25519.PublicKey), stays.Addrs()); err != nil {
			t.Fatal(err)
		}
		cancel()
		end := time.Now().Add(10 * time.Second)
		for {
			stays.mu.Lock()
			n := 0
			if ct := stays.conns[l.self]; ct != nil {
				n = len(ct.conns)
			}
			stays.mu.Unlock()
			if n == 1 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%d connections are kept of one peer", n)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	if peers := stays.Peers(); len(peers) != 1 || peers[0] != id {
		t.Fatalf("peers: %v", peers)
	}
}

func listenForTest(t *testing.T, admit stream.Admit) *Link {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Listen(Config{Key: key, Listen: "127.0.0.1:0", Admit: admit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
