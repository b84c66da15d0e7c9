package node

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/operators"
)

const goodPassword = "mossa gitarr ponton"

// signIn tries to sign in at a node, as somebody who sits at it.
func (h *house) signIn(alias, password string) error {
	_, err := h.Operators().SignIn(context.Background(), alias, password, operators.Device{AtNode: true})
	return err
}

// An operator made at one desk signs in at another that is cut off; one that was
// shut out meanwhile is refused as soon as the two hear each other. A node that
// is no desk cannot read so much as the name.
func TestOperatorsAreOnEveryDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		south := w.join("South desk", identity.RoleDesk)
		time.Sleep(2 * time.Minute)
		reception, gate := w.houses[0], w.houses[1]
		defer w.close()
		ctx := context.Background()
		if _, _, err := reception.Operators().Add(ctx, "", "boss", operators.Admin, goodPassword); err != nil {
			t.Fatal(err)
		}
		o, once, err := reception.Operators().Add(ctx, "", "Astrid Marker", operators.Reception, "")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.net.Cut(memnet.Closing, reception.key.ID(), south.key.ID())
		w.net.Cut(memnet.Closing, gate.key.ID(), south.key.ID())
		time.Sleep(2 * time.Minute)
		if err := south.signIn("astrid marker", once); err != nil {
			t.Fatal("cut off, nobody can sign in:", err)
		}
		if err := gate.signIn("Astrid Marker", once); !errors.Is(err, operators.ErrNotDesk) {
			t.Error("somebody signs in at a gate:", err)
		}
		for _, one := range gate.Operators().List() {
			if one.Alias != "" || one.Lost {
				t.Errorf("a gate reads %+v", one)
			}
		}
		if len(gate.Operators().List()) != 2 {
			t.Error("the gate has not heard of the accounts")
		}
		// The gate, which may not, changes nothing for anybody.
		if err := gate.Operators().SetRole(ctx, "", o.ID, operators.Admin); !errors.Is(err, operators.ErrNotHere) {
			t.Error(err)
		}
		if err := reception.Operators().SetDisabled(ctx, "", o.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := south.signIn("Astrid Marker", once); err != nil {
			t.Error("a desk knows what it cannot have heard:", err)
		}
		w.net.Heal()
		time.Sleep(2 * time.Minute)
		if err := south.signIn("Astrid Marker", once); !errors.Is(err, operators.ErrWrong) {
			t.Error("who was shut out signs in elsewhere:", err)
		}
	})
}

// Keys die on their dates; what operators sign in with does not.
func TestOperatorsOutliveTheKeysOfADate(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		reception := w.houses[0]
		if _, _, err := reception.Operators().Add(context.Background(), "", "Astrid", operators.Admin, goodPassword); err != nil {
			t.Fatal(err)
		}
		first := map[string]record.Day{}
		for _, s := range reception.replica.Settings("operator/") {
			if dies, ok := (boxes{reception.vault}).BoxDies(s.Value.Bytes()); ok {
				first[s.Key] = dies
			}
		}
		if len(first) != 2 {
			t.Fatal(first)
		}
		w.sleep(100)
		if err := reception.signIn("Astrid", goodPassword); err != nil {
			t.Fatal(err)
		}
		for key, was := range first {
			is, _ := reception.replica.Setting(key)
			if dies, _ := (boxes{reception.vault}).BoxDies(is.Value.Bytes()); was > reception.date() || dies <= was {
				t.Errorf("%s was sealed until %v, is until %v, today is %v", key, was, dies, reception.date())
			}
		}
		for _, one := range reception.Operators().List() {
			if one.Lost || one.Alias != "Astrid" {
				t.Errorf("%+v", one)
			}
		}
	})
}

// A box opens at a desk, under its own label, whole, and nowhere else.
func TestBoxes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		reception, gate := boxes{w.houses[0].vault}, boxes{w.houses[1].vault}
		label := [16]byte{1}
		box, err := gate.SealForDesks(label, w.houses[1].date()+10, []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := reception.OpenForDesks(label, box); err != nil || string(plain) != "secret" {
			t.Fatal(string(plain), err)
		}
		if _, err := gate.OpenForDesks(label, box); err == nil {
			t.Error("the gate opens what it sealed")
		}
		if _, err := reception.OpenForDesks([16]byte{2}, box); err == nil {
			t.Error("a box opens under another label")
		}
		if dies, ok := reception.BoxDies(box); !ok || dies > w.houses[1].date()+10 {
			t.Error(dies, ok)
		}
		for i := range box {
			if i < 4 {
				continue // the day is a hint; the key's own date counts
			}
			bad := append([]byte{}, box...)
			bad[i] ^= 1
			if _, err := reception.OpenForDesks(label, bad); err == nil {
				t.Errorf("a box with byte %d altered opens", i)
			}
		}
		for n := range len(box) {
			if _, err := reception.OpenForDesks(label, box[:n]); err == nil {
				t.Errorf("%d bytes of a box open", n)
			}
		}
	})
}
