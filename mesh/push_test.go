package mesh

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/memnet"
)

func TestPushReachesAllAtOnce(t *testing.T) {
	inCampus(t, 4, nil, func(c *campus) {
		c.meshed()
		pulls := c.nodes[1].Counts()["pulls"]
		for i := range 100 {
			c.nodes[i%4].log.write("day", fmt.Sprint(i))
		}
		if took := c.within(time.Second, "100 entries on 4 nodes", c.all(100)); took != 0 {
			t.Fatalf("a push took %v on a network without delay", took)
		}
		if now := c.nodes[1].Counts()["pulls"]; now != pulls {
			t.Fatalf("%d pulls were needed", now-pulls)
		}
	})
}

func TestAStuckPeerDelaysNobody(t *testing.T) {
	small := func(cfg *Config) { cfg.QueueLimit = 64 << 10 }
	inCampus(t, 3, small, func(c *campus) {
		c.meshed()
		stuck := c.nodes[2]
		hold := make(chan struct{})
		stuck.log.edit(func() { stuck.log.hold = hold })
		want := 0
		for range 40 {
			for range 20 {
				c.nodes[0].log.write("day", strings.Repeat("x", 1000))
				want++
			}
			if took := c.within(time.Second, "the healthy peer", func() bool { return c.nodes[1].log.size() == want }); took != 0 {
				t.Fatalf("a stuck peer delayed another by %v", took)
			}
			time.Sleep(time.Second)
		}
		if stuck.log.size() == want {
			t.Fatal("the stuck peer was not stuck")
		}
		if c.nodes[0].Counts()["queue_overflows"] == 0 {
			t.Fatal("the queue of a stuck peer never overflowed")
		}
		stuck.log.edit(func() { stuck.log.hold = nil })
		close(hold)
		c.within(30*time.Second, "the stuck peer's repair", c.all(want))
	})
}

func TestOverflowLeadsToRepairAtOnce(t *testing.T) {
	small := func(cfg *Config) {
		cfg.QueueLimit = 4 << 10
		cfg.RepairEvery = time.Hour // nothing but the overflow may start it
		cfg.BeatEvery = 10 * time.Minute
	}
	inCampus(t, 2, small, func(c *campus) {
		c.meshed()
		for range 50 {
			c.nodes[0].log.write("day", strings.Repeat("x", 3000))
		}
		c.within(15*time.Second, "repair", c.all(50))
		if c.nodes[0].Counts()["queue_overflows"] == 0 {
			t.Fatal("the queue never overflowed")
		}
		if c.nodes[1].Counts()["repairs_asked"] == 0 {
			t.Fatal("the peer was not told to repair")
		}
	})
}

func TestALostPushIsFoundByItsGap(t *testing.T) {
	slow := func(cfg *Config) { cfg.RepairEvery, cfg.BeatEvery = time.Hour, 10*time.Minute }
	inCampus(t, 2, slow, func(c *campus) {
		c.meshed()
		to := c.nodes[1].log
		to.edit(func() { to.refuse = func(e entry) bool { return e.Seq == 1 } })
		c.nodes[0].log.write("day", "lost on the way")
		c.within(time.Second, "the first push", func() bool { return to.received() > 0 })
		to.edit(func() { to.refuse = nil })
		c.nodes[0].log.write("day", "after the gap")
		if took := c.within(time.Second, "both entries", c.all(2)); took != 0 {
			t.Fatalf("the gap was closed after %v", took)
		}
	})
}

func TestWhatABrokenPushLostIsRepaired(t *testing.T) {
	slow := func(cfg *Config) { cfg.RepairEvery, cfg.BeatEvery = time.Hour, 10*time.Minute }
	inCampus(t, 2, slow, func(c *campus) {
		c.meshed()
		to := c.nodes[1].log
		to.edit(func() { to.failing = errors.New("disk is full") })
		c.nodes[0].log.write("day", "lost with the stream")
		c.within(time.Second, "the failure", func() bool { return c.nodes[1].Counts()["put_errors"] > 0 })
		to.edit(func() { to.failing = nil })
		c.nodes[0].log.write("other", "finds the stream broken")
		c.within(30*time.Second, "both entries", c.all(2))
	})
}

func TestAFlappingLinkLosesNothing(t *testing.T) {
	for _, mode := range []memnet.Mode{memnet.Closing, memnet.BlackHole} {
		inCampus(t, 2, nil, func(c *campus) {
			c.meshed()
			stop := c.net.Flap(mode, c.nodes[0].id(), c.nodes[1].id(), 3*time.Second)
			for i := range 120 {
				c.nodes[i%2].log.write("day", fmt.Sprint(i))
				time.Sleep(500 * time.Millisecond)
			}
			stop()
			c.net.Heal()
			c.within(45*time.Second, "agreement after flapping", c.all(120))
		})
	}
}
