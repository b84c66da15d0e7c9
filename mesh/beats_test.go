package mesh

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

func TestFreshnessFollowsTheBeats(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		c.meshed()
		for range 30 {
			time.Sleep(777 * time.Millisecond)
			synctest.Wait()
			for _, n := range c.nodes {
				for _, other := range c.nodes {
					news := n.news(other)
					if age := time.Since(news.AsOf); age > 2*time.Second {
						t.Fatalf("news is %v old on a healthy mesh: %+v", age, news)
					}
				}
			}
		}
		if s := c.nodes[0].news(c.nodes[0]).State; s != Self {
			t.Fatalf("a node calls itself %q", s)
		}
	})
}

func TestFreshnessWaitsForTheEntries(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		b.log.edit(func() { b.log.refuse = func(entry) bool { return true } })
		a.log.write("day", "not taken")
		written := time.Now()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		n := b.news(a)
		if n.AsOf.After(written) || n.Covered {
			t.Fatalf("complete as of %v after an entry that is not held: %+v", n.AsOf.Sub(written), n)
		}
		if time.Since(n.LastHeard) > 3*time.Second || n.State != Connected {
			t.Fatalf("a node heard all the time shows as %+v", n)
		}
		b.log.edit(func() { b.log.refuse = nil })
		c.within(6*time.Minute, "the entry", c.all(1))
		c.within(3*time.Second, "fresh news", func() bool { return time.Since(b.news(a).AsOf) < 3*time.Second })
	})
}

func TestFreshnessOutlivesTheNodeAndOurRestart(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		c.meshed()
		a, b, gone := c.nodes[0], c.nodes[1], c.nodes[2]
		gone.log.write("day", "last words")
		c.within(time.Second, "the entry", c.all(1))
		time.Sleep(5 * time.Second)
		gone.stop()
		time.Sleep(time.Second) // its last words may be on their way
		synctest.Wait()
		asOf := a.news(gone).AsOf
		if asOf.IsZero() {
			t.Fatal("nothing known of a node that has just gone")
		}
		time.Sleep(time.Minute)
		b.stop()
		a.stop()
		a.start()
		if n := a.news(gone); !n.AsOf.Equal(asOf) || n.State != Silent || time.Since(n.LastHeard) < 50*time.Second {
			t.Fatalf("after a restart alone: %+v, want as of %v", n, asOf)
		}
		*b.beats = beatShelf{} // b forgot all it knew
		b.start()
		c.within(20*time.Second, "news from a third", func() bool { return b.news(gone).AsOf.Equal(asOf) })
		gone.start()
		c.within(20*time.Second, "news from the node", func() bool { return time.Since(b.news(gone).AsOf) < 3*time.Second })
	})
}

func TestAClockThatIsOffIsFlagged(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		a, b := c.nodes[0], c.nodes[1]
		b.log.edit(func() { b.log.clock = func() time.Time { return time.Now().Add(5 * time.Minute) } })
		c.meshed()
		n := a.news(b)
		if off := n.ClockOffset.Round(time.Second); off != 5*time.Minute || !n.Suspect {
			t.Fatalf("a clock five minutes ahead shows as %+v", n)
		}
		if n.AsOf.After(time.Now()) {
			t.Fatalf("complete as of the future: %v", n.AsOf)
		}
		if other := b.news(a); other.Suspect != false && other.ClockOffset != 0 {
			t.Fatalf("the clock that is right shows as %+v", other)
		}
	})
}

// A clock that was years ahead is put right while its node is off. What the
// node had said before tells nobody, who connects with it, that it still is.
func TestAFormerLifesBeatMeasuresNoClock(t *testing.T) {
	for name, off := range map[string]time.Duration{"ahead": 10 * 365 * 24 * time.Hour, "right": 0} {
		t.Run(name, func(t *testing.T) {
			inCampus(t, 2, nil, func(c *campus) {
				a, b := c.nodes[0], c.nodes[1]
				skew := off
				clock := func() time.Time { return time.Now().Add(skew) }
				b.tune = func(cfg *Config) { cfg.Clock = clock }
				b.stop()
				b.log.edit(func() { b.log.clock = clock })
				b.start()
				c.meshed()
				time.Sleep(10 * time.Second)
				if got := a.news(b).ClockOffset.Round(time.Second); got != off {
					t.Fatalf("its clock shows as %v off, want %v", got, off)
				}
				a.stop()
				b.stop()
				*a.beats = beatShelf{} // a hears b's old word as if it were new
				time.Sleep(42 * 24 * time.Hour)
				skew = 0
				a.start()
				b.start()
				b.dialSoon()
				heard := false
				for range 400 {
					time.Sleep(50 * time.Millisecond)
					n := a.news(b)
					heard = heard || n.Direct
					if n.ClockOffset.Abs() > time.Second {
						t.Fatalf("a clock that is right shows as %v off", n.ClockOffset)
					}
				}
				if !heard {
					t.Fatal("nothing was heard of the node")
				}
			})
		})
	}
}

func TestANodeRestoredFromAnOldCopyIsNoticed(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		c.meshed()
		a, b, old := c.nodes[0], c.nodes[1], c.nodes[2]
		old.log.write("day", "kept in the copy")
		c.within(time.Second, "the entry", c.all(1))
		time.Sleep(10 * time.Second)
		c.net.Partition(memnet.Closing, ids(a, b), ids(old))
		a.log.edit(func() { a.log.refuse = func(entry) bool { return true } })
		b.log.edit(func() { b.log.refuse = a.log.refuse })
		c.net.Heal()
		time.Sleep(20 * time.Second)
		from := time.Now()
		old.log.write("day", "lost, and nobody else took it")
		time.Sleep(10 * time.Second)
		to := time.Now()
		old.stop()
		fresh := newFakeLog(old.id())
		fresh.life = 1
		fresh.docs["day"] = map[string][][]byte{old.log.actor(): old.log.docs["day"][old.log.actor()][:1]}
		old.log, old.beats = fresh, &beatShelf{}
		old.start()
		c.within(20*time.Second, "the loss being noticed", func() bool {
			return a.news(old).Regressed != beat.Regressed{} && b.news(old).Regressed != beat.Regressed{}
		})
		r := a.news(old).Regressed
		if r.From.After(from) || r.From.Before(from.Add(-3*time.Second)) || r.To.Before(to.Add(-3*time.Second)) || r.To.After(to) {
			t.Fatalf("lost between %v and %v; the truth is within %v and %v", r.From, r.To, from, to)
		}
	})
}

func TestAClockPutBackDoesNotSilenceANode(t *testing.T) {
	var skew time.Duration
	clock := func(cfg *Config) {
		cfg.Clock = func() time.Time { return time.Now().Add(skew) }
	}
	inCampus(t, 2, clock, func(c *campus) {
		a, b := c.nodes[0], c.nodes[1]
		c.meshed()
		before, _, _ := a.table.Newest(b.id())
		b.stop()
		b.beats, b.tune = &beatShelf{}, func(cfg *Config) {
			cfg.Clock = func() time.Time { return time.Now().Add(-10 * 365 * 24 * time.Hour) }
		}
		b.start()
		c.within(20*time.Second, "the new life being heard", func() bool {
			beatOf, _, ok := a.table.Newest(b.id())
			return ok && b.Counts()["lives_restarted"] == 1 && beatOf.Incarnation.Compare(before.Incarnation) > 0
		})
	})
}

// Whoever goes while our clock is ahead is called silent when that has been put
// right, and not only when it comes to the same hour again.
func TestAClockPutRightCallsTheSilentSilent(t *testing.T) {
	var skew atomic.Int64
	inCampus(t, 2, nil, func(c *campus) {
		a, b := c.nodes[0], c.nodes[1]
		a.tune = func(cfg *Config) {
			cfg.Clock = func() time.Time { return time.Now().Add(time.Duration(skew.Load())) }
		}
		a.stop()
		a.start()
		c.meshed()
		skew.Store(int64(3 * time.Hour))
		time.Sleep(10 * time.Second)
		b.stop()
		time.Sleep(time.Second)
		skew.Store(0)
		time.Sleep(time.Minute)
		if n := a.news(b); n.State != Silent {
			t.Fatalf("a node that has been off for a minute is called %s", n.State)
		}
		b.start()
		c.within(20*time.Second, "the node being heard again", func() bool { return a.news(b).State == Connected })
	})
}

func TestANewcomerHearsOfTheGoneWithoutGossip(t *testing.T) {
	inCampus(t, 3, func(cfg *Config) { cfg.Gossip = nil }, func(c *campus) {
		c.meshed()
		a, b, gone := c.nodes[0], c.nodes[1], c.nodes[2]
		gone.stop()
		time.Sleep(time.Second) // its last words may be on their way
		synctest.Wait()
		asOf := a.news(gone).AsOf
		b.stop()
		*b.beats = beatShelf{}
		b.start()
		c.within(20*time.Second, "news from a third", func() bool { return b.news(gone).AsOf.Equal(asOf) })
	})
}

func TestABeatNeverOvertakesItsEntries(t *testing.T) {
	inCampus(t, 4, func(cfg *Config) { cfg.RepairEvery = time.Hour }, func(c *campus) {
		c.meshed()
		a := c.nodes[0]
		n := 0
		a.log.edit(func() {
			a.log.lag = 10 * time.Millisecond
			a.log.clock = func() time.Time { // an entry is written while the position is read
				n++
				a.log.write("day", "just now")
				return time.Now()
			}
		})
		before := c.nodes[1].Counts()["pulls"]
		time.Sleep(2 * time.Minute)
		a.log.edit(func() { a.log.clock = time.Now })
		time.Sleep(time.Second)
		synctest.Wait()
		if got := c.nodes[1].log.size(); n < 50 || got != n {
			t.Fatalf("%d entries of %d arrived", got, n)
		}
		if now := c.nodes[1].Counts()["pulls"]; now != before {
			t.Fatalf("%d pulls for entries that were on their way", now-before)
		}
	})
}

// recorder is a Gossip that keeps what it is given.
type recorder struct {
	mu   sync.Mutex
	sent [][]byte
}

func (*recorder) Join(...identity.NodeID) {}

func (r *recorder) Broadcast(_ string, payload []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, payload)
	return nil
}

func TestARelayTellsAgainOnceItHasTheEntries(t *testing.T) {
	var rec recorder
	inCampus(t, 2, func(cfg *Config) { cfg.Gossip = &rec }, func(c *campus) {
		b, absent := c.nodes[0], c.nodes[1]
		absent.stop()
		absent.log.write("day", "one")
		_, pos, _ := absent.log.Position()
		bt := beat.Beat{Node: absent.id(), Incarnation: beat.NewIncarnation(time.Now().Add(time.Minute)), N: 1, At: time.Now(), Position: pos}
		msg, err := bt.Message()
		if err != nil {
			t.Fatal(err)
		}
		bt.Sig = absent.key.Sign(beat.Domain, msg)
		rec.sent = nil
		b.HearGossip(append(idBytes(identity.NodeID{9}), beatFrame(bt, true, 0)[1:]...))
		if len(rec.sent) != 1 || rec.sent[0][16] != 0 {
			t.Fatalf("an uncovered beat was relayed as %x", rec.sent)
		}
		if err := b.put(t.Context(), absent.id(), absent.log.own, false); err != nil {
			t.Fatal(err)
		}
		if len(rec.sent) != 2 || rec.sent[1][16] != 1 {
			t.Fatalf("once covered, %d relays", len(rec.sent))
		}
	})
}

func TestForgedAndForeignBeatsAreDropped(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		stranger, err := identity.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		made := func(key *identity.Key, node identity.NodeID) []byte {
			bt := beat.Beat{
				Node: node, Incarnation: beat.NewIncarnation(time.Now().Add(time.Hour)), N: 1,
				At: time.Now(), Position: []byte("{}"),
			}
			msg, err := bt.Message()
			if err != nil {
				t.Fatal(err)
			}
			bt.Sig = key.Sign(beat.Domain, msg)
			return append(idBytes(b.id()), beatFrame(bt, true, 0)[1:]...)
		}
		before, _, _ := a.table.Newest(b.id())
		a.HearGossip(made(stranger, b.id()))
		a.HearGossip(made(stranger, stranger.ID()))
		a.HearGossip([]byte("short"))
		a.HearGossip(append(made(b.key, b.id()), 0))
		counts := a.Counts()
		for _, name := range []string{
			"dropped_beat_forged", "dropped_beat_stranger", "dropped_gossip_malformed", "dropped_beat_malformed",
		} {
			if counts[name] != 1 {
				t.Errorf("%s is %d, want 1", name, counts[name])
			}
		}
		if after, _, _ := a.table.Newest(b.id()); !after.Same(before) {
			t.Fatal("a beat that does not count took the place of one that does")
		}
		a.HearGossip(made(b.key, b.id()))
		if after, _, _ := a.table.Newest(b.id()); after.Same(before) {
			t.Fatal("a genuine beat was dropped too: the test proves nothing")
		}
	})
}

func TestWatchersAreCalledButNotTooOften(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		c.meshed()
		calls := 0
		stop := c.nodes[0].Watch(func() { calls++ })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if calls < 5 || calls > 51 {
			t.Fatalf("%d calls in ten seconds", calls)
		}
		stop()
		was := calls
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if calls != was {
			t.Fatal("called after stop")
		}
	})
}

func idBytes(id identity.NodeID) []byte { return id[:] }
