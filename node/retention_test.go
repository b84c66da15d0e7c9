package node

import (
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/beat"
)

func TestAClockAloneDoesNotDestroy(t *testing.T) {
	for _, c := range []struct {
		name    string
		bornOut bool
		credit  time.Duration
		want    record.Day
	}{
		{"no credit, nobody to ask", false, 0, 100},
		{"half a day of running", false, 12 * time.Hour, 100},
		{"two days of running", false, 48 * time.Hour, 102},
		{"another clock agrees", true, 0, 27000},
	} {
		if got, _ := dropUpTo(100, 27000, c.bornOut, c.credit); got != c.want {
			t.Errorf("%s: dropped up to %d, want %d", c.name, got, c.want)
		}
	}
	if got, cost := dropUpTo(100, 101, false, 48*time.Hour); got != 101 || cost != 24*time.Hour {
		t.Errorf("dropped up to %d at %v", got, cost)
	}
}

func TestWhoBearsOutAClock(t *testing.T) {
	now := time.Now()
	ok := beat.News{Direct: true, LastHeard: now.Add(-3 * time.Second), ClockOffset: 2 * time.Second}
	far, old, self := ok, ok, ok
	far.ClockOffset = 70 * 365 * 24 * time.Hour
	old.LastHeard = now.Add(-time.Hour)
	for name, c := range map[string]struct {
		news mesh.NodeNews
		want bool
	}{
		"a neighbour":        {mesh.NodeNews{News: ok}, true},
		"a clock far off":    {mesh.NodeNews{News: far}, false},
		"news from long ago": {mesh.NodeNews{News: old}, false},
		"the node itself":    {mesh.NodeNews{News: self, State: mesh.Self}, false},
	} {
		if got := bornOut([]mesh.NodeNews{c.news}, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
