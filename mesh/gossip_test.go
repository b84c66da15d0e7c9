package mesh

import (
	"fmt"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/memnet"
)

// TestOverTheRealGossip runs in real time: two nodes whose link is cut hear of
// each other over the third and the real gossip.
func TestOverTheRealGossip(t *testing.T) {
	fast := func(cfg *Config) {
		cfg.BeatEvery = 300 * time.Millisecond
		cfg.DialEvery = 500 * time.Millisecond
		cfg.RepairEvery = time.Hour
	}
	withCampus(t, 4, true, fast, func(c *campus) {
		c.meshed()
		a, far := c.nodes[0], c.nodes[3]
		c.net.Cut(memnet.Closing, a.id(), far.id())
		for i := range 5 {
			a.log.write("day", fmt.Sprint(i))
			took := c.within(10*time.Second, "the entry over a third node", c.all(i+1))
			t.Logf("entry %d took %v with a beat every %v", i, took, 300*time.Millisecond)
		}
		c.within(5*time.Second, "fresh news over a third node", func() bool {
			n := far.news(a)
			return n.State == ReachableVia && !n.Direct && time.Since(n.AsOf) < 2*time.Second
		})
	})
}
