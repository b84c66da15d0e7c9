package rights

import (
	"context"
	"sync"
	"testing"
)

// A case is decided once at each node, however many decide at the same time.
func TestDecidedOnceAtANode(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	c := h.open(t, Objection)
	var wg sync.WaitGroup
	var mu sync.Mutex
	decided := 0
	for i := range 8 {
		wg.Go(func() {
			how := Granted
			if i%2 == 0 {
				how = Refused
			}
			if _, err := h.Decide(ctx, c.ID, how, "a legal claim"); err == nil {
				mu.Lock()
				decided++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if decided != 1 || h.onRecord("case.decide") != 1 {
		t.Error(decided, "decisions")
	}
}
