// Package memnet is a network in memory for tests, the simulator and the
// demo: hosts with addresses, connections between them, and faults that are
// asked for by name. It passes the same conformance suite as
// [github.com/upprop/upprop/mesh/link]. It is not a model of bandwidth, and it
// encrypts nothing.
//
// It uses no sockets, only timers and condition variables, so it runs inside
// a testing/synctest bubble; create the Net inside the bubble then.
//
// Invariant: between two hosts there is at most one connection, and none
// while the path between them is cut in either direction.
package memnet

import (
	"cmp"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	// DialTimeout is when a dial into a black hole gives up.
	DialTimeout = 5 * time.Second
	// OpenTimeout is when opening a stream to a peer that does not answer
	// gives up.
	OpenTimeout = 5 * time.Second
	// DeadAfter is when a connection whose bytes vanish is given up by both
	// sides, as a real one is by its keep-alive.
	DeadAfter = 15 * time.Second
)

// Net is one network. Its methods are safe for concurrent use.
type Net struct {
	mu        sync.Mutex
	rng       *rand.Rand
	hosts     map[identity.NodeID]*Host
	listening map[string]*Host
	conns     map[pairKey]*conn
	allocated int
	faults    faults
	flaps     map[*flap]struct{}
	traffic   map[identity.NodeID]map[string]*flow
	changed   chan struct{} // closed and replaced when a fault changes
	overhear  func(protocol string, sent []byte)
}

// pairKey names two hosts, the smaller id first.
type pairKey [2]identity.NodeID

func keyOf(a, b identity.NodeID) pairKey {
	if slices.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return pairKey{a, b}
}

// New makes a network without hosts. The seed decides whatever is left to
// chance: jitter, and the rhythm of flapping links.
func New(seed uint64) *Net {
	return &Net{
		rng:       rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)),
		hosts:     make(map[identity.NodeID]*Host),
		listening: make(map[string]*Host),
		conns:     make(map[pairKey]*conn),
		faults:    newFaults(),
		flaps:     make(map[*flap]struct{}),
		traffic:   make(map[identity.NodeID]map[string]*flow),
		changed:   make(chan struct{}),
	}
}

// Host adds a host that holds this key and listens at an address of its own.
// A closed host may be replaced by a new one with the same key, as after a
// restart. It panics when a host with this key is running: that is a mistake
// in the test.
func (n *Net) Host(priv ed25519.PrivateKey, admit stream.Admit) *Host {
	pub := priv.Public().(ed25519.PublicKey)
	n.mu.Lock()
	defer n.mu.Unlock()
	id := identity.IDOf(pub)
	if n.hosts[id] != nil {
		panic(fmt.Sprintf("memnet: host %s runs already", id.Short()))
	}
	h := newHost(n, id, pub, admit)
	h.addr = n.allocate()
	n.hosts[id] = h
	n.listening[h.addr] = h
	return h
}

// Overhear has fn called with all that any host sends, as it is sent. It must not
// block, nor keep or change what it gets. Call it before hosts are added.
func (n *Net) Overhear(fn func(protocol string, sent []byte)) { n.overhear = fn }

// allocate picks an address never used before. The caller holds mu.
func (n *Net) allocate() string {
	n.allocated++
	i := n.allocated
	return fmt.Sprintf("10.%d.%d.%d:7000", i>>16&255, i>>8&255, i&255)
}

// Move makes a host listen at another address, a fresh one if addr is empty,
// and returns it. The host's connections are lost, as when a machine changes
// its network. It panics when another host listens there or id is unknown.
func (n *Net) Move(id identity.NodeID, addr string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.hosts[id]
	if h == nil {
		panic(fmt.Sprintf("memnet: no host %s", id.Short()))
	}
	if addr == "" {
		addr = n.allocate()
	}
	if at := n.listening[addr]; at != nil && at != h {
		panic("memnet: address " + addr + " is taken")
	}
	delete(n.listening, h.addr)
	h.addr = addr
	n.listening[addr] = h
	for _, c := range n.connsOf(id) {
		c.kill()
	}
	return addr
}

// connsOf are the connections of one host. The caller holds mu.
func (n *Net) connsOf(id identity.NodeID) []*conn {
	var out []*conn
	for key, c := range n.conns {
		if key[0] == id || key[1] == id {
			out = append(out, c)
		}
	}
	return out
}

// ordered are all connections in an order that depends on nothing but their
// hosts. The caller holds mu.
func (n *Net) ordered() []*conn {
	out := make([]*conn, 0, len(n.conns))
	for _, c := range n.conns {
		out = append(out, c)
	}
	slices.SortFunc(out, func(x, y *conn) int {
		return cmp.Or(
			slices.Compare(x.key[0][:], y.key[0][:]),
			slices.Compare(x.key[1][:], y.key[1][:]),
		)
	})
	return out
}

// Close ends all faults in progress and closes every host.
func (n *Net) Close() error {
	n.mu.Lock()
	for f := range n.flaps {
		f.end()
	}
	hosts := make([]*Host, 0, len(n.hosts))
	for _, h := range n.hosts {
		hosts = append(hosts, h)
	}
	n.mu.Unlock()
	for _, h := range hosts {
		_ = h.Close()
	}
	return nil
}
