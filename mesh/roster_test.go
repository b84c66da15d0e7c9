package mesh

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

// equal reports whether all nodes have the same roster.
func (c *campus) equal() bool {
	for _, n := range c.nodes {
		if n.roster.Digest() != c.nodes[0].roster.Digest() {
			return false
		}
	}
	return true
}

func TestANewMemberIsKnownToAllAndConnected(t *testing.T) {
	inCampus(t, 4, nil, func(c *campus) {
		c.meshed()
		key, err := identity.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		raw := c.cert(key, "newcomer")
		if _, err := c.nodes[0].roster.Add(raw); err != nil {
			t.Fatal(err)
		}
		took := c.within(time.Second, "the certificate everywhere", c.equal)
		t.Logf("a certificate reached all in %v", took)
		n := &testNode{c: c, key: key, log: newFakeLog(key.ID()), book: &MemBook{}, beats: &beatShelf{}}
		n.enrol(append(slices.Clone(c.records), raw))
		n.start()
		n.Learn(c.nodes[0].id(), c.nodes[0].host.Addrs())
		c.nodes = append(c.nodes, n)
		c.within(15*time.Second, "connections with the newcomer", func() bool { return len(n.Peers()) == 4 })
		c.within(2*time.Second, "everyone's release", func() bool {
			return !slices.ContainsFunc(n.Peers(), func(p PeerInfo) bool { return p.Release != "test" })
		})
	})
}

func TestARevokedNodeIsCutOffAtOnce(t *testing.T) {
	inCampus(t, 4, nil, func(c *campus) {
		c.meshed()
		bad := c.nodes[3]
		if _, err := c.nodes[0].roster.Revoke(c.root, bad.id(), identity.Ending{}, time.Now()); err != nil {
			t.Fatal(err)
		}
		took := c.within(2*time.Second, "everyone hanging up", func() bool {
			for _, n := range c.nodes[:3] {
				if slices.Contains(n.host.Peers(), bad.id()) {
					return false
				}
			}
			return true
		})
		t.Logf("cut off everywhere in %v", took)
		bad.log.write("day", "after the revocation")
		time.Sleep(time.Minute)
		synctest.Wait()
		for i, n := range c.nodes[:3] {
			if n.log.size() != 0 {
				t.Errorf("node %d took an entry from a revoked node's own stream", i)
			}
			if slices.ContainsFunc(n.Freshness(), func(f NodeNews) bool { return f.Node == bad.id() && f.State != Revoked }) {
				t.Errorf("node %d does not list the revoked node as revoked", i)
			}
		}
		n := c.nodes[1]
		asOf := n.news(bad).AsOf
		if asOf.IsZero() {
			t.Fatal("what the revoked node wrote before it was is known of no time")
		}
		n.stop()
		n.start()
		if again := n.news(bad); !again.AsOf.Equal(asOf) || again.State != Revoked {
			t.Errorf("after a restart: %+v, want as of %v", again, asOf)
		}
	})
}

func TestRostersOfTwoHalvesBecomeOne(t *testing.T) {
	inCampus(t, 4, nil, func(c *campus) {
		c.meshed()
		c.net.Partition(memnet.Closing, ids(c.nodes[:2]...), ids(c.nodes[2:]...))
		for i := range 600 { // more than one frame of records
			key, err := identity.NewKey()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.nodes[3*(i%2)].roster.Add(c.cert(key, fmt.Sprint("absent-", i))); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second)
		c.net.Heal()
		c.within(20*time.Second, "one roster", c.equal)
		if n := len(c.nodes[1].roster.Members()); n != 604 {
			t.Fatalf("%d members, want 604", n)
		}
	})
}

func TestANodeAtANewAddressIsFoundAgain(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		c.meshed()
		moved := c.nodes[2]
		addr := c.net.Move(moved.id(), "")
		c.within(15*time.Second, "a full mesh again", func() bool { return len(moved.Peers()) == 2 })
		c.within(5*time.Second, "the new address in every book", func() bool {
			for _, n := range c.nodes[:2] {
				if a := n.Mesh.book.addrs(moved.id()); len(a) == 0 || a[0] != addr {
					return false
				}
			}
			return true
		})
		entries, err := c.nodes[0].book.Load()
		if err != nil || len(entries) != 2 {
			t.Fatalf("the book holds %v, %v", entries, err)
		}
	})
}

func TestASeveredLinkComesBack(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		a.Sever(b.id(), true)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if len(a.Peers())+len(b.Peers()) != 0 {
			t.Fatal("connected over a severed link")
		}
		if d := a.Counts()["dials"]; d > 15 {
			t.Fatalf("%d dials in half a minute", d)
		}
		a.Sever(b.id(), false)
		c.within(5*time.Second, "the link", func() bool { return len(a.Peers()) == 1 && len(b.Peers()) == 1 })
	})
}

// Who was let in as a member, just before word came that it is none any more, is
// hung up on when it connects just after that: nobody looks again for long.
func TestWhoIsRevokedWhileItConnectsIsCutOff(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		a, bad := c.nodes[0], c.nodes[1]
		a.stop()
		bad.stop()
		before := a.roster // by which the network lets in
		a.enrol(c.records)
		if _, err := a.roster.Revoke(c.root, bad.id(), identity.Ending{}, time.Now()); err != nil {
			t.Fatal(err)
		}
		knows := a.roster
		a.roster, a.tune = before, func(cfg *Config) { cfg.Roster, cfg.RepairEvery = knows, time.Hour }
		a.start()
		bad.start()
		if err := bad.host.Dial(context.Background(), a.key.Public(), a.host.Addrs()); err != nil {
			t.Fatal("was not let in:", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if slices.Contains(a.host.Peers(), bad.id()) || a.peer(bad.id()) != nil {
			t.Fatal("a revoked node stays connected")
		}
	})
}
