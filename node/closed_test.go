package node

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/expiry"
	"github.com/upprop/upprop/node/visits"
)

// Who comes in at once when a campus opens after a closure longer than there are
// keys is sealed to one whose date is over. The desk reads the name then, and when
// keys have been made the visit gets one of them.
func TestWhoComesInAfterAClosureIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk, east := w.houses[0], w.houses[1]
		time.Sleep(5 * time.Minute)
		for _, h := range w.houses {
			h.shut()
		}
		time.Sleep(105 * 24 * time.Hour)
		for _, h := range w.houses {
			h.on()
		}
		time.Sleep(3 * time.Second)
		in, err := east.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Anna Berg", Type: "visitor", How: "kiosk"})
		if err != nil {
			t.Fatal(err)
		}
		key := record.PartKey{Visit: in.Visit, Audience: record.CardAudience}
		read := func(when string) (dies record.Day) {
			t.Helper()
			card, err := desk.Visits().Card(in.Visit)
			if err != nil || card.Name != "Anna Berg" {
				t.Fatalf("%s the desk does not read the name: %v", when, err)
			}
			p, err := desk.replica.Sealed(key)
			if err != nil {
				t.Fatal(err)
			}
			dies, _ = desk.vault.Dies(p.Key)
			return dies
		}
		time.Sleep(10 * time.Second)
		if dies, today := read("at once"), desk.date(); dies > today {
			t.Fatalf("keys of %s were there on %s: nothing is tried here", dies, today)
		}
		time.Sleep(2 * time.Hour)
		if dies, today := read("two hours later"), desk.date(); dies <= today+3 {
			t.Errorf("the visit is still sealed to a key of %s on %s", dies, today)
		}
	})
}

// After a closure longer than there are keys, an operator's word lets the old ones
// die. New ones are there first: who comes in at that moment is sealed, and read.
func TestKeysAreMadeBeforeTheLastDie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception")
		defer w.close()
		time.Sleep(5 * time.Minute)
		desk := w.houses[0]
		desk.shut()
		time.Sleep(105 * 24 * time.Hour)
		desk.on()
		time.Sleep(10 * time.Second)
		for _, k := range desk.vault.known() {
			if k.Day > desk.date() {
				t.Fatal("keys are there already: nothing is tried here")
			}
		}
		today := record.DayOf(time.Now())
		if err := desk.AllowExpiry(t.Context(), today-1); !errors.Is(err, expiry.ErrKeysFirst) {
			t.Error("the last keys may die while none can be made:", err)
		}
		if err := desk.AllowExpiry(t.Context(), today); err != nil {
			t.Fatal(err)
		}
		if desk.expiry.Horizon() < today {
			t.Error("the old keys are still there:", desk.expiry.Horizon())
		}
		in, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Anna Berg", Type: "visitor", How: "desk"})
		if err != nil {
			t.Fatal("nobody can be taken in:", err)
		}
		if card, err := desk.Visits().Card(in.Visit); err != nil || card.Name != "Anna Berg" {
			t.Error("the desk does not read the name:", err)
		}
	})
}

// An alarm that runs while a whole campus is closed for longer than days are
// kept runs on when it opens: nobody has dropped anything, so it is over for
// nobody.
func TestAnAlarmRunsOnAfterAClosure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		if _, err := w.houses[0].Alarm().Start(t.Context(), false, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + retentionTick) // heard, and noted who was
		for _, h := range w.houses {
			h.shut()
		}
		time.Sleep(42 * 24 * time.Hour)
		for _, h := range w.houses {
			h.on()
		}
		time.Sleep(4 * retentionTick)
		for _, h := range w.houses {
			if _, on := h.Alarm().Running(""); !on {
				t.Errorf("%s has ended the alarm", h.name)
			}
			if h.oldest() < h.replica.Horizon() {
				t.Errorf("%s has not dropped its old days", h.name)
			}
		}
	})
}
