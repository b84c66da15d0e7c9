package record

import (
	"sync"
	"time"
)

// HLC is a hybrid logical clock reading (Kulkarni et al., "Logical Physical
// Clocks", 2014): 48 bits of Unix milliseconds and 16 bits that count within
// one. Readings of one node never repeat and never run backwards, unless its
// clock is set back by more than MaxAhead.
type HLC uint64

// HLCOf is the earliest reading at t.
func HLCOf(t time.Time) HLC { return HLC(t.UnixMilli()) << 16 }

// Time is the physical part, in UTC.
func (h HLC) Time() time.Time { return time.UnixMilli(int64(h >> 16)).UTC() }

// MaxDrift is how far ahead of our own clock another node's may be before its
// readings no longer push ours forward: a wrong clock is flagged, not followed.
const MaxDrift = time.Minute

// MaxAhead is how far readings may run ahead of our own clock to stay in order.
// When they are further, that clock was wrong by days and has been put right:
// nothing rests on the order of a node's readings so much that all it writes
// should be dated years ahead for ever.
const MaxAhead = 24 * time.Hour

// Clock gives HLC readings. Safe for concurrent use.
type Clock struct {
	now  func() time.Time
	mu   sync.Mutex
	last HLC
}

// NewClock reads physical time from now.
func NewClock(now func() time.Time) *Clock { return &Clock{now: now} }

// Now is a new reading, later than every earlier reading and every observed
// one, but for those more than MaxAhead ahead of the clock.
func (c *Clock) Now() HLC {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.last > HLCOf(now.Add(MaxAhead)) {
		c.last = 0
	}
	c.last = max(c.last+1, HLCOf(now))
	return c.last
}

// Observe makes later readings follow h, unless h is more than MaxDrift ahead
// of our own clock; it reports whether it did.
func (c *Clock) Observe(h HLC) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h > HLCOf(c.now().Add(MaxDrift)) {
		return false
	}
	c.last = max(c.last, h)
	return true
}

// Resume makes later readings follow h: it is this node's own last reading
// before a restart. It may be further ahead than Observe would follow.
func (c *Clock) Resume(h HLC) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, h)
}
