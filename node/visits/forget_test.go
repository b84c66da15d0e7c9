package visits

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// held reports whether a card is in memory.
func (d *door) held(v record.VisitID) bool {
	_, ok := d.cards.get(v)
	return ok
}

// A card that was opened before names were locked, or before its date came, is
// neither shown nor kept.
func TestOpenedCardsAreForgotten(t *testing.T) {
	for what, shut := range map[string]error{"names are locked": ErrLocked, "its key is gone": ErrNotForUs, "its date has come": errors.New("expired")} {
		d := newHouse(t).door("East")
		got, other := d.in(Arrival{Name: "Astrid Ek"}), d.in(Arrival{Name: "Bo Falk"})
		for _, v := range []record.VisitID{got.Visit, other.Visit} {
			if _, err := d.Card(v); err != nil || !d.held(v) {
				t.Fatal(what, err)
			}
		}
		d.vault.edit(func() { d.vault.shut = shut })
		if c, err := d.Card(got.Visit); !errors.Is(err, shut) || c != (record.Card{}) || d.held(got.Visit) {
			t.Errorf("%s, and the card is shown or kept: %v", what, err)
		}
		if shut == ErrLocked && d.held(other.Visit) {
			t.Errorf("%s, and another's card is kept", what)
		}
		d.forgetLost()
		if d.held(other.Visit) {
			t.Errorf("%s, and a card that nobody looks at is kept", what)
		}
		d.vault.edit(func() { d.vault.shut = nil })
		if c, err := d.Card(got.Visit); err != nil || c.Name != "Astrid Ek" {
			t.Errorf("after %s: %v", what, err)
		}
	}
}

// What was being opened while names were locked is not kept either.
func TestNothingIsKeptAcrossALock(t *testing.T) {
	d := newHouse(t).door("East")
	before := d.cards.wipes()
	d.Forget()
	d.cards.put(before, record.EvacID{}, record.VisitID{1}, openCard{card: record.Card{Name: "Astrid Ek"}})
	if d.held(record.VisitID{1}) {
		t.Error("kept")
	}
}

// Cards that nobody looks at go by themselves: when erased, and at the end.
func TestForgotUnlooked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newHouse(t).door("East")
		got, other := d.in(Arrival{Name: "Astrid Ek"}), d.in(Arrival{Name: "Bo Falk"})
		for _, v := range []record.VisitID{got.Visit, other.Visit} {
			if _, err := d.Card(v); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		synctest.Wait()
		act := record.Act{Kind: record.ActShred, Visits: []record.VisitID{got.Visit}, Erasure: record.ErasureID{1}}
		if _, err := d.replica.Commit(t.Context(), crdt.Draft{Acts: []record.Act{act}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(sweeping + time.Millisecond)
		synctest.Wait()
		if d.held(got.Visit) || !d.held(other.Visit) {
			t.Error("an erased card is in memory, or another's is not")
		}
		d.vault.edit(func() { d.vault.shut = errors.New("expired") })
		time.Sleep(resweeping)
		synctest.Wait()
		if d.held(other.Visit) {
			t.Error("a card is in memory after its date")
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
