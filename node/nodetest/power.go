package nodetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

func (c *Campus) stopOne(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	return h.Name + " is stopped", c.stop(h)
}

func (c *Campus) startOne(s Step) (string, error) {
	var off []*House
	for _, h := range c.Houses {
		if h.Node() == nil {
			off = append(off, h)
		}
	}
	if len(off) == 0 {
		return "", nil
	}
	h := off[s.A%len(off)]
	return h.Name + " starts", c.startHouse(h)
}

// startHouse starts a node and looks at once whether it has all that it
// acknowledged.
func (c *Campus) startHouse(h *House) error {
	if err := c.startAgain(h); err != nil || h.Node() == nil {
		return err
	}
	return c.ownFacts(h)
}

// startAgain starts a node, unless there is no room for that on its disk.
func (c *Campus) startAgain(h *House) error {
	h.laidBy = nil
	switch err := h.start(); {
	case errors.Is(err, errNoRoom) && h.full:
		c.trace("%v", err)
		return nil
	case err != nil:
		return violated("starts again", "%v", err)
	}
	c.begun(h)
	return nil
}

// begun notes that a house has started.
func (c *Campus) begun(h *House) {
	if h.cutShort || h.full {
		// What it had seen of others' losses just now may not be on its disk.
		c.seen.of(h).heard, h.cutShort = nil, false
		clear(c.seen.of(h).asOf) // it is saved every half minute
	}
}

// rush has people arrive at one node all at once.
func (c *Campus) rush(h *House, people int) (bad error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range people {
		wg.Go(func() {
			_, err := c.arrive(h)
			mu.Lock()
			defer mu.Unlock()
			bad = errors.Join(bad, err)
		})
	}
	wg.Wait()
	return bad
}

// blackout takes the power from all, in any order.
func (c *Campus) blackout(s Step) (string, error) {
	on := c.on()
	rng := rand.New(rand.NewPCG(s.X, 1))
	rng.Shuffle(len(on), func(i, j int) { on[i], on[j] = on[j], on[i] })
	for _, h := range on {
		h.cut(0, rng.Uint64(), func() {})
	}
	return "the whole campus loses power", nil
}

func (c *Campus) move(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	h.addr, h.moved = c.Net.Move(h.ID, ""), true
	return h.Name + " gets another address", nil
}

// diskFull fills the disk of a node: nearly, so that it is told of it in time, or
// to the brim, at once or after more changes, while it does not know yet.
func (c *Campus) diskFull(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	switch s.X % 3 {
	case 0:
		h.cram(-1, s.X)
		return h.Name + "'s disk is nearly full", nil
	case 1:
		h.cram(int(s.X>>8%64), s.X)
		return h.Name + "'s disk is full", nil
	}
	// Whoever has just come in had the room measured, which is believed for a second.
	_, err := c.arrive(h)
	h.cram(int(s.X>>8%4), s.X)
	return h.Name + "'s disk is full as people come in", errors.Join(err, c.rush(h, 1+int(s.X>>16%4)))
}

func (c *Campus) diskFree(s Step) (string, error) {
	for i := range c.Houses {
		if h := c.Houses[(s.A+i)%len(c.Houses)]; h.full {
			h.room()
			time.Sleep(measured)
			return h.Name + "'s disk has room again", nil
		}
	}
	return "", nil
}

// measured is how long a measurement of free disk is believed, and one more.
const measured = 2 * time.Second

// diskFails has the disk of a node fail in the middle of work, or as it starts.
func (c *Campus) diskFails(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	did, changes := h.Name+"'s disk fails", int(s.X>>8%8)
	work := func() error { return c.rush(h, 1+int(s.X%4)) }
	if s.X>>16%3 == 0 {
		did, changes = did+" as it starts", int(s.X>>8%64)
		if err := h.stop(); err != nil {
			return "", violated("stops in good order", "%v", err)
		}
		work = func() error {
			switch err := h.start(); {
			case err == nil:
				c.begun(h)
			case !errors.Is(err, syscall.EIO) && !errors.Is(err, errNoRoom):
				return violated("ends when its disk fails", "%v", err)
			}
			return nil
		}
	}
	var bad error
	if err := h.failDisk(changes, s.X, func() { bad = work() }); err != nil {
		bad = errors.Join(bad, violated("ends when its disk fails", "%v", err))
	}
	return did, bad
}

// closures are for how many weeks a campus closes.
var closures = []time.Duration{1, 2, 5, 5, 6, 9}

// closeDown stops the whole campus for weeks, at times longer than anything is
// kept, and starts it again in any order. One node may be off already while
// the others go on for a while, and stay away longer than they.
func (c *Campus) closeDown(s Step) (string, error) {
	c.rightClocks()
	if s.X&512 != 0 {
		time.Sleep(shortly + 5*time.Minute)
	}
	if away := c.pick(s.A); away != nil && len(c.on()) > 1 && s.X&64 != 0 {
		if err := c.stop(away); err != nil {
			return "", err
		}
		for i := range 3 {
			if _, err := c.checkOut(Step{A: s.A + i, B: s.B + i, X: s.X + uint64(i)}); err != nil {
				return "", err
			}
			time.Sleep(2 * beatEvery)
		}
	}
	weeks := closures[s.X%uint64(len(closures))] * 7 * 24 * time.Hour
	if err := c.closedFor(weeks, s.X); err != nil {
		return "", err
	}
	if s.X>>10%2 == 0 {
		if err := c.cutInRetention(s.X); err != nil {
			return "", err
		}
	}
	if s.X&128 != 0 {
		time.Sleep(dropping)
	}
	return fmt.Sprintf("the campus is closed for %.0f days", weeks.Hours()/24), nil
}

// closedFor stops all that are on for weeks, and starts them again in any order.
func (c *Campus) closedFor(weeks time.Duration, x uint64) error {
	c.doubts(weeks)
	on := c.on()
	for _, h := range on {
		if err := c.stop(h); err != nil {
			return err
		}
	}
	time.Sleep(weeks)
	rng := rand.New(rand.NewPCG(x, 2))
	rng.Shuffle(len(on), func(i, j int) { on[i], on[j] = on[j], on[i] })
	for _, h := range on {
		if err := c.startHouse(h); err != nil {
			return err
		}
	}
	c.closed, c.away = true, true
	c.shut += weeks
	return nil
}

func (c *Campus) joinOne(s Step) (string, error) {
	first := c.Houses[0]
	if first.Node() == nil || len(c.Houses) >= 9 || first.full {
		return "", nil
	}
	c.changes++
	var cut func(*House, func())
	if s.X>>8%3 == 0 {
		cut = func(h *House, work func()) { h.cut(int(s.X>>16%64), s.X, work) }
	}
	if err := c.join(0, cut); err != nil {
		if cut == nil && c.faultless(first) {
			return "", violated("answers alone", "nobody can join at %s: %v", first.Name, err)
		}
		return "nobody can join: " + err.Error(), nil
	}
	h := c.Houses[len(c.Houses)-1]
	if cut != nil {
		return h.Name + " loses power as it joins, and joins", nil
	}
	return h.Name + " joins", nil
}

// faultless reports whether nothing hinders a house and those who join at it now.
func (c *Campus) faultless(h *House) bool {
	return !c.torn && !c.slow && !h.full && !h.jammed && !c.anyWrong()
}

// revoke has the first node, which issues, revoke another.
func (c *Campus) revoke(s Step) (string, error) {
	first := c.Houses[0]
	if first.Node() == nil || first.full || len(c.Houses) < 4 {
		return "", nil
	}
	h := c.Houses[1+s.A%(len(c.Houses)-1)]
	if h.revoked {
		return "", nil
	}
	c.changes++
	if err := first.Node().Revoke(h.Name); err != nil {
		return "", violated("revokes", "%s: %v", h.Name, err)
	}
	h.revoked = true
	c.noteRevoked(h)
	c.truth.facts(func(v *visit, f *fact) {
		if f.by == h && !knows(first, v, f) || f.lost && !c.held(v, f) {
			f.shaky = true
		}
	})
	return h.Name + " is revoked", nil
}
