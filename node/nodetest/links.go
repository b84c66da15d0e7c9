package nodetest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

// modes by the step's chance.
func mode(x uint64) memnet.Mode {
	if x&1 == 0 {
		return memnet.Closing
	}
	return memnet.BlackHole
}

// pair are two different houses.
func (c *Campus) pair(s Step) (a, b *House) {
	i := s.A % len(c.Houses)
	j := (i + 1 + s.B%(len(c.Houses)-1)) % len(c.Houses)
	return c.Houses[i], c.Houses[j]
}

func (c *Campus) partition(s Step) (string, error) {
	rng := rand.New(rand.NewPCG(s.X, 3))
	groups := make([][]identity.NodeID, 2+rng.IntN(2))
	names := make([]string, len(groups))
	for _, h := range c.Houses {
		g := rng.IntN(len(groups))
		groups[g], names[g] = append(groups[g], h.ID), names[g]+" "+h.Name
	}
	c.fallApart(mode(s.X>>32), groups...)
	return fmt.Sprintf("the campus falls apart:%q", names), nil
}

func (c *Campus) heal(s Step) (string, error) {
	if s.X&1 == 0 {
		c.near()
	}
	c.whole()
	return "all links are whole", nil
}

// whole undoes what was done to links but for delays.
func (c *Campus) whole() {
	c.Net.Heal()
	if c.torn {
		c.tears[len(c.tears)-1].to = time.Now()
	}
	c.torn, c.slow = false, len(c.far) > 0
}

// tear is a time in which some may not have reached one another.
type tear struct{ from, to time.Time }

func (c *Campus) tear() {
	if !c.torn {
		c.torn, c.tears = true, append(c.tears, tear{from: time.Now()})
	}
}

// met is until when a house that is off surely heard the others, and they it.
func (c *Campus) met(h *House) time.Time {
	for _, t := range c.tears {
		if !h.offAt.Before(t.from) && (t.to.IsZero() || h.offAt.Before(t.to)) {
			return t.from
		}
	}
	return h.offAt
}

// near puts an end to all delays.
func (c *Campus) near() {
	for i, a := range c.Houses {
		for _, b := range c.Houses[:i] {
			if c.far[[2]*House{a, b}] || c.far[[2]*House{b, a}] {
				c.delayed(a, b, 0, 0)
			}
		}
	}
}

// distance sets how far a house is from all others.
func (c *Campus) distance(h *House, d time.Duration) {
	for _, o := range c.Houses {
		if o != h {
			c.delayed(h, o, d, 0)
		}
	}
}

// fallApart parts the campus into groups that do not reach one another.
func (c *Campus) fallApart(m memnet.Mode, groups ...[]identity.NodeID) {
	c.Net.Partition(m, groups...)
	c.tear()
}

// delayed sets how far two houses are apart.
func (c *Campus) delayed(a, b *House, base, jitter time.Duration) {
	c.Net.Delay(a.ID, b.ID, base, jitter)
	if base+jitter > 0 {
		c.far[[2]*House{a, b}] = true
		return
	}
	delete(c.far, [2]*House{a, b})
	delete(c.far, [2]*House{b, a})
}

func (c *Campus) cutPair(s Step) (string, error) {
	a, b := c.pair(s)
	c.Net.Cut(mode(s.X), a.ID, b.ID)
	c.tear()
	return fmt.Sprintf("%s and %s are cut from one another", a.Name, b.Name), nil
}

func (c *Campus) cutOneWay(s Step) (string, error) {
	a, b := c.pair(s)
	c.Net.CutOneWay(mode(s.X), a.ID, b.ID)
	c.tear()
	return fmt.Sprintf("nothing goes from %s to %s", a.Name, b.Name), nil
}

func (c *Campus) restorePair(s Step) (string, error) {
	a, b := c.pair(s)
	c.Net.Restore(a.ID, b.ID)
	return fmt.Sprintf("%s and %s reach one another", a.Name, b.Name), nil
}

func (c *Campus) drop(s Step) (string, error) {
	a, b := c.pair(s)
	if !c.Net.Drop(a.ID, b.ID) {
		return "", nil
	}
	return fmt.Sprintf("the connection of %s and %s is lost", a.Name, b.Name), nil
}

func (c *Campus) delay(s Step) (string, error) {
	a, b := c.pair(s)
	base := time.Duration(s.X%2000) * time.Millisecond
	if s.X>>40%4 == 0 {
		if err := c.farArrivals(a); err != nil {
			return a.Name + " is far from all, and people come in there", err
		}
	}
	c.delayed(a, b, base, base/2+1)
	c.slow = true
	return fmt.Sprintf("%s and %s are %v apart", a.Name, b.Name, base), nil
}

// farArrivals has people come in at a node that is far from all others, so that
// its word of how far it has come is under way while they do, and looks often
// at what the others make of it.
func (c *Campus) farArrivals(h *House) error {
	if h.Node() == nil || h.full || h.revoked {
		return nil
	}
	c.distance(h, apart)
	defer c.distance(h, 0)
	for i := range int((beatEvery + apart) / glimpse) {
		if i%int(apart/glimpse-1) == 0 {
			if _, err := c.arrive(h); err != nil {
				return err
			}
		}
		for _, o := range c.on() {
			if err := c.checkFreshness(o); err != nil {
				return err
			}
		}
		time.Sleep(glimpse)
	}
	return nil
}

func (c *Campus) stick(s Step) (string, error) {
	h := c.Houses[s.A%len(c.Houses)]
	c.Net.Stick(h.ID, s.X%3 > 0)
	c.slow = true
	c.tear()
	return fmt.Sprintf("%s is stuck: %v", h.Name, s.X%3 > 0), nil
}

func (c *Campus) flap(s Step) (string, error) {
	a, b := c.pair(s)
	c.slow = true
	c.tear()
	c.Net.Flap(mode(s.X), a.ID, b.ID, time.Second+time.Duration(s.X%10)*time.Second)
	return fmt.Sprintf("the link of %s and %s flaps", a.Name, b.Name), nil
}

// echo hands one node what another has, in any order and more than once.
func (c *Campus) echo(s Step) (string, error) {
	from, to := c.pick(s.A), c.pick(s.B)
	if from == nil || from == to || to.full {
		return "", nil
	}
	rng := rand.New(rand.NewPCG(s.X, 4))
	src := from.Node().Replica()
	var raws [][]byte
	for _, doc := range slices.Sorted(maps.Keys(src.Digests())) {
		for _, head := range src.Vector(doc) {
			if _, known := to.Node().Roster().Member(identity.NodeID(head.Actor.Node())); !known {
				continue // it cannot check a stranger's word yet
			}
			after := rng.Uint64N(head.Seq + 1)
			err := src.Read(doc, head.Actor, after, func(_ uint64, raw []byte) error {
				for range rng.IntN(3) {
					raws = append(raws, append([]byte(nil), raw...))
				}
				return nil
			})
			if err != nil {
				return "", violated("reads its own log", "%s: %v", from.Name, err)
			}
		}
	}
	rng.Shuffle(len(raws), func(i, j int) { raws[i], raws[j] = raws[j], raws[i] })
	if _, err := to.Node().Replica().Put(context.Background(), raws); err != nil {
		return "", violated("takes what others wrote", "%s: %v", to.Name, err)
	}
	return fmt.Sprintf("%s hears %d entries of %s in any order", to.Name, len(raws), from.Name), nil
}
