package nodetest

import (
	"fmt"
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
	c.wrong = true
	return fmt.Sprintf("%s's clock jumps by %v", h.Name, by), nil
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
	h.Clock.Right()
	return h.Name + "'s clock is put right", nil
}

func (c *Campus) rightClocks() {
	for _, h := range c.Houses {
		h.Clock.Right()
	}
}
