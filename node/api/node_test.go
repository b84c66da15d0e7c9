package api

import (
	"testing"
	"time"

	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/beat"
)

func TestStandingOfADeadPeer(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		state mesh.State
		heard time.Duration // ago; negative: never
		want  State
	}{
		{mesh.Connected, -1, Connected}, // has just joined
		{mesh.Connected, 0, Connected},
		{mesh.Connected, quiet, Connected},
		{mesh.Connected, quiet + time.Second, Silent}, // its connection has not been given up yet
		{mesh.ReachableVia, 3 * time.Second, Via},
		{mesh.Silent, time.Minute, Silent},
		{mesh.Silent, -1, Never},
	} {
		x := mesh.NodeNews{State: c.state}
		if c.heard >= 0 {
			x.News = beat.News{LastHeard: now.Add(-c.heard)}
		}
		if got := standing(x, now); got != c.want {
			t.Errorf("%s, heard %v ago: %s, want %s", c.state, c.heard, got, c.want)
		}
	}
}
