package nodetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

// revokedApart has something happen at a node that nobody reaches, then at the
// first, which revokes it. What was not heard of by then counts no more: the
// campus must agree on that, and is right to.
func revokedApart(t *testing.T, there, here func(*Campus, *House) error) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 4)
		h := c.Houses
		c.Net.Partition(memnet.Closing, []identity.NodeID{h[0].ID, h[1].ID, h[2].ID}, []identity.NodeID{h[3].ID})
		if err := there(c, h[3]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * repairEvery)
		if err := here(c, h[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := c.revoke(Step{A: 2}); err != nil || !h[3].revoked {
			t.Fatalf("revoked: %v, %v", h[3].revoked, err)
		}
		if err := c.Heal(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Settle(); err != nil {
			t.Error(err)
		}
	})
}

// A mark by the id on a badge is no word of the arrival.
func TestRevokedTookSomebodyInAlone(t *testing.T) {
	revokedApart(t, func(c *Campus, h *House) error {
		_, err := c.arrive(h)
		return err
	}, func(c *Campus, h *House) error {
		if _, err := c.alarm(Step{A: 0}); err != nil {
			return err
		}
		v := c.truth.visits[0]
		if _, err := c.markAt(h, v, record.Refuge, false); err != nil {
			return err
		}
		if len(v.said) != 1 || knows(h, v, &v.arrived) || !knows(c.Houses[3], v, &v.arrived) {
			return violated("is judged by what it knows", "%d marks, and %s knows of the arrival: %v", len(v.said), h.Name, knows(h, v, &v.arrived))
		}
		return nil
	})
}

func TestRevokedSoundsTheAlarmAlone(t *testing.T) {
	revokedApart(t, func(c *Campus, _ *House) error {
		_, err := c.alarm(Step{A: 3})
		return err
	}, func(c *Campus, h *House) error {
		if s := c.truth.starts; len(s) != 1 || knows(h, nil, s[0]) || !knows(c.Houses[3], nil, s[0]) {
			return violated("is judged by what it knows", "%d alarms have sounded, and %s knows of one: %v", len(s), h.Name, knows(h, nil, s[0]))
		}
		return nil
	})
}

// Whoever a node knows by its own mark alone stays on its list when it hears
// that it has been revoked.
func TestRevokedMarksAStranger(t *testing.T) {
	revokedApart(t, func(c *Campus, h *House) error {
		if _, err := c.arrive(c.Houses[0]); err != nil {
			return err
		}
		if _, err := c.alarm(Step{A: 3}); err != nil {
			return err
		}
		v := c.truth.visits[0]
		if _, err := c.markAt(h, v, record.Refuge, false); err != nil {
			return err
		}
		if len(v.said) != 1 || knows(h, v, &v.arrived) {
			return violated("is judged by what it knows", "%d marks, and %s knows of the arrival: %v", len(v.said), h.Name, knows(h, v, &v.arrived))
		}
		return c.Check()
	}, func(*Campus, *House) error { return nil })
}

// What was said at a node that is revoked, and then at another that had not heard
// of that, is the other's word.
func TestSaidAfterTheRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 4)
		h := c.Houses
		v, err := c.arrive(h[2])
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * repairEvery)
		c.Net.Partition(memnet.Closing, []identity.NodeID{h[0].ID, h[1].ID}, []identity.NodeID{h[2].ID, h[3].ID})
		for _, i := range []int{3, 2} { // who is revoked first
			if _, err := c.alarm(Step{A: i}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.leave(h[i], v, 0); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * repairEvery)
		}
		if len(c.truth.starts) != 2 || c.truth.starts[0].evac != c.truth.starts[1].evac || len(v.left) != 2 {
			t.Fatalf("%d alarms, %d departures", len(c.truth.starts), len(v.left))
		}
		if _, err := c.revoke(Step{A: 2}); err != nil || !h[3].revoked {
			t.Fatalf("revoked: %v, %v", h[3].revoked, err)
		}
		if err := c.Heal(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Settle(); err != nil {
			t.Error(err)
		}
		for _, x := range h[:3] {
			if e, on := x.Node().Alarm().Running(""); !on || e.ID != c.truth.starts[0].evac {
				t.Errorf("%s runs %v", x.Name, e.ID)
			}
			if p, err := x.Node().Replica().Presence(v.id); err != nil || p.Open() {
				t.Errorf("%s: %v, %v", x.Name, p.State, err)
			}
		}
	})
}
