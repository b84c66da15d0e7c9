package nodetest

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
)

// What a thief reads from a file of keys is what is in it.
func TestLootIsWhatTheVaultHolds(t *testing.T) {
	h := &House{dir: t.TempDir(), derived: derived{}}
	if l, err := h.stolen(); err != nil || len(l.keys) != 0 || l.unlocks(1, nil, make([]byte, 64)) {
		t.Fatal("there is something in a file that is not there:", err)
	}
	v, err := seal.OpenVault(filepath.Join(h.dir, "vault.keys"), seal.VaultOptions{KDF: seal.KDF{Time: 1, Memory: 8, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, date := range []string{"", "2026-12-01"} {
		k, err := seal.GenerateKey(record.CardAudience, date)
		if err == nil {
			err = v.Add(k)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	day, ad := record.Day(20800), []byte("of a visit")
	old, err := v.Lock(day, ad, []byte("a wrapped key"))
	if err != nil {
		t.Fatal(err)
	}
	compare := func(what string, opens, unfinished bool) {
		t.Helper()
		h.loot = nil
		l, err := h.stolen()
		if err != nil {
			t.Fatal(what, err)
		}
		same := func(a, b seal.PublicKey) bool { return a.ID == b.ID && a.Audience == b.Audience && a.Date == b.Date }
		if !slices.EqualFunc(l.keys, v.Public(), same) {
			t.Errorf("%s: %d keys, and there are %d", what, len(l.keys), len(v.Public()))
		}
		if l.unlocks(day, ad, old) != opens || l.unlocks(day, []byte("of another"), old) || l.unlocks(day+1, ad, old) {
			t.Errorf("%s: the record is opened where it must not be, or not where it can", what)
		}
		if !slices.Equal(l.unfinished, v.Unfinished()) || len(l.unfinished) > 0 != unfinished {
			t.Errorf("%s: unfinished are %v", what, l.unfinished)
		}
	}
	compare("at first", true, false)
	if err := v.SetPIN([]byte("4711")); err != nil {
		t.Fatal(err)
	}
	compare("under a PIN", true, false)
	if err := v.Renew(day); err != nil {
		t.Fatal(err)
	}
	compare("renewed", true, true)
	if err := v.Retire(day); err != nil {
		t.Fatal(err)
	}
	compare("retired", false, false)
}
