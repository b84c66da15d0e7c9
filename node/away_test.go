package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

// lists reports whether a visit is on a node's list.
func (h *house) lists(v record.VisitID) bool {
	p, err := h.replica.Presence(v)
	return err == nil && p.Open()
}

func (h *house) oldest() record.Day {
	d, ok := h.replica.Oldest()
	if !ok {
		h.town.t.Fatalf("%s holds nothing", h.name)
	}
	return d
}

// A node that was away, off or cut off, while its days were dropped elsewhere
// brings none of them back, and nothing that only it knew is lost.
func TestANodeThatWasAwayForLong(t *testing.T) {
	for name, off := range map[string]bool{"off": true, "cut off": false} {
		t.Run(name, func(t *testing.T) {
			inTheLongRunOnly(t)
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t, "Reception", "East gate", "West gate")
				defer w.close()
				desk, east, away := w.houses[0], w.houses[1], w.houses[2]
				w.sleep(2)
				left, stays := away.arrive("Left"), east.arrive("Stays")
				w.sleep(2) // all know both, and have been in touch since
				if !desk.lists(left) || !away.lists(stays) {
					t.Fatal("the nodes do not agree to begin with")
				}
				id := away.key.ID()
				for _, h := range []*house{desk, east} {
					w.net.Cut(memnet.Closing, h.key.ID(), id)
				}
				time.Sleep(time.Minute)
				// What is acknowledged while nobody hears it.
				alone := away.arrive("Alone")
				gone := away.arrive("Gone")
				if _, err := away.Alarm().Start(t.Context(), true, ""); err != nil {
					t.Fatal(err)
				}
				for _, v := range []record.VisitID{left, gone} {
					if _, err := away.Alarm().Mark(t.Context(), alarm.MarkRequest{Code: record.Code{Badge: v.Badge(), Visit: v}, Mark: record.Safe, How: "command"}); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := away.Alarm().End(t.Context(), "all are out"); err != nil {
					t.Fatal(err)
				}
				away.leave(gone)
				if off {
					away.shut()
				}
				desk.leave(left)
				for range 40 {
					w.steady()
					w.sleep(1)
				}
				if d := desk.oldest(); d < record.DayOf(desk.now())-visits.Retention-1 {
					t.Fatalf("the others hold days since %v", d)
				}
				if off {
					away.on()
				} else if !away.lists(left) || !away.lists(stays) || !away.lists(alone) {
					t.Fatal("somebody left the list of the node that was cut off, without a sign")
				}
				before, sent := w.sample(0), away.mesh.Counts()["entries_out"]
				for _, h := range []*house{desk, east} {
					w.net.Restore(h.key.ID(), id)
				}
				time.Sleep(time.Minute)
				if away.oldest() >= desk.oldest() {
					t.Fatal("the node has dropped its days before it could be asked for them")
				}
				// What it carried over, to each of two, and some of that ahead of its turn; the
				// drill, where it has been running for no week by its own count.
				if n := away.mesh.Counts()["entries_out"] - sent; n > 14 {
					t.Errorf("%d entries are asked for that nobody takes", n)
				}
				time.Sleep(2 * retentionTick)
				// Every node: who left is gone, who never left is not.
				for _, h := range w.houses {
					if h.lists(left) || h.lists(gone) {
						t.Errorf("%s: a person who left is on the list again", h.name)
					}
					if !h.lists(stays) || !h.lists(alone) {
						t.Errorf("%s: a person vanished: %v %v", h.name, h.lists(stays), h.lists(alone))
					}
					if all := h.replica.Open(); len(all) > 2 {
						t.Errorf("%s: somebody who was marked weeks ago is on the list again: %v", h.name, all)
					}
					if d := h.oldest(); d < record.DayOf(h.now())-visits.Retention {
						t.Errorf("%s holds %v", h.name, d)
					}
				}
				after := w.sample(0)
				if after.documents > before.documents+2 || after.keys["e"] > before.keys["e"]+20 {
					t.Errorf("old days came back:\n%v\n%v", before, after)
				}
				// And quiet again: nothing is asked for that is refused.
				quiet := map[string]uint64{}
				for _, h := range w.houses {
					for k, v := range h.mesh.Counts() {
						quiet[k] += v
					}
				}
				time.Sleep(awake)
				for _, h := range w.houses {
					for k, v := range h.mesh.Counts() {
						quiet[k] -= v
					}
				}
				if n := -int64(quiet["entries_out"]); n != 0 {
					t.Errorf("%d entries are sent to and fro in quiet times", n)
				}
			})
		})
	}
}

// steady is a visit a day, so that days have documents.
func (w *town) steady() {
	v := w.houses[0].arrive("Guest")
	time.Sleep(time.Second)
	w.houses[1].leave(v)
}

// All nodes off for longer than the retention: everyone who was inside still is.
func TestACampusThatWasOffForLong(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		w.sleep(1)
		var in []record.VisitID
		for _, h := range w.houses {
			in = append(in, h.arrive("Inside"))
		}
		w.sleep(2) // all know them, and have been in touch since
		for _, h := range w.houses {
			h.shut()
		}
		w.leap.Add(int64(40 * 24 * time.Hour))
		// Two come back first and drop their days; the third finds them so.
		for i, h := range w.houses {
			h.on()
			if i == 1 {
				time.Sleep(2 * retentionTick)
			}
		}
		time.Sleep(2 * retentionTick)
		for _, h := range w.houses {
			for i, v := range in {
				if !h.lists(v) {
					t.Errorf("%s: visit %d vanished", h.name, i)
				}
			}
			if d := h.oldest(); d < record.DayOf(h.now())-visits.Retention {
				t.Errorf("%s holds %v", h.name, d)
			}
		}
	})
}

// A node whose clock is 40 days ahead drops nothing, neither with the others
// nor alone, whatever running time it has to its credit.
func TestAFastClockDropsNothing(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		fast := w.houses[2]
		for range 3 {
			w.steady()
			w.sleep(1)
		}
		first := fast.oldest()
		fast.shut()
		fast.ahead.Store(int64(40 * 24 * time.Hour))
		fast.on()
		for _, alone := range []bool{false, true} {
			for _, h := range w.houses[:2] {
				if alone {
					w.net.Cut(memnet.Closing, h.key.ID(), fast.key.ID())
				}
			}
			time.Sleep(retentionTick) // what was heard is old
			for range 3 {
				if _, err := fast.retain(t.Context(), maxCredit); err != nil {
					t.Fatal(err)
				}
			}
			if fast.oldest() != first {
				t.Fatalf("alone %v: a day is dropped on the word of one clock", alone)
			}
		}
	})
}

// A node that was revoked so long ago that the others have forgotten its
// certificate is told nevertheless, and let in by nobody.
func TestAForgottenNodeIsToldThatItWasRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		away := w.houses[2]
		id := away.key.ID()
		away.shut()
		if err := w.houses[0].Revoke("West gate"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		for _, h := range w.houses[:2] {
			if _, err := h.roster.Prune(h.now().Add(100 * 24 * time.Hour)); err != nil {
				t.Fatal(err)
			}
			if _, ok := h.roster.Member(id); ok || !h.roster.Denied(id) {
				t.Fatal("the revoked node is not forgotten and denied")
			}
		}
		away.on()
		time.Sleep(5 * time.Minute)
		if away.Barred() == nil {
			t.Error("the node goes on as if it were a member")
		}
		for _, h := range w.houses[:2] {
			if _, ok := h.roster.Member(id); ok || h.roster.Admitted(away.key.Public()) {
				t.Error("the node is back, by its old certificate")
			}
		}
	})
}
