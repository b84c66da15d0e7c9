package nodetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/visits"
)

// pick is a house whose power is on, nil when there is none.
func (c *Campus) pick(a int) *House {
	on := c.on()
	if len(on) == 0 {
		return nil
	}
	return on[a%len(on)]
}

func (c *Campus) checkIn(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	v, err := c.arrive(h)
	if v == nil {
		return h.Name + " takes nobody in", err
	}
	return fmt.Sprintf("v%d comes in at %s", v.n, h.Name), err
}

// arrive checks somebody in and notes it if it was acknowledged.
func (c *Campus) arrive(h *House) (*visit, error) {
	l := h.now()
	if l == nil {
		return nil, nil
	}
	began := time.Now()
	name := c.aName(h)
	ends, past := l.node.KeptFrom()+visits.Retention, onlyPastKeys(l)
	got, err := l.node.Visits().CheckIn(context.Background(), visits.Arrival{Name: record.Private(name), Email: record.Private(name + "@example.org")})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.life != l { // the power went meanwhile
		c.truth.tried[name] = true
		return nil, nil
	}
	if err := inTime(h, began, "a check-in"); err != nil {
		return nil, err
	}
	if err != nil {
		if broke(l) {
			c.truth.tried[name] = true
		}
		return nil, c.excused(h, err)
	}
	v := &visit{n: len(c.truth.visits) + 1, id: got.Visit, arrived: fact{by: h, id: lastOf(l, h.NodeID(), got.Visit.Badge(), record.Arrived), at: time.Now(), clock: h.Clock.Timeline(), back: h.back, shaky: h.revoked}, names: []string{name}, ends: ends, qr: got.QR, years: c.yearsOff(), unsealed: past}
	c.truth.visits = append(c.truth.visits, v)
	return v, nil
}

// onlyPastKeys reports whether a node knows no key of a date to come: a closure
// was longer than any is made ahead. What it seals goes to one that is past and
// has not died, and who joins then is not given that.
func onlyPastKeys(l *life) bool {
	keys, err := l.node.Replica().PublishedKeys()
	today := l.node.KeptFrom()
	return err == nil && !slices.ContainsFunc(keys, func(k crdt.PublishedKey) bool { return k.Until > today })
}

// aName is one that nobody else has.
func (c *Campus) aName(h *House) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.truth.told++
	return fmt.Sprintf(anyName+"%d", c.truth.told)
}

func (c *Campus) checkOut(s Step) (string, error) {
	h := c.pick(s.A)
	var inside []*visit
	for _, v := range c.truth.visits {
		if !v.gone() {
			inside = append(inside, v)
		}
	}
	if h == nil || len(inside) == 0 {
		return "", nil
	}
	return c.leave(h, inside[s.B%len(inside)], s.X)
}

// checkOutAgain has somebody go out who has gone already, perhaps at a node
// that has not heard of it.
func (c *Campus) checkOutAgain(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil || len(c.truth.visits) == 0 {
		return "", nil
	}
	return c.leave(h, c.truth.visits[s.B%len(c.truth.visits)], s.X)
}

func (c *Campus) leave(h *House, v *visit, x uint64) (string, error) {
	text, how := v.qr, "qr"
	switch x % 3 {
	case 1:
		text, how = v.id.Badge().String(), "code"
	case 2:
		text, how = v.id.String(), "id"
	}
	l := h.now()
	c.overrules(h, v)
	knew := l.node.Replica().Shredded(v.id)
	before := lastOf(l, h.NodeID(), v.id.Badge(), record.Left)
	began := time.Now()
	d, err := l.node.Visits().CheckOut(context.Background(), text, "kiosk")
	h.mu.Lock()
	defer h.mu.Unlock()
	done := fmt.Sprintf("v%d goes out at %s by %s", v.n, h.Name, how)
	if h.life != l {
		v.tried = true
		return done + ", unacknowledged", nil
	}
	if err := inTime(h, began, "a check-out"); err != nil {
		return done, err
	}
	if err != nil {
		v.tried = v.tried || broke(l)
		return done + ", refused", c.excused(h, err)
	}
	if err := c.greets(h, v, how == "qr", knew, d.Name.Reveal()); err != nil {
		return done, err
	}
	if d.Already {
		if !v.gone() {
			return done, violated("no silent absence", "%s says that v%d had gone, and nobody ever said so", h.Name, v.n)
		}
		done += ", again"
	}
	id := lastOf(l, h.NodeID(), v.id.Badge(), record.Left)
	at := time.Now()
	if id == before {
		at = v.writtenAt(id)
	}
	v.left = append(v.left, &fact{
		kind: departure, by: h, id: id, at: at, clock: h.Clock.Timeline(), back: h.back, shaky: h.revoked,
	})
	return done, nil
}

// writtenAt is when a departure was written that is on record already: who goes out
// then is told so, also weeks later, and nothing is written.
func (v *visit) writtenAt(id record.EventID) time.Time {
	for _, f := range v.left {
		if f.id == id {
			return f.at
		}
	}
	return v.arrived.at // it was tried, then or later
}

// present is whether a house lists a visit, and whether it knows of it.
func present(h *House, v record.VisitID) (listed, known bool) {
	p, err := h.Node().Replica().Presence(v)
	return err == nil && p.Open(), err == nil
}
