package node

import (
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/node/visits"
)

func TestAClockAloneDoesNotDestroy(t *testing.T) {
	for _, c := range []struct {
		name   string
		word   word
		credit time.Duration
		want   record.Day
	}{
		{"no credit, nobody to ask", nobody, 0, 100},
		{"half a day of running", nobody, 12 * time.Hour, 100},
		{"two days of running", nobody, 48 * time.Hour, 102},
		{"others are silent", silence, 48 * time.Hour, 102},
		{"all others deny it", denied, 48 * time.Hour, 100},
		{"another clock agrees on a leap of decades", borneOut, 12 * time.Hour, 100},
		{"and on it after two days of running", borneOut, 48 * time.Hour, 102},
	} {
		if got, _ := dropUpTo(100, 27000, c.word, c.credit); got != c.want {
			t.Errorf("%s: dropped up to %d, want %d", c.name, got, c.want)
		}
	}
	if got, cost := dropUpTo(100, 100+longLeap, borneOut, 0); got != 100+longLeap || cost != 0 {
		t.Errorf("after half a year: dropped up to %d at %v", got, cost)
	}
	if got, cost := dropUpTo(100, 101, nobody, 48*time.Hour); got != 101 || cost != 24*time.Hour {
		t.Errorf("dropped up to %d at %v", got, cost)
	}
	if got, cost := dropUpTo(100, 100+visits.Retention, silence, 48*time.Hour); got != 100 || cost != 0 {
		t.Errorf("cut off for less than the retention: dropped up to %d at %v", got, cost)
	}
}

func TestWhoBearsOutAClock(t *testing.T) {
	now := time.Now()
	ok := beat.News{Direct: true, LastHeard: now.Add(-3 * time.Second), ClockOffset: 2 * time.Second}
	late, far, old, future, relayed := ok, ok, ok, ok, ok
	future.LastHeard = now.AddDate(73, 0, 0)
	late.ClockOffset, late.Suspect = 5*time.Minute, true
	far.ClockOffset = 40 * 24 * time.Hour
	old.LastHeard = now.Add(-time.Hour)
	relayed.Direct = false
	self := mesh.NodeNews{News: ok, State: mesh.Self}
	for name, c := range map[string]struct {
		news []mesh.NodeNews
		want word
	}{
		"a neighbour":                  {[]mesh.NodeNews{self, {News: ok}}, borneOut},
		"a neighbour a little late":    {[]mesh.NodeNews{{News: late}}, borneOut},
		"two far off, one right":       {[]mesh.NodeNews{{News: far}, {News: far}, {News: ok}}, denied},
		"a clock far off":              {[]mesh.NodeNews{{News: far}}, denied},
		"one far off, one right":       {[]mesh.NodeNews{{News: far}, {News: ok}}, borneOut},
		"from before the clock jumped": {[]mesh.NodeNews{{News: future}}, silence},
		"one far off, one silent":      {[]mesh.NodeNews{{News: far}, {News: old}}, denied},
		"news from long ago":           {[]mesh.NodeNews{{News: old}}, silence},
		"news by way of a third":       {[]mesh.NodeNews{self, {News: relayed}}, silence},
		"the node itself":              {[]mesh.NodeNews{self}, nobody},
		"only a node that was revoked": {[]mesh.NodeNews{self, {News: ok, State: mesh.Revoked}}, nobody},
	} {
		if got := wordOf(c.news, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
