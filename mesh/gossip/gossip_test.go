package gossip_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/mesh/gossip"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
)

// A probe of memberlist's that is under way at Shutdown ends by its own
// timeout; memberlist does not wait for it.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"))
}

const patience = 30 * time.Second

// node is one node that gossips with whoever connects.
type node struct {
	*gossip.Gossip
	host *memnet.Host
	pub  ed25519.PublicKey
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	heard   map[string]bool
	states  map[string]bool
	changes []gossip.State
}

// start makes a node in a network; it admits everyone but whom refuse names.
func start(t *testing.T, net *memnet.Net, i int, refuse ...identity.NodeID) *node {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	seed[0], seed[1] = byte(i), byte(i>>8)
	priv := ed25519.NewKeyFromSeed(seed)
	n := &node{pub: priv.Public().(ed25519.PublicKey), heard: map[string]bool{}, states: map[string]bool{}, done: make(chan struct{})}
	n.host = net.Host(priv, func(ed25519.PublicKey) stream.Standing { return stream.Member })
	g, err := gossip.New(gossip.Config{
		Net: n.host,
		Admitted: func(id identity.NodeID) bool {
			for _, r := range refuse {
				if r == id {
					return false
				}
			}
			return true
		},
		Changed: func(s gossip.State) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.changes = append(n.changes, s)
		},
		OnMessage: func(b []byte) {
			n.mu.Lock()
			known := n.heard[string(b)]
			n.heard[string(b)] = true
			n.mu.Unlock()
			if !known { // hand on what is news
				_ = n.Broadcast(string(b), b)
			}
		},
		LocalState: func() []byte { return []byte(fmt.Sprint("state of ", i)) },
		MergeState: func(b []byte) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.states[string(b)] = true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Gossip = g
	n.host.Notify(func(peer identity.NodeID, up bool) {
		if up {
			g.Join(peer)
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	n.stop = cancel
	go func() {
		defer close(n.done)
		if err := g.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-n.done
		_ = n.host.Close()
	})
	return n
}

// campus is size nodes, all connected.
func campus(t *testing.T, size int) (*memnet.Net, []*node) {
	t.Helper()
	net := memnet.New(3)
	t.Cleanup(func() { _ = net.Close() })
	var nodes []*node
	for i := range size {
		nodes = append(nodes, start(t, net, i))
	}
	connect(t, nodes)
	return net, nodes
}

func connect(t *testing.T, nodes []*node) {
	t.Helper()
	for i, n := range nodes {
		for _, m := range nodes[:i] {
			if err := n.host.Dial(context.Background(), m.pub, m.host.Addrs()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (n *node) condition(of *node) gossip.Condition {
	for _, s := range n.Members() {
		if s.ID == of.host.Self() {
			return s.Condition
		}
	}
	return 0
}

func ids(nodes []*node) (out []identity.NodeID) {
	for _, n := range nodes {
		out = append(out, n.host.Self())
	}
	return out
}

// allSee reports whether every one of nodes takes every other of them for c.
func allSee(nodes, others []*node, c gossip.Condition) func() bool {
	return func() bool {
		for _, n := range nodes {
			for _, o := range others {
				if n != o && n.condition(o) != c {
					return false
				}
			}
		}
		return true
	}
}

func eventually(t *testing.T, what string, holds func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < patience {
		if holds() {
			return time.Since(start)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("not within %v: %s", patience, what)
	return 0
}

func TestSixteenNodes(t *testing.T) {
	net, nodes := campus(t, 16)
	t.Logf("converged in %v", eventually(t, "all see all alive", allSee(nodes, nodes, gossip.Alive)))

	for i, n := range nodes {
		if err := n.Broadcast("beat", []byte(fmt.Sprint("news from ", i))); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("news everywhere in %v", eventually(t, "everyone hears everyone", func() bool {
		for i, n := range nodes {
			for j := range nodes {
				n.mu.Lock()
				heard := i == j || n.heard[fmt.Sprint("news from ", j)]
				n.mu.Unlock()
				if !heard {
					return false
				}
			}
		}
		return true
	}))

	dead, rest := nodes[15], nodes[:15]
	net.Cut(memnet.BlackHole, dead.host.Self(), rest[0].host.Self())
	net.Partition(memnet.BlackHole, ids(rest))
	t.Logf("dead one known to all in %v", eventually(t, "all know of the dead one", allSee(rest, []*node{dead}, gossip.Dead)))
	suspected := false
	for _, n := range rest {
		n.mu.Lock()
		for _, s := range n.changes {
			suspected = suspected || (s.ID == dead.host.Self() && s.Condition == gossip.Suspect)
		}
		n.mu.Unlock()
	}
	if !suspected {
		t.Error("the dead one was never under suspicion")
	}
	if !allSee(rest, rest, gossip.Alive)() {
		t.Error("a living one is taken for dead")
	}
	net.Heal()
	connect(t, nodes)
	t.Cleanup(func() { whoSeesWhat(t, nodes) })
	t.Logf("back in %v", eventually(t, "the dead one is back", allSee(nodes, nodes, gossip.Alive)))
}

// whoSeesWhat logs, for a test that has failed, everyone not taken for alive.
func whoSeesWhat(t *testing.T, nodes []*node) {
	if !t.Failed() {
		return
	}
	for i, n := range nodes {
		for j, o := range nodes {
			if c := n.condition(o); n != o && c != gossip.Alive {
				t.Logf("%d, connected to %d, takes %d for %v", i, len(n.host.Peers()), j, c)
			}
		}
	}
}

func TestPartitionHeals(t *testing.T) {
	net, nodes := campus(t, 6)
	eventually(t, "all see all alive", allSee(nodes, nodes, gossip.Alive))
	west, east := nodes[:3], nodes[3:]
	net.Partition(memnet.Closing, ids(west))
	eventually(t, "each side takes the other for dead", func() bool {
		return allSee(west, east, gossip.Dead)() && allSee(east, west, gossip.Dead)()
	})
	if !allSee(west, west, gossip.Alive)() || !allSee(east, east, gossip.Alive)() {
		t.Error("a side lost one of its own")
	}
	net.Heal()
	// One link is enough for the word to spread, but all must be connected
	// for probes to succeed.
	connect(t, nodes)
	t.Logf("healed in %v", eventually(t, "all see all alive again", allSee(nodes, nodes, gossip.Alive)))
}

func TestGoodbyeIsHeardAtOnce(t *testing.T) {
	_, nodes := campus(t, 4)
	eventually(t, "all see all alive", allSee(nodes, nodes, gossip.Alive))
	nodes[3].stop()
	<-nodes[3].done
	eventually(t, "the one that left is gone", allSee(nodes[:3], nodes[3:], gossip.Dead))
}

func TestUnadmittedStaysOut(t *testing.T) {
	net := memnet.New(3)
	defer net.Close()
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = 9
	intruder := identity.IDOf(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	a, b := start(t, net, 1, intruder), start(t, net, 2, intruder)
	x := start(t, net, 9)
	connect(t, []*node{a, b, x})
	eventually(t, "members see each other", allSee([]*node{a, b}, []*node{a, b}, gossip.Alive))
	_ = x.Broadcast("lie", []byte("from outside"))
	_ = a.Broadcast("word", []byte("from inside"))
	eventually(t, "members hear each other", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.heard["from inside"]
	})
	for range 50 {
		x.Join(a.host.Self(), b.host.Self())
		time.Sleep(20 * time.Millisecond)
	}
	for _, n := range []*node{a, b} {
		if len(n.Members()) != 1 {
			t.Errorf("members: %v", n.Members())
		}
		n.mu.Lock()
		if n.heard["from outside"] || n.states["state of 9"] {
			t.Error("the intruder was heard")
		}
		n.mu.Unlock()
	}
}

func TestStateIsExchanged(t *testing.T) {
	_, nodes := campus(t, 3)
	eventually(t, "states are exchanged", func() bool {
		for i, n := range nodes {
			n.mu.Lock()
			seen := len(n.states) == 2 || (len(n.states) >= 1 && !n.states[fmt.Sprint("state of ", i)])
			n.mu.Unlock()
			if !seen {
				return false
			}
		}
		return true
	})
}

func TestStuckNodeDoesNotHoldUpTheRest(t *testing.T) {
	net, nodes := campus(t, 5)
	eventually(t, "all see all alive", allSee(nodes, nodes, gossip.Alive))
	stuck, rest := nodes[4], nodes[:4]
	net.Stick(stuck.host.Self(), true)
	eventually(t, "the stuck one is taken for dead", allSee(rest, []*node{stuck}, gossip.Dead))
	// A machine that is slow for a moment makes nodes suspect each other; they
	// object and stay.
	eventually(t, "the others are alive while it is stuck", allSee(rest, rest, gossip.Alive))
	net.Stick(stuck.host.Self(), false)
	eventually(t, "the stuck one is back", allSee(nodes, nodes, gossip.Alive))
}
