package mesh

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

var cloneNode = identity.NodeID{7}

// Two machines' lives alternate; those of one follow one another, however
// often it restarts.
func TestClonesAlternate(t *testing.T) {
	start := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	says := func(c *clones, inc beat.Incarnation, n uint64, at time.Time) {
		c.see(beat.Beat{Node: cloneNode, Incarnation: inc, N: n, At: at}, at)
	}
	var c clones
	now := start
	for range 20 { // a node that restarts again and again, some beats late or twice
		inc := beat.NewIncarnation(now)
		for n := range uint64(3) {
			now = now.Add(2 * time.Second)
			says(&c, inc, n+1, now)
			says(&c, inc, n, now)
		}
	}
	if c.heard(cloneNode, now) {
		t.Fatal("a node that restarts is called cloned")
	}
	a, b := beat.NewIncarnation(now), beat.NewIncarnation(now.Add(time.Second))
	for n := range uint64(4) {
		now = now.Add(2 * time.Second)
		says(&c, a, n+1, now)
		says(&c, b, n+1, now)
	}
	if !c.heard(cloneNode, now) {
		t.Fatal("two machines are not noticed")
	}
	news := beat.News{Node: cloneNode, AsOf: now}
	c.temper(&news, true)
	later := beat.News{Node: cloneNode, AsOf: now.Add(time.Minute)}
	c.temper(&later, true)
	if !later.AsOf.Equal(news.AsOf) {
		t.Error("freshness goes on while two machines run")
	}
	self := beat.News{Node: identity.NodeID{8}, AsOf: now} // of which no beats are seen here
	c.temper(&self, true)
	self.AsOf = now.Add(time.Minute)
	if c.temper(&self, true); !self.AsOf.Equal(now) {
		t.Error("a node's own freshness goes on while it runs twice")
	}
	for n := range uint64(80) { // one was stopped
		now = now.Add(2 * time.Second)
		says(&c, b, n+5, now)
	}
	if c.heard(cloneNode, now) {
		t.Error("called cloned for ever")
	}
}

// A node takes beats with its key for another machine's when their time goes
// on, not when they are its own past told late.
func TestForeignBeats(t *testing.T) {
	const every = 2 * time.Second
	now := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	var past, other foreign
	for i := range 10 {
		at := now.Add(time.Duration(i) * every)
		if past.other(beat.Beat{At: now.Add(time.Duration(i) * time.Millisecond)}, at, every) {
			t.Fatal("the past is called another machine")
		}
		if got := other.other(beat.Beat{At: at}, at, every); got != (i >= 3) {
			t.Fatalf("beat %d: another machine: %v", i, got)
		}
	}
}

// Where each of two machines has other peers, a node that meets only one of
// them learns of the other from those who hear it. A past life that is handed
// on late, or told again, is no other machine.
func TestACopyIsNoticedThroughOthers(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		c.meshed()
		at, relay, twice := c.nodes[0], c.nodes[1], c.nodes[2]
		twice.stop()
		start := time.Now()
		says := func(inc beat.Incarnation, n uint64, when time.Time, direct bool, age time.Duration) {
			from := relay.id()
			if direct {
				from = twice.id()
			}
			if err := at.hear(beatFrame(twice.beatOf(inc, n, when), false, age)[1:], from, direct); err != nil {
				t.Fatal(err)
			}
		}
		old := beat.NewIncarnation(start.Add(time.Second))
		again := beat.NewIncarnation(start.Add(2 * time.Second))
		late := beat.NewIncarnation(start.Add(3 * time.Second))
		for n := range uint64(8) { // one restarted; what relays held of its past life comes late
			says(again, n+1, time.Now(), true, 0)
			says(old, n+1, start.Add(-time.Minute), false, 0)
			says(late, n+1, time.Now(), false, time.Minute)
		}
		if at.Cloned(twice.id()) {
			t.Fatal("a past life told late is called another machine")
		}
		later := beat.NewIncarnation(start.Add(4 * time.Second))
		for n := range uint64(4) {
			says(again, n+9, time.Now(), true, 0)
			says(later, n+1, time.Now(), false, time.Millisecond)
		}
		if !at.Cloned(twice.id()) {
			t.Fatal("a copy that only others meet is not noticed")
		}
	})
}

// A machine that hears nothing of its double stays in its life, below that of
// the other: what it says is never the newest. Who meets both hands it on, so
// that who meets one or neither notices too.
func TestACopyInAnEarlierLifeIsToldOf(t *testing.T) {
	for _, meets := range []string{"the later", "neither"} {
		t.Run(meets, func(t *testing.T) {
			inCampus(t, 3, nil, func(c *campus) {
				c.meshed()
				at, both, twice := c.nodes[0], c.nodes[1], c.nodes[2]
				twice.stop()
				says := func(to *testNode, inc beat.Incarnation, n uint64) {
					if err := to.hear(beatFrame(twice.beatOf(inc, n, time.Now()), false, 0)[1:], twice.id(), true); err != nil {
						t.Fatal(err)
					}
				}
				below := beat.NewIncarnation(time.Now().Add(time.Second))
				above := beat.NewIncarnation(time.Now().Add(2 * time.Second))
				for n := range uint64(10) {
					time.Sleep(2 * time.Second)
					says(both, below, n+1)
					says(both, above, n+1)
					if meets == "the later" {
						says(at, above, n+1)
					}
				}
				if !both.Cloned(twice.id()) {
					t.Error("who meets both does not notice")
				}
				if !at.Cloned(twice.id()) {
					t.Error("who does not meet both is not told")
				}
			})
		})
	}
}

// beatOf is a beat as this node's key signs it.
func (n *testNode) beatOf(inc beat.Incarnation, no uint64, at time.Time) beat.Beat {
	n.c.t.Helper()
	b := beat.Beat{Node: n.id(), Incarnation: inc, N: no, At: at, Position: []byte("{}")}
	msg, err := b.Message()
	if err != nil {
		n.c.t.Fatal(err)
	}
	b.Sig = n.key.Sign(beat.Domain, msg)
	return b
}

// That two machines ran with one key is said for minutes, of running time: not for
// as long as a clock was ahead that has been put right since.
func TestACopyIsForgottenWhateverTheClockDoes(t *testing.T) {
	var ahead atomic.Int64
	ahead.Store(int64(26 * time.Hour))
	tune := func(cfg *Config) { cfg.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } }
	inCampus(t, 2, tune, func(c *campus) {
		c.meshed()
		at, twice := c.nodes[0], c.nodes[1]
		twice.stop()
		for _, cloned := range []*testNode{twice, at} { // another node, and itself
			first := beat.NewIncarnation(at.cfg.Clock().Add(-time.Hour))
			second := beat.NewIncarnation(at.cfg.Clock().Add(-time.Minute))
			for n := range uint64(12) {
				time.Sleep(2 * time.Second)
				for _, inc := range []beat.Incarnation{first, second} {
					if err := at.hear(beatFrame(cloned.beatOf(inc, n+1, at.cfg.Clock()), false, 0)[1:], twice.id(), true); err != nil {
						t.Fatal(err)
					}
				}
			}
			if !at.Cloned(cloned.id()) {
				t.Fatal("the copy is not noticed")
			}
		}
		ahead.Store(0)
		time.Sleep(cloneStands + time.Second)
		if at.Cloned(twice.id()) || at.Cloned(at.id()) {
			t.Error("a copy that is gone is told of for as long as the clock was ahead")
		}
	})
}
