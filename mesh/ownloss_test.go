package mesh

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

// copyOf is what a log and a shelf of beats hold now.
func (n *testNode) copyOf() (putBack func()) {
	n.log.mu.Lock()
	defer n.log.mu.Unlock()
	docs := map[string]map[string][][]byte{}
	for doc, actors := range n.log.docs {
		docs[doc] = maps.Clone(actors)
	}
	own := slices.Clone(n.log.own)
	beats, _ := n.beats.LoadBeats()
	return func() {
		n.log.edit(func() { n.log.docs, n.log.own = docs, own; n.log.life++ })
		n.beats.beats = beats
	}
}

// losing is a campus whose node 0 is copied, writes, tells, and is put back to
// the copy; it is off then. Who is among deaf hears its beats and takes none of
// what it wrote last.
func losing(t *testing.T, n int, deaf []int, fn func(c *campus, copied time.Time)) {
	t.Helper()
	inCampus(t, n, nil, func(c *campus) {
		c.meshed()
		east := c.nodes[0]
		east.log.write("day", "before")
		c.within(10*time.Second, "the first entry is everywhere", c.all(1))
		time.Sleep(time.Minute) // beats are kept
		putBack, copied := east.copyOf(), time.Now()
		time.Sleep(time.Minute)
		for _, i := range deaf {
			c.nodes[i].log.edit(func() { c.nodes[i].log.refuse = func(e entry) bool { return e.Body == "lost" } })
		}
		east.log.write("day", "lost")
		time.Sleep(10 * time.Second)
		east.stop()
		putBack()
		fn(c, copied)
	})
}

func (n *testNode) behindSince(copied time.Time) bool {
	own := n.news(n)
	return !own.Covered && !own.AsOf.After(copied) && own.AsOf.After(copied.Add(-saveEvery-time.Second)) && !own.Regressed.To.IsZero()
}

func (n *testNode) complete() bool {
	own := n.news(n)
	return own.Covered && time.Since(own.AsOf) < time.Second
}

// A node that was put back to an old copy does not call itself complete from the
// moment on at which others tell it what it had said, until it has it again.
func TestANodePutBackKnowsThatItLacksItsOwn(t *testing.T) {
	losing(t, 3, nil, func(c *campus, copied time.Time) {
		east, hold := c.nodes[0], make(chan struct{})
		east.log.edit(func() { east.log.hold = hold })
		east.start()
		c.within(20*time.Second, "the node says that it lacks its own", func() bool { return east.behindSince(copied) })
		time.Sleep(time.Minute)
		if !east.behindSince(copied) {
			t.Fatalf("it has nothing yet and says %+v", east.news(east))
		}
		east.stop()
		east.start()
		if !east.behindSince(copied) {
			t.Fatalf("it has forgotten over a restart: %+v", east.news(east))
		}
		east.log.edit(func() { east.log.hold = nil })
		close(hold)
		c.within(20*time.Second, "complete again", east.complete)
		if own := east.news(east); !own.Regressed.To.IsZero() {
			t.Fatalf("it has all again, and says that it lost %+v", own.Regressed)
		}
	})
}

// Who holds the entries may be cut off while others remember the beat alone.
func TestALossOfOnesOwnLastsUntilTheHolderIsBack(t *testing.T) {
	losing(t, 3, []int{1}, func(c *campus, copied time.Time) {
		east, holder := c.nodes[0], c.nodes[2]
		holder.stop()
		east.start()
		c.within(20*time.Second, "the node says that it lacks its own", func() bool { return east.behindSince(copied) })
		time.Sleep(10 * time.Minute)
		if !east.behindSince(copied) {
			t.Fatalf("the holder is off, and the node says %+v", east.news(east))
		}
		holder.start()
		c.within(30*time.Second, "complete again", func() bool { return east.complete() && east.log.size() == 2 })
	})
}

// What no member has is lost: then the node goes on, and says which hours are
// missing, also after a restart, as the others do.
func TestWhatNobodyHasIsLost(t *testing.T) {
	losing(t, 3, []int{1, 2}, func(c *campus, copied time.Time) {
		east, other := c.nodes[0], c.nodes[1]
		east.start()
		c.within(time.Minute, "everyone has been asked", func() bool { return east.complete() && !east.news(east).Regressed.To.IsZero() })
		time.Sleep(5 * time.Second)
		said, heard := east.news(east).Regressed, other.news(east).Regressed
		if said.To.IsZero() || !said.To.Equal(heard.To) || said.From.After(copied) || said.From.IsZero() {
			t.Fatalf("it says that it lost %+v, others %+v", said, heard)
		}
		east.stop()
		other.stop()
		east.start()
		time.Sleep(time.Minute)
		if got := east.news(east).Regressed; got != said || !east.complete() {
			t.Fatalf("after a restart: lost %+v, not %+v", got, said)
		}
	})
}

// A node that is started again has all that it said, and never calls itself
// less than complete.
func TestANodeStartedAgainLacksNothing(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		a.log.write("day", "one")
		c.within(10*time.Second, "the entry is everywhere", c.all(1))
		for range 3 {
			time.Sleep(time.Minute)
			a.stop()
			a.log.edit(func() { a.log.life++ })
			b.log.write("day", "meanwhile")
			a.start()
			a.log.write("day", "again")
			for range 200 {
				if own := a.news(a); !a.complete() || !own.Regressed.To.IsZero() {
					t.Fatalf("it says of itself %+v", own)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
	})
}

// Who has heard of the new life before it meets the node tells it all the same
// what it had said.
func TestANodeIsToldWhatItLostByWhoKnowsItsNewLife(t *testing.T) {
	losing(t, 3, []int{2}, func(c *campus, copied time.Time) {
		east, relay, far := c.nodes[0], c.nodes[1], c.nodes[2]
		relay.stop()
		again := east.beatOf(beat.NewIncarnation(time.Now()), 1, time.Now())
		if err := far.hear(beatFrame(again, false, 0)[1:], relay.id(), true); err != nil {
			t.Fatal(err)
		}
		if far.news(east).Regressed.To.IsZero() {
			t.Fatal("the new life is not taken for a loss: the test proves nothing")
		}
		for range 2 {
			far.stop()
			far.start() // what was lost outlives a restart
			if b, _, _ := far.table.Newest(east.id()); !b.Same(again) {
				t.Fatal("the new life is not what it knows: the test proves nothing")
			}
		}
		east.start()
		c.within(20*time.Second, "the node says that it lacks its own", func() bool { return east.behindSince(copied) })
	})
}

// A member that never comes back, and is not revoked, does not keep a door in
// doubt for ever.
func TestAnOwnLossIsNotWaitedForWithoutEnd(t *testing.T) {
	var o ownLosses
	heard := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	b := beat.Beat{Incarnation: beat.NewIncarnation(heard.Add(-time.Hour)), N: 1, At: heard.Add(-time.Minute)}
	o.hear(b, heard)
	var again ownLosses // over a restart
	again.restore(o.keep()[0])
	lost := func(at time.Time) bool {
		again.judge([]identity.NodeID{{1}}, at, func(*ownLoss) bool { return false })
		n := beat.News{AsOf: at, Covered: true}
		again.tell(&n)
		if n.Regressed.To.IsZero() {
			t.Fatal("the loss is not told")
		}
		return n.Covered
	}
	if lost(heard.Add(waitOwn)) || !lost(heard.Add(waitOwn+time.Second)) {
		t.Fatal("it is not waited for as long as it should be")
	}
}
