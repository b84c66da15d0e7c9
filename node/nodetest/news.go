package nodetest

import (
	"time"

	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
)

const (
	// silentIn is within what time a node that is off is called silent by all,
	// whatever of it is still under way.
	silentIn = 12 * beatEvery
	// namedIn is within what time who is listed has their entrance named.
	namedIn = 10 * time.Second
	// cutOffIn is within what time who hears of a revocation has no connection with
	// whom it is about.
	cutOffIn = 10 * time.Second
)

// checkNews: a list names everyone of whom it has anybody, what it once called
// complete it goes on calling complete, and who is off is called silent, by clocks
// that have been right for as long as that takes.
func (c *Campus) checkNews(h *House) error {
	mem := c.seen.of(h)
	news := map[identity.NodeID]mesh.NodeNews{}
	for _, n := range h.Node().Mesh().Freshness() {
		news[n.Node] = n
	}
	for _, v := range c.truth.visits {
		by := v.arrived.by
		if _, named := news[by.ID]; named || !knows(h, v, &v.arrived) {
			delete(mem.nameless, by)
			continue
		}
		// Who was away as one joined may hear of a visit, by what another has carried
		// over, a moment before the roster.
		if mem.nameless[by].IsZero() {
			mem.nameless[by] = time.Now()
		}
		if time.Since(mem.nameless[by]) > namedIn {
			return violated("says how old its news is", "%s lists v%d, who came in at %s, and does not name %s", h.Name, v.n, v.arrived.by.Name, v.arrived.by.Name)
		}
	}
	for _, o := range c.Houses {
		n, named := news[o.ID]
		if !named {
			continue
		}
		// Over a restart whole milliseconds of it are kept (beat.Kept).
		if o != h && n.AsOf.Before(mem.asOf[o].Truncate(time.Millisecond)) {
			return violated("freshness never goes back", "%s called %s complete as of %s, and now as of %s", h.Name, o.Name, clock(mem.asOf[o]), clock(n.AsOf))
		}
		mem.asOf[o] = n.AsOf
		off := o.Node() == nil && time.Since(o.offAt) > silentIn
		if off && !c.anyWrong() && time.Since(c.wrongUntil) > silentIn && n.State != mesh.Silent && n.State != mesh.Revoked {
			return violated("says how old its news is", "%s calls %s %s, which has been off for %v", h.Name, o.Name, n.State, time.Since(o.offAt).Round(time.Second))
		}
	}
	return nil
}

// checkCutOff: who has heard of a revocation is soon connected no more with whom
// it is about.
func (c *Campus) checkCutOff(h *House) error {
	mem := c.seen.of(h)
	peers := map[identity.NodeID]bool{}
	for _, p := range h.Node().Mesh().Peers() {
		peers[p.ID] = true
	}
	for _, o := range c.Houses {
		if m, ok := h.Node().Roster().Member(o.ID); !ok || m.Revoked == nil {
			continue
		}
		if mem.barred[o].IsZero() {
			mem.barred[o] = time.Now()
		}
		if knew := time.Since(mem.barred[o]); peers[o.ID] && knew > cutOffIn {
			return violated("only members", "%s is connected with %s, %v after it heard that %s was revoked", h.Name, o.Name, knew.Round(time.Second), o.Name)
		}
	}
	return nil
}
