package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/memnet"
)

// TestTheClockSignsOut: who has been inside for as long as is set stands on every
// node's list as signed out by the clock, is inside again when seen, and is not
// signed out by a clock that jumps, while an evacuation runs, or where nothing is
// set.
func TestTheClockSignsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk, east := w.houses[0], w.houses[1]
		state := func(v record.VisitID) record.State {
			t.Helper()
			p, err := east.Replica().Presence(v)
			if err != nil {
				t.Fatal(err)
			}
			return p.State
		}
		first := east.arrive("Astrid Marker")
		time.Sleep(3 * time.Hour)
		if state(first) != record.Present {
			t.Fatal("signed out though nothing is set")
		}
		for _, bad := range []string{"73", "-1", "x", "", "07"} {
			if desk.EditSetting(t.Context(), "op", SignOutAfterSetting, bad) == nil {
				t.Error(bad)
			}
		}
		if _, err := desk.Alarm().Start(t.Context(), true, ""); err != nil {
			t.Fatal(err)
		}
		if err := desk.EditSetting(t.Context(), "op", SignOutAfterSetting, "2"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if state(first) != record.Present {
			t.Fatal("signed out during an evacuation")
		}
		if _, err := desk.Alarm().End(t.Context(), "over"); err != nil {
			t.Fatal(err)
		}
		second := east.arrive("Bo Marker")
		at := func() time.Time {
			t.Helper()
			p, err := desk.Replica().Presence(second)
			if err != nil {
				t.Fatal(err)
			}
			return desk.SignsOutAt(p)
		}
		time.Sleep(time.Second)
		if left := time.Until(at()); left.Round(time.Minute) != 2*time.Hour {
			t.Error("signed out in", left)
		}
		time.Sleep(3 * signOutTick)
		if state(first) != record.Timed || state(second) != record.Present {
			t.Fatal(state(first), state(second))
		}
		if p, err := desk.Replica().Presence(first); err != nil || !desk.SignsOutAt(p).IsZero() {
			t.Error("signed out by the clock twice", err)
		}
		was := at()
		if err := desk.Visits().Seen(t.Context(), second, "desk"); err != nil {
			t.Fatal(err)
		}
		if now := at(); now.Sub(was).Round(time.Minute) != 3*time.Minute {
			t.Error("who was seen lasts from then on:", now.Sub(was))
		}
		if !east.lists(first) {
			t.Fatal("nobody leaves the list by the clock")
		}
		if err := desk.Visits().Seen(t.Context(), first, "desk"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if state(first) != record.Present {
			t.Fatal("not inside again")
		}
		// Its clock leaps, and it hears nobody.
		w.net.Cut(memnet.Closing, desk.key.ID(), east.key.ID())
		time.Sleep(time.Minute)
		desk.ahead.Store(int64(40 * time.Hour))
		time.Sleep(30 * time.Minute)
		if p, err := desk.Replica().Presence(second); err != nil || p.State != record.Present {
			t.Fatal("a clock that leapt signs out:", p.State, err)
		}
	})
}
