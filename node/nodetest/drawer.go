package nodetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

// noClock is how far a clock is behind that has begun anew.
const noClock = 29 * year

// drawer has a device that has no clock of its own lie in a drawer while the campus
// is closed for weeks, and start in a dead spot with the time at which it was put
// there, or with none: whom it takes in, lets out and marks there, the others learn
// when it hears them, though they have dropped the days that it takes for today.
func (c *Campus) drawer(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil || h.full || h.revoked || h.jammed || len(c.on()) < 2 {
		return "", nil
	}
	c.rightClocks()
	c.near()
	c.whole()
	time.Sleep(shortly + 5*time.Minute)
	if h.Node() == nil {
		return "", nil
	}
	if err := c.stop(h); err != nil {
		return "", err
	}
	weeks := closures[s.X%uint64(len(closures))] * 7 * 24 * time.Hour
	if err := c.closedFor(weeks, s.X); err != nil {
		return "", err
	}
	time.Sleep(dropping)
	behind, what := weeks+dropping, "that stood still"
	if s.X>>8&1 == 0 {
		behind, what = noClock, "that began anew"
		c.years = true
	}
	c.fallApart(memnet.Closing, []identity.NodeID{h.ID})
	h.Clock.Jump(-behind)
	c.wrong = true
	did := fmt.Sprintf("%s is found after %.0f days in a drawer, with a clock %s", h.Name, weeks.Hours()/24, what)
	if err := c.startHouse(h); err != nil || h.Node() == nil {
		return did, err
	}
	for i, act := range []func(Step) (string, error){c.checkIn, c.checkOut, c.alarm, c.mark, c.mark, c.unmark, c.checkIn} {
		x := s.X >> (16 + 4*i)
		if i > 0 && x&3 == 0 {
			continue
		}
		told, err := act(Step{A: slices.Index(c.on(), h), B: s.B + i, X: x})
		if err != nil {
			return did, err
		}
		c.trace("%s", told)
		time.Sleep(time.Duration(x%60) * time.Second)
	}
	if s.X>>9&3 == 0 {
		c.right(h)
		did += ", which is put right"
	}
	c.whole()
	if s.X>>11&1 == 0 {
		time.Sleep(dropping)
	}
	return did, nil
}
