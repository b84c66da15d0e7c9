package nodetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

const (
	// withheld is for how long a node that comes back is watched.
	withheld = 7 * time.Second
	// confirmed is how long a member that is there may take to tell what it
	// knows.
	confirmed = 300 * time.Millisecond
	// synced is how long it may take where it came when others had confirmed
	// already and names were shown: the erasure itself is on its way then.
	synced = time.Second
)

// comeBack has a node miss an erasure, by being off or by being put back to
// before it, and come back: it shows no name that those who are there know to be
// erased.
func (c *Campus) comeBack(s Step) (string, error) {
	h, v := c.pick(s.A), c.someone(s.B, s.X|1)
	desks := c.desks()
	if h == nil || h.revoked || h.full || v == nil || len(desks) == 0 || c.slow {
		return "", nil
	}
	by := desks[int(s.X>>8)%len(desks)]
	did, back := h.Name+" is off", s.X>>20&1 == 1 && (h != c.Houses[0] || len(c.Houses) == len(c.on()))
	if back {
		if err := h.backUp(h.dir+".copy", s.X, c.changes); err != nil {
			return "", fmt.Errorf("copy a data folder: %w", err)
		}
		time.Sleep(time.Millisecond)
	} else {
		if h == by {
			return "", nil
		}
		if err := c.stop(h); err != nil {
			return "", err
		}
	}
	told, err := c.eraseAt(by, v)
	if err != nil {
		return told, err
	}
	time.Sleep(2 * beatEvery)
	if back {
		did = h.Name + " is put back to before it"
		if err := c.toCopy(h, s.X, false); err != nil {
			return "", err
		}
	}
	did = told + "; " + did + " and comes back"
	c.whole()
	c.distance(h, apart/10) // so that asking takes time
	defer c.distance(h, 0)
	if err := c.startAgain(h); err != nil {
		return did, err
	}
	return did, c.watchNames(h, v)
}

// watchNames looks often at what a node shows that has just started.
func (c *Campus) watchNames(h *House, v *visit) error {
	there, shown := map[*House]time.Time{}, time.Time{}
	whole := !slices.ContainsFunc(c.Houses, func(o *House) bool { return o.moved })
	for range int(withheld / glimpse) {
		_, opened, _ := shows(h, v)
		switch {
		case !opened:
			shown = time.Time{}
		case shown.IsZero():
			shown = time.Now()
		}
		peers := map[identity.NodeID]bool{}
		for _, p := range h.Node().Mesh().Peers() {
			peers[p.ID] = true
		}
		for _, o := range c.on() {
			if opened && whole && o != h && !o.revoked && o.Node().Replica().Shredded(v.id) {
				return violated("asks before it shows", "%s comes back and opens v%d, and %s, which it can reach, knows that it is erased", h.Name, v.n, o.Name)
			}
			if o == h || o.revoked || !peers[o.ID] || !o.Node().Replica().Shredded(v.id) {
				delete(there, o)
				continue
			}
			if there[o].IsZero() {
				there[o] = time.Now()
			}
			may := confirmed
			if !shown.IsZero() && shown.Before(there[o]) {
				may = synced
			}
			if opened && time.Since(there[o]) >= may {
				return violated("asks before it shows", "%s comes back and opens v%d, and %s, which it is connected with, knows that it is erased", h.Name, v.n, o.Name)
			}
		}
		time.Sleep(glimpse)
	}
	return nil
}
