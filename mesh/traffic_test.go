package mesh

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestIdleTrafficIsWhatTheDesignSays counts a quiet minute; DESIGN.md quotes
// the numbers.
func TestIdleTrafficIsWhatTheDesignSays(t *testing.T) {
	for _, n := range []int{5, 10} {
		inCampus(t, n, func(cfg *Config) { cfg.Gossip = nil }, func(c *campus) {
			c.meshed()
			time.Sleep(20 * time.Second)
			synctest.Wait()
			before := c.nodes[1].Counts()
			time.Sleep(time.Minute)
			synctest.Wait()
			after := c.nodes[1].Counts()
			grown := func(name string) int { return int(after[name] - before[name]) }
			t.Logf("%d nodes, one node, a quiet minute: %d beats sent, %d heard, %d pulls, %d bytes out, %d in",
				n, grown("beats_sent"), grown("beats_heard"), grown("pulls"), grown("bytes_out"), grown("bytes_in"))
			if got, want := grown("beats_sent"), 30*(n-1); got < want-n || got > want+n {
				t.Errorf("%d beats sent in a minute, want about %d", got, want)
			}
			if got := grown("pulls"); got < 3 || got > 12 {
				t.Errorf("%d pulls in a quiet minute", got)
			}
			if perBeat := grown("bytes_out") / (30 * (n - 1)); perBeat > 250 {
				t.Errorf("%d bytes out per beat sent", perBeat)
			}
		})
	}
}
