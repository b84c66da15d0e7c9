package node

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// What nobody has published is not kept, whoever grants it.
func TestGrantsOfUnpublishedKeysAreNotKept(t *testing.T) {
	desk := first(t)
	thief := seal.NewVault()
	k, err := seal.GenerateKey(record.CardAudience, "9999-12-31")
	if err != nil {
		t.Fatal(err)
	}
	if err := thief.Add(k); err != nil {
		t.Fatal(err)
	}
	raw, err := thief.Export(k.Public().ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.vault.Import(raw); err != nil {
		t.Fatal(err)
	}
	if desk.ring.Has(k.Public().ID) {
		t.Error("a key that nobody published fills the vault")
	}
}

// A node that knows of its revocation shows no name any more.
func TestARevokedDeskShowsNoNames(t *testing.T) {
	desk := first(t)
	second := desk.joined("Desk 2", identity.RoleDesk)
	got, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second desk reads the name", func() bool {
		_, err := second.Visits().Card(got.Visit)
		return err == nil
	})
	if err := desk.Revoke("Desk 2"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it knows that it is revoked", func() bool { return second.Barred() != nil })
	if _, err := second.Visits().Card(got.Visit); err == nil {
		t.Error("a revoked desk shows a name")
	}
}
