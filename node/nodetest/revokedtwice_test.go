package nodetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

// TestRevokedInTwoHalves: a desk erases somebody in one half and is revoked in
// both. By the one revocation the erasure does not count, by the other it does;
// acts travel before the roster, and in the end everyone has carried it out.
func TestRevokedInTwoHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 4)
		h := c.Houses
		if err := h[0].Node().GrantIssuer(h[3].Name); err != nil {
			t.Fatal(err)
		}
		v, err := c.arrive(h[1])
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * repairEvery)
		c.Net.Partition(memnet.Closing, []identity.NodeID{h[0].ID, h[1].ID}, []identity.NodeID{h[2].ID, h[3].ID})
		if _, err := c.eraseAt(h[2], v); err != nil || len(v.orders) != 1 {
			t.Fatalf("%d erasures: %v", len(v.orders), err)
		}
		time.Sleep(2 * repairEvery)
		if _, err := c.revoke(Step{A: 1}); err != nil || !h[2].revoked {
			t.Fatalf("revoked: %v, %v", h[2].revoked, err)
		}
		if err := h[3].Node().Revoke(h[2].Name); err != nil {
			t.Fatal(err)
		}
		if err := c.Heal(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Settle(); err != nil {
			t.Error(err)
		}
		for _, o := range []*House{h[0], h[1], h[3]} {
			if !o.Node().Replica().Shredded(v.id) {
				t.Errorf("%s has not erased them", o.Name)
			}
		}
		status, err := h[0].Node().ErasureStatus(v.orders[0].erasure)
		if err != nil {
			t.Fatal(err)
		}
		given := map[record.NodeID]bool{}
		for _, x := range status.Receipts {
			given[x.Node] = true
		}
		for _, o := range []*House{h[0], h[1], h[3]} {
			if !given[o.NodeID()] {
				t.Errorf("no receipt of %s", o.Name)
			}
		}
	})
}
