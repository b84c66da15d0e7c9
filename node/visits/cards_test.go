package visits

import (
	"context"
	"errors"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

func (d *door) shred(v record.VisitID, audiences ...record.Audience) {
	d.t.Helper()
	var out []record.SealedEntry
	for _, a := range audiences {
		out = append(out, record.SealedEntry{Kind: record.Shred, Visit: v, Audience: a})
	}
	if _, err := d.replica.Commit(context.Background(), crdt.Draft{Sealed: out}); err != nil {
		d.t.Fatal(err)
	}
}

func TestCardIsOpenedOnce(t *testing.T) {
	d := newHouse(t).door("East")
	got := d.in(Arrival{Name: "Astrid Ek"})
	for range 5 {
		if c, err := d.Card(got.Visit); err != nil || c.Name != "Astrid Ek" {
			t.Fatal(err)
		}
	}
	if d.vault.opened != 1 {
		t.Fatalf("opened %d times", d.vault.opened)
	}
	// Nor is its key record read and unlocked: that costs more than all the rest.
	r := &unlocked{Replica: d.cfg.Replica}
	d.cfg.Replica = r
	if rows := d.list(true); rows[0].Card == nil || r.n != 0 {
		t.Errorf("%d key records were unlocked for a card that is open", r.n)
	}
}

// unlocked counts the key records that are read.
type unlocked struct {
	Replica
	n int
}

func (r *unlocked) Sealed(k record.PartKey) (crdt.SealedPart, error) {
	r.n++
	return r.Replica.Sealed(k)
}

// A card that was opened before its key was shredded is gone from memory too.
func TestShreddedCardIsForgotten(t *testing.T) {
	d := newHouse(t).door("East")
	got := d.in(Arrival{Name: "Astrid Ek", Email: "a@example.org"})
	if _, err := d.Card(got.Visit); err != nil {
		t.Fatal(err)
	}
	d.shred(got.Visit, record.CardAudience, record.DossierAudience)
	if c, err := d.Card(got.Visit); !errors.Is(err, crdt.ErrErased) || c != (record.Card{}) {
		t.Fatalf("after the shred: %v", err)
	}
	if _, held := d.cards.get(got.Visit); held {
		t.Fatal("the card is still in memory")
	}
	if _, err := d.Dossier(got.Visit); !errors.Is(err, crdt.ErrErased) {
		t.Fatalf("after the shred: %v", err)
	}
	if rows := d.list(true); len(rows) != 1 || rows[0].Visit != got.Visit || rows[0].Card != nil {
		t.Fatal("an erased person who is inside is off the list, or has a name")
	}
	if x := d.out(got.QR); !x.Known || x.Visit != got.Visit {
		t.Fatalf("an erased person cannot leave: %+v", x)
	}
}

// A re-sealed card takes the place of the one in memory.
func TestRectifiedCardIsOpenedAnew(t *testing.T) {
	d := newHouse(t).door("East")
	got := d.in(Arrival{Name: "Astrid Ek"})
	old := d.list(true)[0].Card.Name
	other := d.in(Arrival{Name: "Astrid Eek"})
	part, err := d.replica.Sealed(record.PartKey{Visit: other.Visit, Audience: record.CardAudience})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.replica.Commit(context.Background(), crdt.Draft{Sealed: []record.SealedEntry{
		{Kind: record.PartPut, Visit: got.Visit, Audience: record.CardAudience, Version: 2, Box: part.Box},
		{Kind: record.KeyPut, Visit: got.Visit, Audience: record.CardAudience, Version: 2, Box: part.Key},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := d.Card(got.Visit); err != nil || c.Name == old || c.Name != "Astrid Eek" {
		t.Fatalf("the old card is still shown: %v", err)
	}
}

// Whatever is wrong with a card, its person is on the list.
func TestNoCardKeepsItsPersonOffTheList(t *testing.T) {
	d := newHouse(t).door("East")
	rubbish := func(v record.VisitID, box string) {
		_, err := d.replica.Commit(context.Background(), crdt.Draft{Sealed: []record.SealedEntry{
			{Kind: record.PartPut, Visit: v, Audience: record.CardAudience, Version: 9, Box: []byte(box)},
			{Kind: record.KeyPut, Visit: v, Audience: record.CardAudience, Version: 9, Box: []byte("key")},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := map[record.VisitID]bool{}
	for _, box := range []string{"", "not sealed", string(mark), string(mark) + "\xff\xff\xff\xff", string(mark) + "\xa1\x01\x1a"} {
		got := d.in(Arrival{Name: "Astrid Ek"})
		rubbish(got.Visit, box)
		want[got.Visit] = true
	}
	unsealed := record.VisitID{7, 7, 7}
	d.arrived(unsealed)
	want[unsealed] = true
	check := func(what string) {
		t.Helper()
		for _, present := range []bool{true, false} {
			rows := d.list(present)
			if len(rows) != len(want) {
				t.Fatalf("%s: %d of %d on the list", what, len(rows), len(want))
			}
			for _, r := range rows {
				if !want[r.Visit] || r.Card != nil && r.Card.Name != "" {
					t.Fatalf("%s: %+v", what, r.Presence)
				}
			}
		}
	}
	check("cards that cannot be read")
	whole := d.in(Arrival{Name: "Björn Al"})
	want[whole.Visit] = true
	for _, err := range []error{ErrNotForUs, errors.New("no such key")} {
		d.vault.edit(func() { d.vault.shut = err })
		check("a vault that does not open")
		if _, got := d.Card(whole.Visit); !errors.Is(got, err) {
			t.Fatalf("the card: %v", got)
		}
	}
}

func TestUnheardOfVisitHasNoCard(t *testing.T) {
	d := newHouse(t).door("East")
	if _, err := d.Card(record.VisitID{1}); !errors.Is(err, crdt.ErrUnknownVisit) {
		t.Fatal(err)
	}
	if _, err := d.Dossier(record.VisitID{1}); !errors.Is(err, crdt.ErrUnknownVisit) {
		t.Fatal(err)
	}
}

// However many are opened, memory holds no more than its bound.
func TestOpenedCardsAreBounded(t *testing.T) {
	c := newCards()
	for i := range maxCards + 10 {
		c.put(0, record.EvacID{}, record.VisitID{byte(i), byte(i >> 8), byte(i >> 16)}, openCard{})
	}
	if len(c.open) > maxCards {
		t.Fatalf("%d cards in memory", len(c.open))
	}
}
