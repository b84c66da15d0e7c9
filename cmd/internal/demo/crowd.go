package demo

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

const (
	// howCrowd is what is written of the evidence when the crowd comes and goes.
	howCrowd = "demo"
	// busy is how many visitors there are about at most.
	busy = 14
	// already is how many are inside when the page is first opened.
	already = 7
)

// crowd are the demo's visitors: they come and go through the rules of visits
// of the node at whose door they stand, like anybody.
type crowd struct {
	d      *Demo
	wake   chan struct{}
	mu     sync.Mutex
	people *people
	paused bool
	inside []guest
}

// guest is a visitor who came in by himself and will go again.
type guest struct {
	badge record.BadgeCode
	at    *member
}

func newCrowd(d *Demo, seed uint64, quiet bool) *crowd {
	return &crowd{d: d, people: newPeople(seed), paused: quiet, wake: make(chan struct{}, 1)}
}

// run lets visitors come and go until ctx ends. What cannot be done now (a
// full disk, say) is left: the next visitor tries again.
func (c *crowd) run(ctx context.Context) {
	if !c.isPaused() {
		for range already {
			c.logged(c.step(ctx, true))
		}
	}
	timer := time.NewTimer(c.gap())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-timer.C:
			if !c.isPaused() {
				c.logged(c.step(ctx, false))
			}
		}
		timer.Reset(c.gap())
	}
}

func (c *crowd) logged(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		c.d.log.Warn("a visitor was turned away", "err", err)
	}
}

// gap is the time to the next visitor.
func (c *crowd) gap() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return 2500*time.Millisecond + time.Duration(c.people.rng.IntN(4000))*time.Millisecond
}

func (c *crowd) isPaused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused
}

// pause stops or resumes the coming and going.
func (c *crowd) pause(on bool) {
	c.mu.Lock()
	changed := c.paused != on
	c.paused = on
	c.mu.Unlock()
	if !changed {
		return
	}
	key := "log.resumed"
	if on {
		key = "log.paused"
	}
	c.d.story.add(happening{Key: key})
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// step lets one visitor come or go, at a random door.
func (c *crowd) step(ctx context.Context, come bool) error {
	c.mu.Lock()
	rng := c.people.rng
	door := pick(rng, slices.DeleteFunc(slices.Clone(c.d.nodes), func(m *member) bool { return !m.door() }))
	if n := len(c.inside); n > 0 && !come && rng.IntN(busy) < n {
		i := rng.IntN(n)
		g := c.inside[i]
		c.inside = slices.Delete(c.inside, i, i+1)
		if rng.IntN(2) == 0 {
			door = g.at
		}
		c.mu.Unlock()
		_, err := door.app.Node().Visits().CheckOut(ctx, g.badge.String(), howCrowd)
		return err
	}
	who := c.people.next()
	who.How = howCrowd
	c.mu.Unlock()
	got, err := door.app.Node().Visits().CheckIn(ctx, who)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inside = append(c.inside, guest{got.Badge, door})
	return nil
}

// arrive lets one more visitor in at a door, who stays until let out by hand.
func (c *crowd) arrive(ctx context.Context, m *member) error {
	c.mu.Lock()
	who := c.people.next()
	c.mu.Unlock()
	_, err := m.app.Node().Visits().CheckIn(ctx, who)
	return inWords(err)
}

// leave lets the bearer of a badge out at a door.
func (c *crowd) leave(ctx context.Context, m *member, badge record.BadgeCode) error {
	_, err := m.app.Node().Visits().CheckOut(ctx, badge.String(), "badge")
	c.forget(badge)
	return inWords(err)
}

// leaveAny lets somebody out at a door: the one who came in last of those on
// any list.
func (c *crowd) leaveAny(ctx context.Context, m *member) error {
	var last record.Presence
	for _, n := range c.d.nodes {
		for _, p := range n.app.Node().Replica().Open() {
			if p.Since > last.Since && !m.letOut(p.Badge()) {
				last = p
			}
		}
	}
	if last.Since == 0 {
		return lang.Problem{Key: "demo.nobody"}
	}
	return c.leave(ctx, m, last.Badge())
}

// letOut reports whether this node has let the bearer of a badge out, perhaps
// by the code alone.
func (m *member) letOut(badge record.BadgeCode) bool {
	said, err := m.app.Node().Replica().Evidence(badge)
	return err == nil && slices.ContainsFunc(said, func(s record.Stated) bool { return s.Event.Kind == record.Left })
}

func (c *crowd) forget(badge record.BadgeCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inside = slices.DeleteFunc(c.inside, func(g guest) bool { return g.badge == badge })
}

// inWords makes what a person can mend into a problem that the page says in
// the reader's language.
func inWords(err error) error {
	var p *visits.Problem
	if errors.As(err, &p) {
		return lang.Problem{Key: p.Key, Field: p.Field}
	}
	var q *alarm.Problem
	if errors.As(err, &q) {
		return lang.Problem{Key: q.Key}
	}
	return err
}
