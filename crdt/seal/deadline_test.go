package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

func mustKey(t testing.TB, a record.Audience, date string) PrivateKey {
	t.Helper()
	k, err := GenerateKey(a, date)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustVault(t testing.TB, path string) *Vault {
	t.Helper()
	r, err := OpenVault(path, VaultOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVaultFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	r := mustVault(t, path)
	late, early, desk := mustKey(t, card, "2027-03-01"), mustKey(t, card, "2027-02-28"), mustKey(t, dossier, "")
	for _, k := range []PrivateKey{desk, late, early, late} {
		if err := r.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	r = mustVault(t, path)
	var got []string
	for _, k := range r.Public() {
		if err := k.Check(); err != nil {
			t.Error(err)
		}
		got = append(got, fmt.Sprintf("%s %s", k.Audience, k.Date))
	}
	if want := "[card 2027-02-28 card 2027-03-01 dossier ]"; fmt.Sprint(got) != want {
		t.Fatalf("keys %v, want %s", got, want)
	}
	if err := r.Drop(late.Public().ID); err != nil {
		t.Fatal(err)
	}
	if r.Has(late.Public().ID) || mustVault(t, path).Has(late.Public().ID) {
		t.Fatal("a dropped key is still there")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("vault file: %v, %v; want mode 0600", info.Mode(), err)
	}
	names, _ := filepath.Glob(path + "*")
	if len(names) != 1 {
		t.Fatalf("files left behind: %v", names)
	}
}

// TestVaultOverwrites keeps hold of the old file and finds it blank.
func TestVaultOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	r := mustVault(t, path)
	k := mustKey(t, card, "")
	if err := r.Add(k); err != nil {
		t.Fatal(err)
	}
	held := path + ".held"
	if err := os.Link(path, held); err != nil {
		t.Fatal(err)
	}
	if err := r.Drop(k.Public().ID); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(held)
	if err != nil || len(raw) < 32 || len(bytes.Trim(raw, "\x00")) != 0 {
		t.Fatalf("the replaced file holds %x, %v; want zeros", raw, err)
	}
}

// TestVaultCuts leaves the folder as a power cut would at each step.
func TestVaultCuts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	r := mustVault(t, path)
	a, b := mustKey(t, card, ""), mustKey(t, card, "")
	if err := errors.Join(r.Add(a), r.Add(b)); err != nil {
		t.Fatal(err)
	}
	both, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", both[:20], 0o644); err != nil { // cut while writing
		t.Fatal(err)
	}
	if err := os.Link(path, path+".old"); err != nil { // cut before the rename
		t.Fatal(err)
	}
	r = mustVault(t, path)
	if !r.Has(a.Public().ID) || !r.Has(b.Public().ID) {
		t.Fatal("a cut before the replacement lost keys")
	}
	if err := r.Drop(a.Public().ID); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".old", both, 0o600); err != nil { // cut before the overwriting
		t.Fatal(err)
	}
	held, err := os.OpenFile(path+".old", os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	r = mustVault(t, path)
	if r.Has(a.Public().ID) || !r.Has(b.Public().ID) {
		t.Fatal("a cut after the replacement brought a dropped key back, or lost one")
	}
	raw := make([]byte, len(both))
	if _, err := held.ReadAt(raw, 0); err != nil || len(bytes.Trim(raw, "\x00")) != 0 {
		t.Fatal("what was replaced before the cut was not overwritten")
	}
}

func TestGrant(t *testing.T) {
	a, b := NewVault(), NewVault()
	k, other := mustKey(t, card, "2027-02-28"), mustKey(t, dossier, "")
	if err := errors.Join(a.Add(k), a.Add(other)); err != nil {
		t.Fatal(err)
	}
	raw, err := a.Export(k.Public().ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Import(raw)
	if err != nil || len(got) != 1 || got[0].ID != k.Public().ID || b.Has(other.Public().ID) {
		t.Fatalf("imported %v, %v; want the one key granted", got, err)
	}
	if _, err := b.Export(other.Public().ID); !errors.Is(err, ErrNotForUs) {
		t.Fatalf("export of a key not held: %v, want ErrNotForUs", err)
	}
	if err := a.Add(PrivateKey{}); !errors.Is(err, ErrFormat) {
		t.Fatalf("add of an empty key: %v, want ErrFormat", err)
	}
	for _, x := range []struct {
		a    record.Audience
		date string
	}{{"all", ""}, {card, "28 Feb"}} {
		if _, err := GenerateKey(x.a, x.date); !errors.Is(err, ErrFormat) {
			t.Errorf("key for %q %q: %v, want ErrFormat", x.a, x.date, err)
		}
	}
}

func TestVaultDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	if err := mustVault(t, path).Add(mustKey(t, card, "")); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		raw  []byte
		want error
	}{
		"newer":     {append([]byte{good[0], 2}, good[2:]...), ErrNewer},
		"cut":       {good[:len(good)-1], ErrFormat},
		"extended":  {append(bytes.Clone(good), 0), ErrFormat},
		"empty":     {nil, ErrFormat},
		"too large": {make([]byte, maxGrant+1), ErrFormat},
	} {
		if err := os.WriteFile(path, x.raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenVault(path, VaultOptions{}); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, x.raw) {
			t.Errorf("%s: the file was touched", name)
		}
	}
}

// TestAdopt takes over the keyring of an earlier release, once, and leaves one
// that it cannot read as it is.
func TestAdopt(t *testing.T) {
	dir := t.TempDir()
	ring := filepath.Join(dir, "audience.keys")
	v := mustVault(t, filepath.Join(dir, "vault"))
	if err := v.AdoptKeyring(ring); err != nil {
		t.Fatalf("no keyring: %v", err)
	}
	k := mustKey(t, card, "")
	good, err := encodeGrant([]PrivateKey{k})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		raw  []byte
		want error
	}{
		{append([]byte{good[0], 2}, good[2:]...), ErrNewer},
		{good[:len(good)-1], ErrFormat},
		{make([]byte, len(good)), ErrFormat},
	} {
		if err := os.WriteFile(ring, x.raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := v.AdoptKeyring(ring); !errors.Is(err, x.want) {
			t.Errorf("damaged keyring: %v, want %v", err, x.want)
		}
		if after, _ := os.ReadFile(ring); !bytes.Equal(after, x.raw) {
			t.Error("a keyring that cannot be read was touched")
		}
	}
	if err := os.WriteFile(ring, good, 0o600); err != nil {
		t.Fatal(err)
	}
	held := filepath.Join(dir, "held")
	if err := os.Link(ring, held); err != nil {
		t.Fatal(err)
	}
	if err := v.AdoptKeyring(ring); err != nil || !v.Has(k.Public().ID) {
		t.Fatalf("taken over: %v, %v", v.Has(k.Public().ID), err)
	}
	if raw, err := os.ReadFile(held); err != nil || len(bytes.Trim(raw, "\x00")) != 0 {
		t.Errorf("the old keyring holds %x, %v; want zeros", raw, err)
	}
	if !mustVault(t, filepath.Join(dir, "vault")).Has(k.Public().ID) {
		t.Error("the key taken over is not durable")
	}
}

func TestDateOf(t *testing.T) {
	v := NewVault()
	for _, date := range []string{"", "2026-12-24"} {
		k, err := GenerateKey(record.CardAudience, date)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := v.DateOf(k.Public().ID); ok {
			t.Errorf("%q of a key that is not held", got)
		}
		if err := v.Add(k); err != nil {
			t.Fatal(err)
		}
		if got, ok := v.DateOf(k.Public().ID); !ok || got != date {
			t.Errorf("got %q, %v, want %q", got, ok, date)
		}
	}
}
