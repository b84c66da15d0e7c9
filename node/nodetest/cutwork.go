package nodetest

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// powerCut takes the power from a node in the middle of whatever it is about.
func (c *Campus) powerCut(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	switch s.X >> 12 % 12 {
	case 0:
		return c.cutInStop(h, s.X)
	case 1, 2:
		return c.cutInStart(h, s.X)
	case 3, 4, 5, 6:
		return c.cutInWork(h, s)
	}
	return h.Name + " loses power", c.cutInRush(h, s.X)
}

// cutInRush has a few people arrive at once and takes the power away while
// their arrivals are on the way to the disk.
func (c *Campus) cutInRush(h *House, x uint64) (bad error) {
	h.cut(int(x>>8%16), x, func() { bad = c.rush(h, int(x%4)) })
	return bad
}

// cutInWork takes the power away while somebody goes out, is marked, corrected,
// or while an alarm or a setting is written.
func (c *Campus) cutInWork(h *House, s Step) (did string, bad error) {
	at := Step{A: slices.Index(c.on(), h), B: s.B, X: s.X >> 20}
	acts := []func(Step) (string, error){c.checkOut, c.mark, c.alarm, c.edit, c.unmark, c.add}
	if i := slices.Index(c.desks(), h); i >= 0 {
		acts = append(acts, func(at Step) (string, error) { return c.rectify(Step{A: i, B: at.B, X: at.X}) })
	}
	h.cut(int(s.X>>8%8), s.X, func() { did, bad = acts[int(s.X>>16%16)%len(acts)](at) })
	if did == "" {
		did = "nothing is done at " + h.Name
	}
	return did + ", which loses power over it", bad
}

// cutInStop takes the power away while a node ends.
func (c *Campus) cutInStop(h *House, x uint64) (did string, bad error) {
	h.cut(int(x>>8%8), x, func() { bad = h.stop() })
	if bad != nil {
		bad = violated("stops in good order", "%v", bad)
	}
	return h.Name + " loses power as it stops", bad
}

// cutInStart takes the power away while a node starts, from the first change to
// its disk on, and starts it again.
func (c *Campus) cutInStart(h *House, x uint64) (string, error) {
	did := h.Name + " loses power as it starts, and starts again"
	if err := h.stop(); err != nil {
		return "", violated("stops in good order", "%v", err)
	}
	var err error
	h.cut(int(x>>8%96), x, func() { err = h.start() })
	if err != nil && !errors.Is(err, errDark) && !errors.Is(err, errNoRoom) {
		return did, violated("starts again", "%v", err)
	}
	return did, c.startHouse(h)
}

// looked is how often a node looks after retention.
const looked = 10 * time.Minute

// cutInRetention takes the power from a node while it drops old days, or carries
// over what must outlive them, and starts it again.
func (c *Campus) cutInRetention(x uint64) error {
	h := c.pick(int(x >> 40))
	if h == nil {
		return nil
	}
	time.Sleep(looked - time.Since(h.began)%looked - time.Millisecond)
	if h.Node() == nil {
		return nil
	}
	h.cut(int(x>>20%192), x, func() { time.Sleep(2 * time.Second) })
	c.trace("%s loses power as it looks after old days", h.Name)
	if err := c.startHouse(h); err != nil {
		return fmt.Errorf("after a power cut over old days: %w", err)
	}
	return nil
}
