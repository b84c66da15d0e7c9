package node

import (
	"errors"
	"os"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
)

// TestOldKeyring: a folder of an earlier release gives its audience keys to
// the vault, once.
func TestOldKeyring(t *testing.T) {
	f := Folder(t.TempDir())
	old := seal.NewVault()
	k, err := seal.GenerateKey(record.CardAudience, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Add(k); err != nil {
		t.Fatal(err)
	}
	raw, err := old.Export(k.Public().ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.keyring(), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		v, err := openSecrets(f, seal.VaultOptions{})
		if err != nil || !v.Has(k.Public().ID) {
			t.Fatalf("the old keyring's key is lost: %v", err)
		}
		if _, err := os.Stat(f.keyring()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the old keyring is still there: %v", err)
		}
	}
}
