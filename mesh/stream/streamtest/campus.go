// Package streamtest is the conformance suite of stream.Network: what every
// network must do, whether it is made of sockets or of memory. It tests
// nothing that only one of them has.
//
// Invariant: the suite uses nothing but the interface, so a network that
// passes may stand in for another.
package streamtest

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// patience is how long anything in the suite may take.
const patience = 20 * time.Second

// Factory makes a network for one node, listening at an address of its own.
// All networks made by one Factory reach each other. The suite closes them.
type Factory func(t testing.TB, priv ed25519.PrivateKey, admit stream.Admit) stream.Network

// Run runs the suite; world is called once for every test.
func Run(t *testing.T, world func(t testing.TB) Factory) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *campus)
	}{
		{"MemberOpens", testMemberOpens},
		{"GuestIsKeptToGuestProtocols", testGuest},
		{"GuestsAreFew", testGuestsAreFew},
		{"GuestBecomesMember", testGuestBecomesMember},
		{"RefusedGetsNothing", testRefused},
		{"DialTwice", testDialTwice},
		{"DialEachOtherAtOnce", testDialEachOther},
		{"DialNobody", testDialNobody},
		{"DialWrongKey", testDialWrongKey},
		{"DialAnyOfSeveral", testDialAnyOfSeveral},
		{"DialEndsWithContext", testDialContext},
		{"OpenWithoutConnection", testOpenWithoutConnection},
		{"UnknownProtocol", testUnknownProtocol},
		{"HalfClose", testHalfClose},
		{"ResetUnblocksBothSides", testReset},
		{"Deadlines", testDeadlines},
		{"BackPressure", testBackPressure},
		{"ConcurrentStreams", testConcurrentStreams},
		{"OnePeersStreamsAreBounded", testMaxStreams},
		{"TenMebibytes", testTenMebibytes},
		{"NotifyInOrder", testNotify},
		{"HangupAndRedial", testHangup},
		{"Sever", testSever},
		{"DemotedPeer", testDemoted},
		{"Addresses", testAddresses},
		{"Ping", testPing},
		{"Close", testClose},
	} {
		t.Run(c.name, func(t *testing.T) {
			campus := &campus{t: t, make: world(t), standing: make(map[identity.NodeID]map[identity.NodeID]stream.Standing)}
			c.test(t, campus)
		})
	}
}

// campus is the nodes of one test and what they think of each other.
type campus struct {
	t    *testing.T
	make Factory
	made int

	mu       sync.Mutex
	standing map[identity.NodeID]map[identity.NodeID]stream.Standing
}

// node is one node and its network.
type node struct {
	stream.Network
	pub ed25519.PublicKey
}

// key is a fixed key for the i-th node.
func key(i int) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
	return ed25519.NewKeyFromSeed(seed[:])
}

// node adds a node that takes everyone for a member unless told otherwise.
func (c *campus) node() node {
	c.t.Helper()
	c.made++
	priv := key(c.made)
	pub := priv.Public().(ed25519.PublicKey)
	self := identity.IDOf(pub)
	n := c.make(c.t, priv, func(pub ed25519.PublicKey) stream.Standing {
		c.mu.Lock()
		defer c.mu.Unlock()
		if st, told := c.standing[self][identity.IDOf(pub)]; told {
			return st
		}
		return stream.Member
	})
	c.t.Cleanup(func() { _ = n.Close() })
	return node{n, pub}
}

// pair is two connected members.
func (c *campus) pair() (a, b node) {
	c.t.Helper()
	a, b = c.node(), c.node()
	c.connect(a, b)
	return a, b
}

func (c *campus) connect(a, b node) {
	c.t.Helper()
	if err := a.dial(c.t, b); err != nil {
		c.t.Fatalf("dial: %v", err)
	}
	c.eventually("both know of the connection", func() bool {
		return slices.Contains(a.Peers(), b.Self()) && slices.Contains(b.Peers(), a.Self())
	})
}

// judge sets what who thinks of whom.
func (c *campus) judge(who, whom node, st stream.Standing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.standing[who.Self()] == nil {
		c.standing[who.Self()] = make(map[identity.NodeID]stream.Standing)
	}
	c.standing[who.Self()][whom.Self()] = st
}

// eventually polls until the condition holds.
func (c *campus) eventually(what string, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	c.t.Fatalf("not within %v: %s", patience, what)
}

func (n node) dial(t testing.TB, to node) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return n.Dial(ctx, to.pub, to.Addrs())
}

// open opens a stream and bounds the whole of its life.
func (n node) open(t testing.TB, to node, protocol string) (stream.Stream, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := n.Open(ctx, to.Self(), protocol)
	if err == nil {
		_ = s.SetDeadline(time.Now().Add(patience))
	}
	return s, err
}

func (n node) mustOpen(t testing.TB, to node, protocol string) stream.Stream {
	t.Helper()
	s, err := n.open(t, to, protocol)
	if err != nil {
		t.Fatalf("open %s: %v", protocol, err)
	}
	return s
}
