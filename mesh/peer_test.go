package mesh

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

// meanwhile is a network on which something happens just after it was asked
// for its peers.
type meanwhile struct {
	*memnet.Host
	then atomic.Pointer[func()]
}

func (n *meanwhile) Peers() []identity.NodeID {
	ids := n.Host.Peers()
	if then := n.then.Swap(nil); then != nil {
		(*then)()
	}
	return ids
}

// TestWhoConnectsDuringASweepIsAPeer: every change of the roster sweeps, so in
// a large campus somebody connects in the middle of one.
func TestWhoConnectsDuringASweepIsAPeer(t *testing.T) {
	var net *meanwhile
	inCampus(t, 2, nil, func(c *campus) {
		a, b := c.nodes[0], c.nodes[1]
		a.stop()
		a.tune = func(cfg *Config) {
			net = &meanwhile{Host: cfg.Net.(*memnet.Host)}
			cfg.Net, cfg.DialEvery = net, time.Hour
		}
		c.net.Cut(memnet.Closing, a.id(), b.id())
		a.start()
		connect := func() {
			c.net.Restore(a.id(), b.id())
			if err := a.host.Dial(context.Background(), b.key.Public(), b.host.Addrs()); err != nil {
				t.Error(err)
			}
			// Until it has been noticed, where it can be.
			for there := false; !there && a.mu.TryLock(); runtime.Gosched() {
				there = a.peers[b.id()] != nil
				a.mu.Unlock()
			}
		}
		// The first answer of a sweep is for hanging up, the last for dropping.
		for range 2 {
			net.then.Store(&connect)
			a.sweep()
			if net.then.Load() != nil {
				t.Fatal("a sweep asked nobody")
			}
			c.settle()
			if a.peer(b.id()) == nil {
				t.Fatal("connected, and no peer")
			}
			c.net.Cut(memnet.Closing, a.id(), b.id())
			c.settle()
			if a.peer(b.id()) != nil {
				t.Fatal("still a peer")
			}
			connectLater := connect
			connect = func() { // at the second question of the sweep
				net.then.Store(&connectLater)
			}
		}
	})
}
