package node

import (
	"errors"
	"testing"

	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
)

// What a folder's keys rest under is changed while the node runs or not, and
// without it nothing opens.
func TestPassphrase(t *testing.T) {
	dir := t.TempDir()
	if err := SetPassphrase(dir, nil, []byte("x")); !errors.Is(err, ErrNoNode) {
		t.Fatal("of no node:", err)
	}
	phrase := []byte("correct horse")
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Role: identity.RoleDesk, Listen: "127.0.0.1:0", Passphrase: phrase}); err != nil {
		t.Fatal(err)
	}
	opens := func(phrase string) error {
		n, err := Open(Config{Dir: dir, Passphrase: []byte(phrase)})
		if err != nil {
			return err
		}
		if err := SetPassphrase(dir, []byte(phrase), nil); !errors.Is(err, store.ErrLocked) {
			t.Error("changed under a running node:", err)
		}
		if phrase == "battery" {
			if err := n.SetPassphrase([]byte("staple")); err != nil || !n.HasPassphrase() {
				t.Error(err)
			}
		}
		return n.Close()
	}
	for _, wrong := range []string{"", "battery"} {
		if err := opens(wrong); !errors.Is(err, seal.ErrPassphrase) {
			t.Fatalf("%q: %v", wrong, err)
		}
	}
	if err := SetPassphrase(dir, []byte("wrong"), []byte("battery")); !errors.Is(err, seal.ErrPassphrase) {
		t.Fatal("changed without the old one:", err)
	}
	if err := errors.Join(opens("correct horse"), SetPassphrase(dir, phrase, []byte("battery")), opens("battery")); err != nil {
		t.Fatal(err)
	}
	if err := opens("battery"); !errors.Is(err, seal.ErrPassphrase) {
		t.Fatal("not changed while it ran:", err)
	}
	if err := errors.Join(SetPassphrase(dir, []byte("staple"), nil), opens("")); err != nil {
		t.Fatal("not taken away:", err)
	}
}

// What was done to a node that was off is on record once it runs, once.
func TestAPassphraseSetOfflineIsOnRecord(t *testing.T) {
	desk := first(t)
	dir := string(desk.folder)
	desk.stop()
	if err := errors.Join(SetPassphrase(dir, nil, []byte("correct horse")), SetPassphrase(dir, []byte("correct horse"), nil)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		desk = run(t, dir)
		eventually(t, "both are on record", func() bool {
			lines, err := desk.AuditLines()
			if err != nil {
				t.Fatal(err)
			}
			n := map[string]int{}
			for _, l := range lines {
				n[l.What]++
			}
			return n["passphrase.set"] == 1 && n["passphrase.remove"] == 1
		})
		desk.stop()
	}
}
