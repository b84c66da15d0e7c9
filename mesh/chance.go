package mesh

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"sync"
	"time"
)

// chance is where a mesh's jitter comes from: a source of its own, sown from
// crypto/rand, so that whoever decides what that gives, as a simulation does,
// decides the jitter too. Safe for concurrent use.
type chance struct {
	mu  sync.Mutex
	rng *mathrand.Rand
}

func newChance() *chance {
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // it never fails
	return &chance{rng: mathrand.New(mathrand.NewChaCha8(seed))}
}

// within draws a time below d.
func (c *chance) within(d time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(c.rng.Int64N(int64(d)))
}

// below draws a number below n.
func (c *chance) below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n)
}

// shuffle puts n things into any order.
func (c *chance) shuffle(n int, swap func(i, j int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rng.Shuffle(n, swap)
}
