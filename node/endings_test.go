package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

// Who is let in as somebody comes back from a long absence hears from that node alone
// of an alarm whose end the others have dropped: it does not begin anew.
func TestANewcomerRingsNoOldAlarm(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		desk, away := w.houses[0], w.houses[2]
		w.sleep(2) // they have been in touch
		if _, err := desk.Alarm().Start(t.Context(), true, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, on := away.Alarm().Running(""); !on {
			t.Fatal("the drill was not heard of")
		}
		away.shut()
		if _, err := desk.Alarm().End(t.Context(), "over"); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			w.steady()
			w.sleep(1)
		}
		w.join("North gate", identity.RoleEntrance)
		away.on()
		for range 4 {
			w.steady()
			w.sleep(1)
		}
		for _, h := range w.houses {
			if e, on := h.Alarm().Running(""); on {
				t.Errorf("%s: a drill of %v runs again", h.name, e.At.Time())
			}
		}
	})
}

// A handheld that is tried out for some minutes and then lies in a drawer for weeks puts
// nobody back on the list who was inside as it was tried, and rings no old drill.
func TestTriedOutAndPutAway(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk := w.houses[0]
		w.sleep(2)
		v := desk.arrive("Left")
		time.Sleep(time.Hour)
		away := w.join("Handheld", identity.RoleWarden)
		time.Sleep(time.Minute)
		if _, err := desk.Alarm().Start(t.Context(), true, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if _, on := away.Alarm().Running(""); !on || !away.lists(v) {
			t.Fatal("it has heard of neither")
		}
		away.shut()
		if _, err := desk.Alarm().End(t.Context(), "over"); err != nil {
			t.Fatal(err)
		}
		desk.leave(v)
		for range 40 {
			w.steady()
			w.sleep(1)
		}
		away.on()
		for range 4 {
			w.steady()
			w.sleep(1)
		}
		for _, h := range w.houses {
			if h.lists(v) {
				t.Errorf("%s lists somebody who left weeks ago", h.name)
			}
			if _, on := h.Alarm().Running(""); on {
				t.Errorf("%s: an old drill runs again", h.name)
			}
		}
	})
}

// Of chains of acts whose beginnings were dropped before it was let in, a new node does
// not say that something is missing.
func TestANewcomerMissesNothingOfTheAudit(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		for range 40 {
			w.steady()
			if err := w.houses[0].onRecord("test", "act"); err != nil {
				t.Fatal(err)
			}
			w.sleep(1)
		}
		n := w.join("North gate", identity.RoleEntrance)
		time.Sleep(2 * time.Minute)
		r, err := n.VerifyAudit()
		if err != nil || !r.OK {
			t.Errorf("%v, %+v; the first day kept is %v", err, r.Faults, n.replica.Horizon())
		}
	})
}

// A node that is revoked goes on counting as far as it was known by then, however often
// it is revoked.
func TestRevokingAgainLetsNothingMoreCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		desk, lost, unaware := w.houses[0], w.houses[1], w.houses[2]
		v := desk.arrive("Stays")
		time.Sleep(time.Minute)
		for _, h := range []*house{lost, unaware} {
			w.net.Cut(memnet.Closing, desk.key.ID(), h.key.ID())
		}
		revoke := func() {
			if err := desk.Revoke("East gate"); err != nil {
				t.Fatal(err)
			}
		}
		revoke()
		lost.leave(v)
		time.Sleep(time.Minute)
		if p, err := unaware.replica.Presence(v); err != nil || p.State != record.Gone {
			t.Fatalf("%v, %v", p.State, err)
		}
		w.net.Heal()
		time.Sleep(5 * time.Minute)
		revoke()
		time.Sleep(time.Minute)
		for _, h := range []*house{desk, unaware} {
			if !h.lists(v) {
				t.Errorf("%s: a node that had been revoked has taken somebody off the list", h.name)
			}
		}
	})
}
