package nodetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/privacy"
)

// desks are the desks whose power is on and that take themselves for members:
// one may have been revoked and not have heard of it.
func (c *Campus) desks() (out []*House) {
	for _, h := range c.on() {
		if h.Role == identity.RoleDesk && h.Node().Barred() == nil {
			out = append(out, h)
		}
	}
	return out
}

// someone is a visit to erase or correct: mostly one that stands.
func (c *Campus) someone(b int, x uint64) *visit {
	all := c.truth.visits
	if x%8 > 0 {
		all = nil
		for _, v := range c.truth.visits {
			if len(v.orders) == 0 && !v.ordered {
				all = append(all, v)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[b%len(all)]
}

// erase has a desk erase a visit.
func (c *Campus) erase(s Step) (string, error) {
	desks, v := c.desks(), c.someone(s.B, s.X)
	if len(desks) == 0 || v == nil {
		return "", nil
	}
	return c.eraseAt(desks[s.A%len(desks)], v)
}

func (c *Campus) eraseAt(h *House, v *visit) (string, error) {
	l := h.now()
	if l == nil {
		return "", nil
	}
	began, filed := time.Now(), l.node.Replica().FilingDay()
	e, err := l.node.Erase(context.Background(), v.id)
	h.mu.Lock()
	defer h.mu.Unlock()
	done := fmt.Sprintf("v%d is erased at %s", v.n, h.Name)
	if h.life != l {
		v.ordered = true
		return done + ", unacknowledged", nil
	}
	if err := inTime(h, began, "an erasure"); err != nil {
		return done, err
	}
	if errors.Is(err, privacy.ErrUnknownVisit) {
		if _, err := l.node.Replica().Presence(v.id); err == nil {
			return done, violated("answers alone", "%s says that it does not know v%d", h.Name, v.n)
		}
		return done + ", who is not known there", nil
	}
	if err != nil {
		v.ordered = true
		if h.full || h.revoked && l.node.Barred() != nil { // it has just heard that it was revoked
			return done + ", refused", nil
		}
		return done, violated("answers alone", "%s refuses an erasure: %v", h.Name, err)
	}
	if e.Again {
		return done + ", again", nil
	}
	v.orders = append(v.orders, &fact{
		kind: erased, by: h, at: time.Now(), clock: h.Clock.Timeline(), back: h.back, erasure: e.ID, filed: filed, shaky: h.revoked,
	})
	return done, nil
}

// eraseTwice has two desks erase the same visit in halves that are cut off
// from one another, and what each half says of it stands against the other's.
func (c *Campus) eraseTwice(s Step) (string, error) {
	desks, v := c.desks(), c.someone(s.B, s.X)
	if len(desks) < 2 || v == nil {
		return "", nil
	}
	i := s.A % len(desks)
	a, b := desks[i], desks[(i+1)%len(desks)]
	var halves [2][]identity.NodeID
	for j, h := range c.Houses {
		in := int(s.X>>uint(8+j)) & 1
		if h == a {
			in = 0
		} else if h == b {
			in = 1
		}
		halves[in] = append(halves[in], h.ID)
	}
	c.fallApart(mode(s.X>>32), halves[0], halves[1])
	_, err := c.eraseAt(a, v)
	if err == nil {
		_, err = c.eraseAt(b, v)
	}
	return fmt.Sprintf("the campus falls in two, and v%d is erased at %s and at %s", v.n, a.Name, b.Name), err
}

// eraseCut has a desk lose power while it destroys.
func (c *Campus) eraseCut(s Step) (did string, bad error) {
	desks, v := c.desks(), c.someone(s.B, s.X)
	if len(desks) == 0 || v == nil {
		return "", nil
	}
	h := desks[s.A%len(desks)]
	at := h
	if on := c.on(); s.X>>16&1 == 1 { // or a node that hears of it
		at = on[int(s.X>>17)%len(on)]
	}
	at.cut(int(s.X>>8%48), s.X, func() {
		did, bad = c.eraseAt(h, v)
		time.Sleep(50 * time.Millisecond)
	})
	return fmt.Sprintf("%s; %s loses power over it", did, at.Name), bad
}

// rectify has a desk correct a name.
func (c *Campus) rectify(s Step) (string, error) {
	desks, v := c.desks(), c.someone(s.B, s.X|1)
	if len(desks) == 0 || v == nil {
		return "", nil
	}
	h := desks[s.A%len(desks)]
	name := c.aName(h)
	v.names = append(v.names, name)
	l, right, mail, began := h.now(), record.Private(name), record.Private(name+"@example.org"), time.Now()
	err := l.node.Rectify(context.Background(), v.id, privacy.Correction{Name: &right, Email: &mail}, "")
	done := fmt.Sprintf("v%d is called otherwise at %s", v.n, h.Name)
	if h.now() != l {
		v.tangled = true
		return done + ", unacknowledged", nil
	}
	if err := inTime(h, began, "a correction"); err != nil {
		return done, err
	}
	if err != nil {
		v.tangled = true
		return done + ", refused", c.unreadable(h, v, err)
	}
	part, err := l.node.Replica().Sealed(v.card())
	if err != nil {
		return done, violated("answers alone", "%s cannot read what it corrected: %v", h.Name, err)
	}
	v.fixed = append(v.fixed, &fact{
		kind: named, by: h, at: time.Now(), clock: h.Clock.Timeline(), back: h.back, version: part.Version, name: name, shaky: h.revoked,
	})
	return done, nil
}

// unreadable judges a refusal to correct.
func (c *Campus) unreadable(h *House, v *visit, err error) error {
	if errors.Is(err, privacy.ErrNotOpened) || h.full || h.jammed || record.DayOf(h.Clock.Now()) >= v.ends {
		return nil // not heard of, erased, over by its own clock, or its key has not come yet
	}
	return violated("answers alone", "%s refuses to correct v%d: %v", h.Name, v.n, err)
}

// drill starts a drill, of the campus or of a site.
func (c *Campus) drill(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil || h.revoked {
		return "", nil
	}
	c.drills++
	var site record.SiteID
	if s.X%3 == 0 {
		site = "North"
	}
	began := time.Now()
	_, err := h.Node().Alarm().Start(context.Background(), s.X%2 == 0, site)
	return h.Name + " starts a drill", c.alarmed(h, began, err)
}

func (c *Campus) endDrill(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil || h.revoked {
		return "", nil
	}
	began := time.Now()
	_, err := h.Node().Alarm().End(context.Background(), "all are found")
	if errors.Is(err, alarm.ErrNone) {
		return "", nil
	}
	return h.Name + " ends the drill", c.alarmed(h, began, err)
}

// alarmed judges what a node made of a drill.
func (c *Campus) alarmed(h *House, began time.Time, err error) error {
	if late := inTime(h, began, "a drill"); late != nil || err == nil {
		return late
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return c.refused(h, err)
}

// jam lets the file of keys be unwritable for a while.
func (c *Campus) jam(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	h.setJam(true)
	return h.Name + " cannot write its keys", nil
}

func (c *Campus) unjam(s Step) (string, error) {
	for i := range c.Houses {
		if h := c.Houses[(s.A+i)%len(c.Houses)]; h.jammed {
			h.setJam(false)
			return h.Name + " can write its keys again", nil
		}
	}
	return "", nil
}

func (h *House) setJam(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.jammed = on
}
