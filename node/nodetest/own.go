package nodetest

import (
	"time"

	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
)

// checkOwn: a node that was put back does not call itself complete as of a time by
// which it had acknowledged what it lacks now, once it is told of that by somebody
// who had heard it say so. It may do so again where it says that it lost it, and
// only while none of the others has it. Where and of what is asked is as in
// checkLosses; as there, what is past a day is not named any more.
func (c *Campus) checkOwn(h *House) error {
	if c.wrong || h.back == 0 || h.revoked {
		return nil
	}
	var own mesh.NodeNews
	told := map[identity.NodeID]bool{}
	for _, n := range h.Node().Mesh().Freshness() {
		if n.State == mesh.Self {
			own = n
		}
		told[n.Node] = n.Direct && !n.LastHeard.IsZero()
	}
	for _, o := range c.on() {
		if o == h || o.revoked || !told[o.ID] {
			continue
		}
		mem := c.seen.of(o)
		for _, f := range mem.heard {
			if f.by != h || mem.heardIn[f] != o.now() || !f.clock.Before(own.AsOf) || h.backAt.Sub(f.at) > 24*time.Hour || time.Since(f.at) > 24*time.Hour {
				continue
			}
			v := c.truth.of(f)
			if knows(h, v, f) || c.past(v, f) || standsDropped(h, v, f) {
				continue
			}
			if r := own.Regressed; r.From.After(f.clock) || !f.clock.Before(r.To) {
				return violated("a node knows what it lacks", "%s calls itself complete as of %s and lacks what it acknowledged at %s, as %s has told it",
					h.Name, clock(own.AsOf), clock(f.clock), o.Name)
			}
			for _, x := range c.on() {
				if x != h && !x.revoked && knows(x, v, f) {
					return violated("a node knows what it lacks", "%s gives up what it acknowledged at %s, and %s has it", h.Name, clock(f.clock), x.Name)
				}
			}
		}
	}
	return nil
}
