package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/visits"
)

// A node whose clock shows another age, alone or among others: what it
// acknowledges counts, nobody follows it, and nothing of it stays for longer
// than any other day does.
func TestAClockWrongByDecades(t *testing.T) {
	for name, c := range map[string]struct {
		by    time.Duration
		alone bool
	}{
		"ahead": {73 * 365 * 24 * time.Hour, false}, "ahead, cut off": {73 * 365 * 24 * time.Hour, true},
		"behind": {-25 * 365 * 24 * time.Hour, false}, "behind, cut off": {-25 * 365 * 24 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.alone {
				inTheLongRunOnly(t)
			}
			synctest.Test(t, func(t *testing.T) {
				w := newTownIn(t, 26*365*24*time.Hour, "Reception", "East gate", "West gate")
				defer w.close()
				wrong, id := w.houses[2], w.houses[2].key.ID()
				w.sleep(1)
				leaves, stays := w.houses[1].arrive("Leaves"), w.houses[1].arrive("Stays")
				time.Sleep(time.Minute)
				wrong.shut() // a machine without a clock of its own starts anew
				for _, h := range w.houses[:2] {
					if c.alone {
						w.net.Cut(memnet.Closing, h.key.ID(), id)
					}
				}
				wrong.ahead.Store(int64(c.by))
				wrong.on()
				mine, gone := wrong.arrive("Mine"), wrong.arrive("Gone")
				wrong.leave(leaves)
				wrong.leave(gone)
				if c.alone {
					time.Sleep(time.Hour)
					w.net.Heal()
				}
				check := func(when string) {
					t.Helper()
					for _, h := range w.houses {
						if h.lists(leaves) || h.lists(gone) || !h.lists(stays) || !h.lists(mine) {
							t.Errorf("%s: %s lists leaves %v, gone %v, stays %v, mine %v", when, h.name, h.lists(leaves), h.lists(gone), h.lists(stays), h.lists(mine))
						}
					}
				}
				time.Sleep(time.Minute)
				check("while the clock is wrong")
				for _, n := range w.houses[0].Mesh().Freshness() {
					if n.Node == id && (!n.Suspect || !n.Covered) {
						t.Errorf("the wrong clock is noticed: %v, its node covered: %v", n.Suspect, n.Covered)
					}
				}
				if got, want := wrong.calendar.today(), record.DayOf(w.houses[0].now()); got != want {
					t.Errorf("with others in touch it files under %v, not %v", got, want)
				}
				if drift := w.houses[0].Replica().Clock().Now().Time().Sub(w.houses[0].now()).Abs(); drift > time.Minute {
					t.Errorf("another clock follows the wrong one by %v", drift)
				}
				w.sleep(2)
				wrong.ahead.Store(0)
				time.Sleep(2 * time.Minute)
				check("when the clock is right again")
				if !c.alone { // nothing was filed under a wrong day
					return
				}
				for range visits.Retention + 10 {
					w.steady()
					w.sleep(1)
				}
				time.Sleep(2 * retentionTick)
				check("after the retention")
				for _, h := range w.houses {
					for doc := range h.Replica().Digests() {
						d, err := record.ParseDocID(string(doc))
						today := record.DayOf(h.now())
						if err == nil && d.Kind != record.DocCampus && (d.Day > today+1 || d.Day < today-visits.Retention) {
							t.Errorf("%s holds %s on %v", h.name, doc, today)
						}
					}
					for _, n := range h.Mesh().Freshness() {
						if n.Suspect || !n.Covered || n.AsOf.Before(h.now().Add(-time.Minute)) {
							t.Errorf("%s: of %s: suspect %v, covered %v, as of %v", h.name, n.Node.Short(), n.Suspect, n.Covered, n.AsOf)
						}
					}
				}
			})
		})
	}
}

// All nodes follow a time server that is out of its mind, and bear one another
// out: nothing that is held is destroyed, and all goes on when it is right
// again.
func TestATimeServerOutOfItsMind(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		var in []record.VisitID
		arrive := func(name record.Private) {
			for _, h := range w.houses {
				in = append(in, h.arrive(name))
			}
		}
		for range 3 {
			w.steady()
			arrive("Before")
			w.sleep(1)
		}
		first := w.houses[0].oldest()
		for _, by := range []time.Duration{20 * 365 * 24 * time.Hour, 0} {
			for _, h := range w.houses {
				h.ahead.Store(int64(by))
			}
			time.Sleep(3 * retentionTick)
			arrive("Later")
			time.Sleep(3 * retentionTick)
		}
		for _, h := range w.houses {
			for i, v := range in {
				if _, err := w.houses[0].Replica().Sealed(record.PartKey{Visit: v, Audience: record.CardAudience}); err != nil {
					t.Errorf("the name of visit %d: %v", i, err)
				}
				if !h.lists(v) {
					t.Errorf("%s: visit %d vanished", h.name, i)
				}
			}
			if got := h.oldest(); got != first {
				t.Errorf("%s holds days since %v, not since %v", h.name, got, first)
			}
			for _, n := range h.Mesh().Freshness() {
				if n.Suspect || !n.Covered || n.AsOf.Before(h.now().Add(-time.Minute)) {
					t.Errorf("%s: of %s: suspect %v, covered %v, as of %v", h.name, n.Node.Short(), n.Suspect, n.Covered, n.AsOf)
				}
			}
		}
	})
}
