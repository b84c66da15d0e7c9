package mesh

import (
	"fmt"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/memnet"
)

// What a member lacks is counted, and since when it takes nothing of it; one
// that catches up is let be, and so is what it may have dropped.
func TestWhatAPeerLacks(t *testing.T) {
	kept := func(cfg *Config) { cfg.Kept = func(doc string) bool { return doc != "old" } }
	inCampus(t, 2, kept, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		a.log.write("day", "fine")
		c.within(time.Minute, "everything", c.all(1))
		time.Sleep(time.Minute)
		if l := a.Lacks()[b.id()]; l.Entries != 0 || !l.Since.IsZero() || time.Since(l.At) > 30*time.Second {
			t.Fatalf("a peer that has everything: %+v", l)
		}

		b.log.edit(func() { b.log.refuse = func(e entry) bool { return e.Body != "fine" } })
		for i := range 3 {
			a.log.write("day", fmt.Sprint(i))
			a.log.write("today", fmt.Sprint(i))
			a.log.write("old", fmt.Sprint(i)) // b may have dropped it
		}
		refused := time.Now()
		time.Sleep(2 * time.Minute)
		l := a.Lacks()[b.id()]
		if l.Entries != 6 || l.Since.Before(refused) || l.Since.After(refused.Add(30*time.Second)) {
			t.Fatalf("a peer that takes nothing, after %v: %+v", time.Since(refused), l)
		}
		if l := b.Lacks()[a.id()]; l.Entries != 0 {
			t.Fatalf("who wrote it lacks it: %+v", l)
		}

		// Only so much gets across each time: behind, but not standing still.
		limit := 1
		b.log.edit(func() { b.log.refuse = func(e entry) bool { return int(e.Seq) > limit } })
		for range 12 {
			time.Sleep(time.Minute)
			b.log.edit(func() { limit++ })
			a.log.write("today", "more")
		}
		if l := a.Lacks()[b.id()]; l.Entries == 0 || time.Since(l.Since) > 3*time.Minute && !l.Since.IsZero() {
			t.Fatalf("a peer that catches up: %+v", l)
		}
		b.log.edit(func() { b.log.refuse = nil })
		time.Sleep(10 * time.Minute)
		if l := a.Lacks()[b.id()]; l.Entries != 0 || !l.Since.IsZero() {
			t.Fatalf("a peer that has caught up: %+v", l)
		}

		c.net.Partition(memnet.Closing, ids(a), ids(b))
		c.within(time.Minute, "the news of it", func() bool { return len(a.Lacks()) == 0 })
	})
}
