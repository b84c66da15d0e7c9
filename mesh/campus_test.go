package mesh

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/mesh/gossip"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ Roster = (*identity.Roster)(nil)
	_ Signer = (*identity.Key)(nil)
	_ Gossip = (*gossip.Gossip)(nil)
)

// campus is some nodes on one memnet.
type campus struct {
	t       *testing.T
	net     *memnet.Net
	root    *identity.Root
	records [][]byte
	gossips *gossips
	real    bool
	nodes   []*testNode
	running sync.Map // id → *memnet.Host
}

// testNode is one running mesh with its fakes.
type testNode struct {
	c      *campus
	key    *identity.Key
	roster *identity.Roster
	host   *memnet.Host
	log    *fakeLog
	book   *MemBook
	beats  *beatShelf
	tune   func(*Config)
	addr   string // the same at every start

	*Mesh
	cancel context.CancelFunc
	done   chan error
}

// inCampus runs fn with n nodes, started and told of node 0's address, inside
// a bubble of fake time. tune may be nil.
func inCampus(t *testing.T, n int, tune func(*Config), fn func(c *campus)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { withCampus(t, n, false, tune, fn) })
}

// withCampus is inCampus without the bubble: in real time, when real, and then
// with the real gossip.
func withCampus(t *testing.T, n int, real bool, tune func(*Config), fn func(c *campus)) {
	t.Helper()
	root, err := identity.NewRoot("Test")
	if err != nil {
		t.Fatal(err)
	}
	c := &campus{t: t, net: memnet.New(1), root: root, real: real}
	defer func() {
		for _, nd := range c.nodes {
			nd.stop()
		}
		if err := c.net.Close(); err != nil {
			t.Error(err)
		}
	}()
	c.gossips = &gossips{by: map[identity.NodeID]*Mesh{}, usable: func(a, b identity.NodeID) bool {
		h, ok := c.running.Load(a)
		return ok && slices.Contains(h.(*memnet.Host).Peers(), b)
	}}
	for i := range n {
		key, err := identity.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		c.nodes = append(c.nodes, &testNode{
			c: c, key: key, log: newFakeLog(key.ID()), book: &MemBook{}, beats: &beatShelf{}, tune: tune,
		})
		c.records = append(c.records, c.cert(key, fmt.Sprintf("node-%d", i)))
	}
	for _, nd := range c.nodes {
		nd.enrol(c.records)
		nd.start()
		nd.Learn(c.nodes[0].key.ID(), c.nodes[0].host.Addrs())
	}
	fn(c)
}

func (c *campus) cert(key *identity.Key, name string) []byte {
	c.t.Helper()
	raw, err := identity.SignCert(c.root, identity.Cert{
		Campus: c.root.Campus(), Pub: key.Public(), Name: name, Role: identity.RoleDesk,
		Serial: uint64(time.Now().UnixMilli()), IssuedAt: time.Now().UnixMilli(),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return raw
}

// enrol gives the node a roster with these records.
func (n *testNode) enrol(records [][]byte) {
	n.c.t.Helper()
	r, err := identity.NewRoster(n.c.root.Public(), &identity.MemKeeper{})
	if err != nil {
		n.c.t.Fatal(err)
	}
	if _, err := r.Merge(records); err != nil {
		n.c.t.Fatal(err)
	}
	n.roster = r
}

// start runs the node's mesh on a new host; log, book and beats stay.
func (n *testNode) start() {
	n.c.t.Helper()
	n.host = n.c.net.Host(n.key.Private(), func(pub ed25519.PublicKey) stream.Standing {
		if n.roster.Admitted(pub) {
			return stream.Member
		}
		return stream.Refused
	})
	if n.addr != "" {
		n.c.net.Move(n.id(), n.addr)
	}
	n.addr = n.host.Addrs()[0]
	n.c.running.Store(n.id(), n.host)
	cfg := Config{
		Net: n.host, Key: n.key, Roster: n.roster, Log: n.log, Book: n.book, Beats: n.beats,
		Gossip: &fakeGossip{n.id(), n.c.gossips}, Release: "test",
	}
	if n.tune != nil {
		n.tune(&cfg)
	}
	var err error
	var g *gossip.Gossip
	if n.c.real {
		if g, err = gossip.New(gossip.Config{
			Net: n.host,
			Admitted: func(id identity.NodeID) bool {
				who, ok := n.roster.Member(id)
				return ok && who.Revoked == nil
			},
			OnMessage:  func(p []byte) { n.HearGossip(p) },
			LocalState: func() []byte { return n.LocalState() },
			MergeState: func(s []byte) { n.MergeState(s) },
		}); err != nil {
			n.c.t.Fatal(err)
		}
		cfg.Gossip = g
	}
	if n.Mesh, err = New(cfg); err != nil {
		n.c.t.Fatal(err)
	}
	n.c.gossips.set(n.id(), n.Mesh)
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel, n.done = cancel, make(chan error, 1)
	go func() {
		var both sync.WaitGroup
		defer both.Wait()
		if g != nil {
			both.Go(func() { _ = g.Run(ctx) })
		}
		n.done <- n.Run(ctx)
	}()
	n.c.settle()
}

// stop ends the mesh and takes the host off the network. Idempotent.
func (n *testNode) stop() {
	n.c.t.Helper()
	if n.cancel == nil {
		return
	}
	n.cancel()
	if err := <-n.done; err != nil {
		n.c.t.Errorf("Run: %v", err)
	}
	n.cancel = nil
	if err := n.host.Close(); err != nil {
		n.c.t.Error(err)
	}
}

func (n *testNode) id() identity.NodeID { return n.key.ID() }

// news is what n knows of other.
func (n *testNode) news(other *testNode) NodeNews {
	n.c.t.Helper()
	for _, news := range n.Freshness() {
		if news.Node == other.id() {
			return news
		}
	}
	n.c.t.Fatalf("no news of %s", other.id().Short())
	return NodeNews{}
}

// within waits at most d, by the bubble's clock, for ok, and returns how long
// it took.
func (c *campus) within(d time.Duration, what string, ok func() bool) time.Duration {
	c.t.Helper()
	began := time.Now()
	for {
		c.settle()
		if ok() {
			return time.Since(began)
		}
		if time.Since(began) >= d {
			for i, n := range c.nodes {
				c.t.Logf("node %d: %d entries, counts %v", i, n.log.size(), n.Counts())
			}
			c.t.Fatalf("not within %v: %s", d, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// meshed waits until everyone is connected with everyone.
func (c *campus) meshed() {
	c.t.Helper()
	c.within(30*time.Second, "a full mesh", func() bool {
		for _, n := range c.nodes {
			if len(n.Peers()) != len(c.nodes)-1 {
				return false
			}
		}
		return true
	})
	if !c.real {
		time.Sleep(3 * time.Second)
	}
	c.settle()
}

// settle waits until nothing moves but time.
func (c *campus) settle() {
	if !c.real {
		synctest.Wait()
	}
}

// all reports whether every node holds want entries.
func (c *campus) all(want int) func() bool {
	return func() bool {
		for _, n := range c.nodes {
			if n.log.size() != want {
				return false
			}
		}
		return true
	}
}
