package nodetest

import (
	"sync"
	"time"
)

// Clock is a node's clock: it can be wrong, and run wrong. Safe for
// concurrent use.
type Clock struct {
	mu   sync.Mutex
	from time.Time // when off and rate were set
	off  time.Duration
	rate float64   // how much faster than time it runs: 0.01 gains 36 s an hour
	peak time.Time // the latest that it has shown
}

// NewClock makes a clock that is right.
func NewClock() *Clock { return &Clock{from: time.Now()} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read(time.Now())
}

// Timeline is the latest that the clock has shown: it does not go back.
func (c *Clock) Timeline() time.Time {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.peak.After(now) {
		return c.peak
	}
	return now
}

func (c *Clock) read(now time.Time) time.Time {
	return now.Add(c.off + time.Duration(float64(now.Sub(c.from))*c.rate))
}

// Jump sets the clock forward, or back.
func (c *Clock) Jump(by time.Duration) { c.set(func() { c.off += by }) }

// Drift has the clock run fast by rate, or slow.
func (c *Clock) Drift(rate float64) { c.set(func() { c.rate = rate }) }

// Right puts the clock right.
func (c *Clock) Right() { c.set(func() { c.off, c.rate = 0, 0 }) }

// Wrong reports whether the clock is wrong by anything, or about to be.
func (c *Clock) Wrong() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.off != 0 || c.rate != 0
}

// Off is how far the clock is ahead.
func (c *Clock) Off() time.Duration { return time.Until(c.Now()) }

func (c *Clock) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if at := c.read(now); at.After(c.peak) {
		c.peak = at
	}
	c.off, c.from = c.read(now).Sub(now), now
	change()
}
