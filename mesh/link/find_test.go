package link

import (
	"crypto/ed25519"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/upprop/upprop/mesh/stream"
)

func TestFoundAreMembersOnly(t *testing.T) {
	var mu sync.Mutex
	var found []ed25519.PublicKey
	var at []string
	member := testPub(2)
	l := listen(t, Config{
		Key: testKey(1),
		Admit: func(pub ed25519.PublicKey) stream.Standing {
			if pub.Equal(member) {
				return stream.Member
			}
			return stream.Guest
		},
		Found: func(pub ed25519.PublicKey, addrs []string) {
			mu.Lock()
			defer mu.Unlock()
			found, at = append(found, pub), addrs
		},
	})
	f := &finder{l: l}
	for _, i := range []byte{1, 2, 3} {
		id, err := peerID(testPub(i))
		if err != nil {
			t.Fatal(err)
		}
		f.HandlePeerFound(peer.AddrInfo{ID: id, Addrs: dialAddrs([]string{"192.0.2.1:7117"})})
	}
	mu.Lock()
	defer mu.Unlock()
	if len(found) != 1 || !found[0].Equal(member) || !slices.Equal(at, []string{"192.0.2.1:7117"}) {
		t.Errorf("found %x at %v", found, at)
	}
}

// TestDiscovery needs a network on which to be heard; run it in a network
// namespace of its own:
//
//	unshare -rn sh -c 'ip link set lo up; ip link add d0 type veth peer name d1;
//	  ip addr add 10.9.0.1/24 dev d0; ip link set d0 up multicast on; ip link set d1 up;
//	  ip route add 224.0.0.0/4 dev d0; UPPROP_MDNS=1 go test -run Discovery ./mesh/link'
func TestDiscovery(t *testing.T) {
	if os.Getenv("UPPROP_MDNS") == "" {
		t.Skip("set UPPROP_MDNS in a network namespace to announce on the network")
	}
	found := make(chan ed25519.PublicKey, 100)
	a := listen(t, Config{Key: testKey(1), Listen: "0.0.0.0:0", Campus: "test", Found: func(pub ed25519.PublicKey, _ []string) { found <- pub }})
	listen(t, Config{Key: testKey(3), Listen: "0.0.0.0:0", Campus: "other"})
	listen(t, Config{Key: testKey(2), Listen: "0.0.0.0:0", Campus: "test"})
	if a.finder == nil {
		t.Fatal("discovery did not start")
	}
	select {
	case pub := <-found:
		if !pub.Equal(testPub(2)) {
			t.Errorf("found %x of another campus", pub)
		}
	case <-time.After(20 * time.Second):
		t.Error("nobody was found")
	}
}
