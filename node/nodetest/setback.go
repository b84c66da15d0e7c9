package nodetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

const (
	// heardIn is within what time all that reach a node have heard it tell of
	// what it acknowledged.
	heardIn = 4 * beatEvery
	// watched is for how long those who hear a node again are asked about it at
	// every glimpse: it may fetch what it lost in between.
	watched = 3 * beatEvery
	glimpse = 100 * time.Millisecond
	// apart is how long everything takes to and from it meanwhile.
	apart = time.Second
)

func (c *Campus) backUp(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	if err := h.backUp(h.dir+".copy", s.X, c.changes); err != nil {
		return "", fmt.Errorf("copy a data folder: %w", err)
	}
	return h.Name + " is copied", nil
}

// putBack puts a node back to its copy, as after a failed disk.
func (c *Campus) putBack(s Step) (string, error) {
	var able []*House
	for _, h := range c.Houses {
		// Whoever alone knew of a new member, or of a revocation, would not
		// know any more: then nobody can.
		if h.copy != nil && !h.revoked && (h != c.Houses[0] || h.copy.members == c.changes) {
			able = append(able, h)
		}
	}
	if len(able) == 0 {
		return "", nil
	}
	h := able[s.A%len(able)]
	alone, what := s.X>>32%4 == 0 && c.heldElsewhere(h), ""
	if alone {
		what = "'s database alone"
	}
	if err := c.toCopy(h, s.X, alone); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s%s is put back to its copy of %v ago", h.Name, what, time.Since(h.copy.at).Round(time.Second)), c.startAgain(h)
}

// heldElsewhere reports whether running houses can read every key record that a
// house may be the only one to have: without its file of keys nothing of it
// can be read again.
func (c *Campus) heldElsewhere(h *House) bool {
	for _, v := range c.truth.visits {
		own := v.arrived.by == h
		for _, f := range v.fixed {
			own = own || f.by == h
		}
		if v.tangled {
			return false
		}
		if !own || v.maybeErased() {
			continue
		}
		found := false
		for _, o := range c.on() {
			if _, err := o.Node().Replica().Sealed(v.card()); o != h && !o.revoked && err == nil && !o.mixed {
				found = true
				for _, f := range v.fixed {
					found = found && knows(o, v, f)
				}
			}
			if found {
				break
			}
		}
		if !found {
			return false
		}
	}
	return len(c.truth.tried) == 0
}

// setBack is the shortest way to a loss: a node is copied, takes people in,
// tells of them, and is put back to the copy. Half of the time it goes on
// taking people in before it can hear of what it had written.
func (c *Campus) setBack(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil || h.revoked || h.full {
		return "", nil
	}
	if err := h.backUp(h.dir+".copy", s.X, c.changes); err != nil {
		return "", fmt.Errorf("copy a data folder: %w", err)
	}
	time.Sleep(time.Millisecond) // what follows is later than the copy
	if err := c.rush(h, 1+int(s.X>>8%3)); err != nil {
		return "", err
	}
	time.Sleep(heardIn)
	if err := c.toCopy(h, s.X, false); err != nil {
		return "", err
	}
	did := h.Name + " takes people in and is put back to before that"
	if s.X>>16&1 == 0 {
		return did, c.watchReturn(h)
	}
	c.Net.Stick(h.ID, true)
	defer c.Net.Stick(h.ID, false)
	if err := c.startAgain(h); err != nil {
		return did, err
	}
	return did + ", and takes others in before it hears anything", c.rush(h, 1+int(s.X>>24%3))
}

// toCopy takes the power from a node and puts its disk back to its copy, or the
// database alone, without the file of keys.
func (c *Campus) toCopy(h *House, x uint64, alone bool) error {
	if h.Node() != nil {
		h.cut(0, x, func() {})
	}
	if err := h.restore(x, alone); err != nil {
		return fmt.Errorf("put a data folder back: %w", err)
	}
	h.back++
	h.laidBy = nil
	c.excuse(h)
	c.endanger(h)
	return nil
}

// watchReturn starts a node that was put back, far from all others, so that it
// fetches what it lost later than they hear of its new life, and looks very
// often at what they say of it meanwhile.
func (c *Campus) watchReturn(h *House) error {
	if c.slow { // nothing can be told from when news comes
		return c.startAgain(h)
	}
	time.Sleep(2 * apart)
	c.distance(h, apart)
	defer c.distance(h, 0)
	if err := c.startAgain(h); err != nil {
		return err
	}
	for range int(watched / glimpse) {
		for _, o := range c.on() {
			if err := c.checkLosses(o, h, apart); err != nil {
				return err
			}
		}
		if err := c.checkOwn(h); err != nil {
			return err
		}
		time.Sleep(glimpse)
	}
	return nil
}

// endanger marks the facts that may be gone now that h has forgotten: those
// which no member holds.
func (c *Campus) endanger(h *House) {
	h.backAt = time.Now()
	for _, v := range c.truth.visits {
		if v.arrived.by == h && v.arrived.at.After(h.copy.at) && !slices.ContainsFunc(c.on(), func(o *House) bool {
			_, err := o.Node().Replica().Sealed(v.card())
			return o != h && !o.revoked && err == nil
		}) {
			v.unsealed = true
		}
		if h.Role == identity.RoleDesk && v.arrived.at.After(h.copy.at) && !c.readElsewhere(h, v) {
			v.unsealed = true // to a key that is as new, and that no other file of keys may have taken
		}
	}
	c.truth.facts(func(v *visit, f *fact) {
		if f.by == h && f.at.After(h.copy.at) && !f.lost {
			f.lost = true
			c.seen.heardBefore(c.on(), f)
		}
		if f.at.Before(h.copy.at) && f.by == h || f.shaky {
			return
		}
		if !c.held(v, f) && (f.by == h || f.by.back > 0) {
			f.shaky = true
		}
	})
	c.seen.forget(h)
}

// readElsewhere reports whether another member reads all of a visit: the card may
// be sealed to a newer key than the dossier.
func (c *Campus) readElsewhere(h *House, v *visit) bool {
	return slices.ContainsFunc(c.on(), func(o *House) bool {
		if o == h || o.revoked {
			return false
		}
		_, _, dossier := shows(o, v)
		_, err := o.Node().Visits().Card(v.id)
		return dossier && err == nil
	})
}

// held reports whether a member holds a fact, running or not. What a revoked
// node has, nobody may ask it for.
func (c *Campus) held(v *visit, f *fact) bool {
	return slices.ContainsFunc(c.members(), func(o *House) bool {
		return o.Node() != nil && knows(o, v, f) || o.laidBy[f]
	})
}
