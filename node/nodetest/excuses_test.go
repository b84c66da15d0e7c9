package nodetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/visits"
)

// inCampus does something in a campus of four.
func inCampus(t *testing.T, do func(*Campus, []*House)) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 4)
		time.Sleep(2 * repairEvery)
		do(c, c.Houses)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What was refused for want of room has not been written: nobody is excused for
// not having it, or for having it.
func TestARefusalIsNoDeparture(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		v, err := c.arrive(h[1])
		must(t, err)
		_, err = c.diskFull(Step{A: 1})
		must(t, err)
		time.Sleep(2 * time.Second)
		did, err := c.leave(h[1], v, 0)
		must(t, err)
		if _, err := c.arrive(h[1]); err != nil {
			t.Error(err)
		}
		if v.gone() || len(c.truth.tried) > 0 {
			t.Errorf("%s: gone: %v, tried: %v", did, v.gone(), c.truth.tried)
		}
		h[1].room()
	})
}

// A node may say that it has no keys before it has had any, and not after.
func TestKeysAreMissingOnlyBeforeTheyCome(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		must(t, c.Check())
		err := error(&visits.Problem{Key: "keys.missing"})
		if c.excused(h[1], err) == nil {
			t.Error("an entrance that has had keys is excused for having none")
		}
		if h[1].couldSeal = false; c.excused(h[1], err) != nil {
			t.Error("one that has never had any is not")
		}
		if c.excused(h[1], &visits.Problem{Key: "store.broken"}) == nil {
			t.Error("a disk that works is excused for having failed")
		}
	})
}

// What a node that was stopped in good order has on its disk is not lost, and
// what it has in its memory when the power goes may be.
func TestAStoppedNodeKeepsWhatItHas(t *testing.T) {
	for _, inOrder := range []bool{true, false} {
		inCampus(t, func(c *Campus, h []*House) {
			c.Net.Partition(memnet.Closing, []identity.NodeID{h[0].ID, h[2].ID}, []identity.NodeID{h[1].ID, h[3].ID})
			must(t, h[1].backUp(h[1].dir+".copy", 1, 0))
			time.Sleep(time.Millisecond)
			v, err := c.arrive(h[1])
			must(t, err)
			time.Sleep(2 * repairEvery)
			if inOrder {
				must(t, c.stop(h[3]))
			} else {
				h[3].cut(0, 1, func() {})
			}
			must(t, c.toCopy(h[1], 1, false))
			if v.arrived.shaky != !inOrder {
				t.Errorf("stopped in good order: %v, may be lost: %v", inOrder, v.arrived.shaky)
			}
			must(t, c.Heal())
			if _, err := c.Settle(); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a revoked node alone holds of one that was put back, nobody gets from it.
func TestWhatOnlyARevokedNodeHoldsMayBeLost(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the race detector sees the like in TestPromises")
	}
	for _, revokedFirst := range []bool{true, false} {
		for _, heldToo := range []bool{true, false} {
			inCampus(t, func(c *Campus, h []*House) {
				with, without := []identity.NodeID{h[1].ID, h[3].ID}, []identity.NodeID{h[0].ID, h[2].ID}
				if heldToo {
					with, without = append(with, h[2].ID), without[:1]
				}
				c.Net.Partition(memnet.Closing, with, without)
				must(t, h[1].backUp(h[1].dir+".copy", 1, 0))
				time.Sleep(time.Millisecond)
				v, err := c.arrive(h[1])
				must(t, err)
				time.Sleep(2 * repairEvery)
				revoke := func() {
					_, err := c.revoke(Step{A: 2})
					must(t, err)
				}
				if revokedFirst {
					revoke()
				}
				must(t, c.toCopy(h[1], 1, false))
				if !revokedFirst {
					revoke()
				}
				if !h[3].revoked || v.arrived.shaky == heldToo {
					t.Errorf("revoked first: %v, a member holds it: %v, may be lost: %v", revokedFirst, heldToo, v.arrived.shaky)
				}
				must(t, c.Heal())
				if _, err := c.Settle(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// After a closure longer than keys are made ahead, who comes in before a desk has
// made others is sealed to one that is past; not who comes in later.
func TestOnlyPastKeysAreKnownForAMoment(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		if onlyPastKeys(h[1].now()) {
			t.Error("a new campus knows past keys alone")
		}
		desks := c.desks()
		for _, d := range desks {
			must(t, c.stop(d))
		}
		h = c.on()
		for range 2 {
			_, err := c.closeDown(Step{X: 1025}) // nine weeks
			must(t, err)
		}
		first, err := c.arrive(h[1])
		must(t, err)
		for _, d := range desks {
			must(t, c.startHouse(d))
		}
		time.Sleep(2 * time.Minute)
		second, err := c.arrive(h[1])
		must(t, err)
		if first == nil || !first.unsealed || second == nil || second.unsealed {
			t.Errorf("to a key that is past, first: %v, and later: %v", first == nil || first.unsealed, second == nil || second.unsealed)
		}
	})
}

// Of a node that was put back acts may be missing or there twice, and not altered.
func TestNothingExcusesAnAlteredAct(t *testing.T) {
	back := &House{back: 1}
	for kind, want := range map[audit.Kind]bool{audit.Missing: true, audit.Forked: true, audit.Altered: false, audit.Reordered: false} {
		if isTrue(audit.Fault{Kind: kind, N: 2}, back) != want {
			t.Errorf("%s of a node that was put back: want %v", kind, want)
		}
		if isTrue(audit.Fault{Kind: kind, N: 2}, &House{}) {
			t.Errorf("%s of a node that never was is let pass", kind)
		}
	}
}

// Who was added is held to be on the list until somebody says otherwise.
func TestWhoWasAddedIsWatched(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		_, err := c.alarm(Step{A: 0})
		must(t, err)
		_, err = c.add(Step{A: 0, X: 1})
		must(t, err)
		must(t, c.Check())
		_, err = h[0].Node().Visits().CheckOut(context.Background(), c.truth.added[0].id.String(), "kiosk")
		must(t, err)
		if c.Check() == nil {
			t.Error("who was added is gone from the list, and nobody ever said so")
		}
	})
}

// While the whole campus is evacuated, nothing that is said of anybody is refused
// for not being covered.
func TestAnAlarmCoversAll(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		_, err := c.alarm(Step{A: 0})
		must(t, err)
		whole, _ := h[0].Node().Alarm().Running("")
		if c.refused(h[0], alarm.ErrNotCovered, uncovered(whole)) == nil {
			t.Error("a mark is let be refused in an evacuation of all")
		}
		if err := c.refused(h[0], alarm.ErrNotCovered, uncovered(record.Evacuation{Starts: []record.Start{{Site: "North"}}})); err != nil {
			t.Error(err)
		}
	})
}

// A heal that puts an end to delays lets arrivals be timed again.
func TestAHealEndsDelays(t *testing.T) {
	inCampus(t, func(c *Campus, _ []*House) {
		_, err := c.delay(Step{X: 1<<40 | 500})
		must(t, err)
		for _, x := range []uint64{1, 0} {
			if _, err := c.heal(Step{X: x}); err != nil || c.slow != (x == 1) {
				t.Errorf("slow: %v after a heal that leaves delays: %v, %v", c.slow, x == 1, err)
			}
		}
	})
}

// A closure in which nothing is dropped leaves no doubt about who has gone.
func TestAShortClosureLeavesNoDoubt(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		v, err := c.arrive(h[1])
		must(t, err)
		time.Sleep(time.Minute)
		must(t, c.stop(h[3]))
		_, err = c.leave(h[1], v, 0)
		must(t, err)
		h[3].offAt = v.arrived.at
		if c.doubts(14 * 24 * time.Hour); v.doubt {
			t.Error("two weeks leave a doubt")
		}
		if c.doubts(35 * 24 * time.Hour); !v.doubt {
			t.Error("five weeks leave none")
		}
	})
}

// Who was cut off before it went, and not healed since, heard of a visit no later
// than that.
func TestWhoWasCutOffMetNobodySince(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the race detector sees the like in TestPromises")
	}
	inCampus(t, func(c *Campus, h []*House) {
		whole := time.Now()
		c.fallApart(memnet.Closing, []identity.NodeID{h[3].ID})
		time.Sleep(time.Hour)
		must(t, c.stop(h[3]))
		if got := c.met(h[3]); !got.Equal(whole) {
			t.Errorf("it met the others until %v, want %v", got, whole)
		}
		c.whole()
		must(t, c.startHouse(h[3]))
		time.Sleep(time.Hour)
		must(t, c.stop(h[3]))
		if got := c.met(h[3]); !got.Equal(h[3].offAt) {
			t.Errorf("it met the others until %v, want %v", got, h[3].offAt)
		}
	})
}

// Who is on the list and was told of nowhere has been invented, also where an
// arrival was tried that may be on record.
func TestWhoWasNeverToldOfIsInvented(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		got, err := h[1].Node().Visits().CheckIn(context.Background(), visits.Arrival{Name: "Visitor 1"})
		must(t, err)
		time.Sleep(2 * repairEvery)
		c.truth.tried["Visitor 2"] = true
		if c.agreeWithTruth(h[0]) == nil {
			t.Error("a name that nobody tried is let pass")
		}
		c.truth.tried["Visitor 1"] = true
		must(t, c.agreeWithTruth(h[0]))
		if c.nobodyInvented([]record.VisitID{got.Visit, got.Visit}) == nil {
			t.Error("one arrival is let pass twice")
		}
		other := got.Visit
		other[0] ^= 1
		if c.nobodyInvented([]record.VisitID{other}) == nil {
			t.Error("a visit without a name is let pass")
		}
	})
}

// A loss is to be named again once all clocks have been right for a while.
func TestALossIsNamedAfterAClockWasPutRight(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		_, err := c.clockJump(Step{A: 2, X: 4})
		must(t, err)
		time.Sleep(time.Minute)
		c.rightClocks()
		lost := func() *fact {
			return &fact{by: h[1], at: time.Now(), clock: h[1].Clock.Timeline(), kind: edited, id: record.EventID{Seq: 1}, sets: sets{"sim/0", "1"}}
		}
		soon := lost()
		time.Sleep(2 * believed)
		late := lost()
		h[1].backAt = time.Now()
		time.Sleep(4 * beatEvery)
		c.seen.of(h[0]).heard = []*fact{soon}
		must(t, c.checkLosses(h[0], h[1], 2*beatEvery))
		c.seen.of(h[0]).heard = []*fact{late}
		if c.checkLosses(h[0], h[1], 2*beatEvery) == nil {
			t.Error("a loss that is not named is let pass")
		}
	})
}

// A document that one has dropped is still compared between those who hold it.
func TestWhoHoldsADroppedDocumentHasItAll(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		_, err := c.arrive(h[1])
		must(t, err)
		time.Sleep(2 * repairEvery)
		but := map[record.DocID]bool{}
		for doc := range h[0].Node().Replica().Digests() {
			but[doc] = true
		}
		must(t, sameEntries(h[0], h[1], but))
		c.Net.Partition(memnet.Closing, []identity.NodeID{h[0].ID})
		_, err = h[1].Node().Replica().Commit(context.Background(), crdt.Draft{Event: &record.Event{Kind: record.TimedOut, Visit: c.truth.visits[0].id}})
		must(t, err)
		if sameEntries(h[0], h[1], but) == nil {
			t.Error("two that hold different entries of a document pass for equal")
		}
	})
}

// Who has not heard that a desk is revoked seals to the keys that it alone has: nobody
// else can read that ever. Of what is sealed to another's keys it is no excuse.
func TestWhatIsSealedToARevokedDesksKeyMayBeUnreadable(t *testing.T) {
	inCampus(t, func(c *Campus, h []*House) {
		before, err := c.arrive(h[1])
		must(t, err)
		h[0].setJam(true) // it makes no keys
		_, err = c.revoke(Step{A: 2})
		must(t, err)
		for range 200 {
			time.Sleep(10 * time.Millisecond)
			if x, ok := h[2].Node().Roster().Member(h[3].ID); ok && x.Revoked != nil {
				break
			}
		}
		c.Net.Partition(memnet.Closing, []identity.NodeID{h[0].ID}, []identity.NodeID{h[1].ID, h[2].ID})
		time.Sleep(time.Minute)
		h[0].setJam(false)
		_, err = c.revoke(Step{A: 1})
		must(t, err)
		v, err := c.arrive(h[1])
		must(t, err)
		must(t, c.Heal())
		if _, err := c.Settle(); err != nil {
			t.Error(err)
		}
		if _, err := h[0].Node().Visits().Card(v.id); !errors.Is(err, visits.ErrNotForUs) || !c.toLateKey(h[0], v.card()) {
			t.Errorf("%v; sealed to a key that a revoked desk alone had: %v", err, c.toLateKey(h[0], v.card()))
		}
		if c.toLateKey(h[0], before.card()) {
			t.Error("who came before is excused too")
		}
	})
}
