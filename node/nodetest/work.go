package nodetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// answer is how long a node may take over a command, whatever the network
// does: its disk syncs a few times, and that is all.
const answer = time.Second

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
	ends := l.node.KeptFrom() + visits.Retention
	got, err := l.node.Visits().CheckIn(context.Background(), visits.Arrival{Name: record.Private(name), Email: record.Private(name + "@example.org")})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.life != l { // the power went meanwhile
		c.truth.maybe++
		return nil, nil
	}
	if took := time.Since(began); took > answer {
		return nil, violated("answers alone", "%s took %v over a check-in", h.Name, took)
	}
	if err != nil {
		c.truth.maybe++
		return nil, c.excused(h, err)
	}
	v := &visit{n: len(c.truth.visits) + 1, id: got.Visit, arrived: fact{by: h, at: time.Now(), clock: h.Clock.Timeline(), back: h.back, shaky: h.revoked}, names: []string{name}, ends: ends}
	c.truth.visits = append(c.truth.visits, v)
	return v, nil
}

// aName is one that nobody else has.
func (c *Campus) aName(h *House) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.truth.told++
	return fmt.Sprintf("Visitor %d", c.truth.told)
}

// excused judges a refusal: a node may only refuse for these reasons.
func (c *Campus) excused(h *House, err error) error {
	var p *visits.Problem
	if errors.As(err, &p) {
		switch p.Key {
		case "disk.full":
			if h.full {
				return nil
			}
		case "node.revoked":
			if h.revoked {
				return nil
			}
		case "store.broken", "keys.missing":
			return nil
		case "store.keys":
			if h.jammed {
				return nil // no key for new dates can be kept
			}
		}
	}
	return violated("answers alone", "%s refuses: %v", h.Name, err)
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
	text, how := v.id.QR(), "qr"
	switch x % 3 {
	case 1:
		text, how = v.id.Badge().String(), "code"
	case 2:
		text, how = v.id.String(), "id"
	}
	l := h.now()
	c.overrules(h, v)
	began := time.Now()
	d, err := l.node.Visits().CheckOut(context.Background(), text, "kiosk")
	h.mu.Lock()
	defer h.mu.Unlock()
	done := fmt.Sprintf("v%d goes out at %s by %s", v.n, h.Name, how)
	if h.life != l {
		v.tried = true
		return done + ", unacknowledged", nil
	}
	if took := time.Since(began); took > answer {
		return done, violated("answers alone", "%s took %v over a check-out", h.Name, took)
	}
	if err != nil {
		v.tried = true
		return done + ", refused", c.excused(h, err)
	}
	if d.Already {
		if !v.gone() {
			return done, violated("no silent absence", "%s says that v%d had gone, and nobody ever said so", h.Name, v.n)
		}
		done += ", again"
	}
	v.left = append(v.left, &fact{kind: departure, by: h, at: time.Now(), clock: h.Clock.Timeline(), back: h.back, shaky: h.revoked})
	return done, nil
}

// edit has an operator change a setting at a desk.
func (c *Campus) edit(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil || h.Role != identity.RoleDesk || h.revoked {
		return "", nil
	}
	key, value := fmt.Sprintf("sim/%d", s.B%3), fmt.Sprintf("%d", s.X%1000)
	if c.truth.settings[key] == nil {
		c.truth.settings[key] = map[string]bool{}
	}
	c.truth.settings[key][value] = true
	setting := crdt.Setting{Key: key, Value: shape.String(value)}
	if _, err := h.Node().Replica().Commit(context.Background(), crdt.Draft{Setting: &setting}); err != nil && !h.full {
		return "", violated("answers alone", "%s refuses a setting: %v", h.Name, err)
	}
	return fmt.Sprintf("%s sets %s to %s", h.Name, key, value), nil
}

// present is whether a house lists a visit, and whether it knows of it.
func present(h *House, v record.VisitID) (listed, known bool) {
	p, err := h.Node().Replica().Presence(v)
	return err == nil && p.Open(), err == nil
}
