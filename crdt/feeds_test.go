package crdt

import (
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// What feeds staff in is known after a restart and at other nodes, and forgotten
// with its day.
func TestFeedsAreKnownEverywhere(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.write(t, record.Event{Kind: record.Fed, Feed: "Access", Quiet: 60, Since: record.HLCOf(c.clock()), Place: record.Place{Site: "North"}})
	pull(t, b, a)
	b.crash(t)
	for _, m := range []*member{a, b} {
		f := m.Feeds()
		if len(f) != 1 || f[0].Name != "Access" || f[0].Quiet != time.Hour || f[0].Heard != record.HLCOf(c.clock()) {
			t.Fatalf("%s: %+v", m.name, f)
		}
	}
	c.advance(31 * dayLong)
	b.dropBefore(t, c.today()-30)
	if f := b.Feeds(); len(f) != 0 {
		t.Errorf("known for ever: %+v", f)
	}
}
