package nodetest

import (
	"fmt"
	"slices"
	"time"
)

// jumps are by how much a clock goes wrong.
var jumps = []time.Duration{
	5 * time.Second, -5 * time.Second, 50 * time.Second, -50 * time.Second, 10 * time.Minute, -10 * time.Minute,
	3 * time.Hour, -3 * time.Hour, 26 * time.Hour, -26 * time.Hour,
}

func (c *Campus) clockJump(s Step) (string, error) {
	h := c.Houses[s.A%len(c.Houses)]
	by := jumps[s.X%uint64(len(jumps))]
	h.Clock.Jump(by)
	c.wrong, c.wrongUntil = true, time.Now() // it may be right by that
	if h.Clock.Off().Abs() <= time.Second {  // by chance
		c.rightAt = time.Now()
	}
	return fmt.Sprintf("%s's clock jumps by %v", h.Name, by), nil
}

// years are by how much a clock goes wrong whose battery is dead, or that
// trusts a time server out of its mind. A campus begins in the year 2000.
var years = []time.Duration{99 * year, 99 * year, 1 * year, 10 * year, -1 * year, -29 * year}

const year = 365 * 24 * time.Hour

func (c *Campus) clockYears(s Step) (string, error) {
	h := c.Houses[s.A%len(c.Houses)]
	c.right(h)
	h.Clock.Jump(years[s.X%uint64(len(years))])
	c.wrong, c.years = true, true
	return fmt.Sprintf("%s's clock shows %s", h.Name, h.Clock.Now().UTC().Format(time.DateOnly)), nil
}

// wrongSince reports whether a clock has been wrong since then, or was gone by until
// then by those who had heard it.
func (c *Campus) wrongSince(t time.Time) bool {
	return c.rightAt.Add(believed).After(t) || slices.ContainsFunc(c.Houses, func(h *House) bool { return h.Clock.Off().Abs() > time.Second })
}

// yearsOff reports whether a clock is wrong by years.
func (c *Campus) yearsOff() bool {
	return slices.ContainsFunc(c.Houses, func(h *House) bool { return h.Clock.Off().Abs() > year/2 })
}

func (c *Campus) clockDrift(s Step) (string, error) {
	h := c.Houses[s.A%len(c.Houses)]
	rate := (float64(s.X%200) - 100) / 1000
	h.Clock.Drift(rate)
	c.wrong = true
	return fmt.Sprintf("%s's clock runs %+.1f %% off", h.Name, rate*100), nil
}

func (c *Campus) clockRight(s Step) (string, error) {
	h := c.Houses[s.A%len(c.Houses)]
	c.right(h)
	return h.Name + "'s clock is put right", nil
}

func (c *Campus) rightClocks() {
	for _, h := range c.Houses {
		c.right(h)
	}
}

func (c *Campus) right(h *House) {
	if off := h.Clock.Off(); off > time.Second || off < -time.Second {
		c.rightAt = time.Now()
	}
	if h.Clock.Wrong() {
		c.wrongUntil = time.Now()
	}
	h.Clock.Right()
}

// anyWrong reports whether a clock is wrong now.
func (c *Campus) anyWrong() bool {
	return slices.ContainsFunc(c.Houses, func(h *House) bool { return h.Clock.Wrong() })
}
