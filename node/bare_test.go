package node

import (
	"testing"

	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/visits"
)

// pinOf is the PIN of every handheld in tests.
const pinOf = "471147"

// quickKDF is as easy to guess as can be.
var quickKDF = seal.KDF{Time: 1, Memory: 8, Threads: 1}

// A handheld without a PIN asks for no keys and keeps none that it is given;
// once it has one, it has them, and hands them on while it is unlocked.
func TestAHandheldWithoutAPINHoldsNoKeys(t *testing.T) {
	desk := first(t)
	warden := desk.joined("Alfa", identity.RoleWarden)
	eventually(t, "it knows the keys that are sealed to", func() bool { return len(warden.vault.known()) >= 2*access.Ahead })
	got, err := warden.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal("it does not work without its PIN:", err)
	}
	eventually(t, "the desk has the visit", func() bool { _, err := desk.Visits().Card(got.Visit); return err == nil })
	cards := access.Audiences(identity.RoleWarden)
	granted, err := desk.vault.Export(access.Due(desk.vault.known(), cards, 0), cards)
	if err != nil || len(granted) == 0 {
		t.Fatal(err)
	}
	if err := warden.vault.Import(granted); err != nil {
		t.Fatal(err)
	}
	if bare, n := warden.Bare(); !bare || n != 0 || len(warden.vault.Lacking(cards)) != 0 {
		t.Errorf("without a PIN it holds %d keys, and asks for %d", n, len(warden.vault.Lacking(cards)))
	}
	if bare, _ := desk.Bare(); bare {
		t.Error("a desk is said to lack a PIN")
	}
	if err := warden.PIN().Set([]byte(pinOf)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has fetched its keys", func() bool { return len(warden.ring.Public()) >= access.Ahead })
	if bare, _ := warden.Bare(); bare {
		t.Error("a PIN is chosen, and it is said to lack one")
	}
	if _, err := desk.Alarm().Start(t.Context(), true, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it reads who came before", func() bool {
		c, err := warden.Visits().Card(got.Visit)
		return err == nil && c.Name == "Astrid Marker"
	})
}
