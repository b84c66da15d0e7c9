package nodetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

// TestRevokedDeskErases: a desk that was revoked by some and erases at others
// who have not heard of it; in the end all agree.
func TestRevokedDeskErases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 4)
		v, err := c.arrive(c.Houses[1])
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * repairEvery)
		h := c.Houses
		c.Net.Partition(memnet.Closing, []identity.NodeID{h[0].ID}, []identity.NodeID{h[1].ID, h[2].ID, h[3].ID})
		time.Sleep(time.Second)
		if _, err := c.revoke(Step{A: 1}); err != nil || !h[2].revoked {
			t.Fatalf("revoked: %v, %v", h[2].revoked, err)
		}
		if _, err := c.eraseAt(h[2], v); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * repairEvery)
		if err := c.Heal(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Settle(); err != nil {
			t.Error(err)
		}
	})
}
