package seal

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal/sealtest"
)

func cheapVault(t testing.TB, path string, passphrase string) *Vault {
	t.Helper()
	v, err := OpenVault(path, VaultOptions{KDF: cheap, Passphrase: []byte(passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestPIN is a day with a warden's handheld: names are locked at the start,
// all that needs no name works, and the PIN unlocks the rest.
func TestPIN(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	v := cheapVault(t, path, "")
	before, granted, dying := mustKey(t, card, DateOf(until)), mustKey(t, card, DateOf(until+1)), mustKey(t, card, DateOf(until-1))
	if err := errors.Join(v.Add(before, dying), v.SetPIN([]byte("123456"))); err != nil {
		t.Fatal(err)
	}
	if !v.HasPIN() || v.NamesLocked() {
		t.Fatal("names are locked by the one who set the PIN")
	}
	if _, err := v.Export(before.pub.ID); err != nil {
		t.Fatal(err)
	}
	desk := NewVault()
	if err := desk.Add(granted); err != nil {
		t.Fatal(err)
	}
	grant, err := desk.Export(granted.pub.ID)
	if err != nil {
		t.Fatal(err)
	}

	v = cheapVault(t, path, "")
	if !v.NamesLocked() {
		t.Fatal("names are unlocked after a start")
	}
	if _, err := v.Import(grant); err != nil {
		t.Fatalf("grant while locked: %v", err)
	}
	l := mustLock(t, v, until, "", "x")
	if err := errors.Join(v.Renew(until), v.Retire(until), v.Expire(until-1)); err != nil {
		t.Fatalf("shred and expire while locked: %v", err)
	}
	if _, err := v.Unlock(until, nil, l); !errors.Is(err, ErrShredded) {
		t.Errorf("shredded while locked: %v", err)
	}
	if _, err := v.Export(before.pub.ID); !errors.Is(err, ErrLocked) {
		t.Errorf("export while locked: %v, want ErrLocked", err)
	}
	if err := v.SetPIN([]byte("000000")); !errors.Is(err, ErrLocked) {
		t.Errorf("change of the PIN while locked: %v, want ErrLocked", err)
	}
	for range 2 { // also after a start
		if !v.Has(before.pub.ID) || !v.Has(granted.pub.ID) || v.Has(dying.pub.ID) || len(v.Public()) != 2 {
			t.Fatal("locked: the keys held are not those granted and not expired")
		}
		v = cheapVault(t, path, "")
	}
	for i := 1; i <= 12; i++ {
		if err := v.UnlockNames([]byte("123457")); !errors.Is(err, ErrPIN) || !v.NamesLocked() {
			t.Fatalf("wrong PIN: %v, want ErrPIN", err)
		}
		want := map[int]time.Duration{3: 0, 4: time.Second, 5: 2 * time.Second, 12: 256 * time.Second}
		if n, wait := v.PINWait(); n != i || (i == 3 || i == 4 || i == 5 || i == 12) && wait != want[i] {
			t.Errorf("after %d wrong PINs: %d, %v", i, n, wait)
		}
	}
	v.wrong.Store(1 << 20)
	if _, wait := v.PINWait(); wait != 5*time.Minute {
		t.Errorf("after very many wrong PINs: %v", wait)
	}
	if err := v.UnlockNames([]byte("123456")); err != nil || v.NamesLocked() {
		t.Fatal(err)
	}
	if n, wait := v.PINWait(); n != 0 || wait != 0 {
		t.Errorf("after the right PIN: %d, %v", n, wait)
	}
	raw, err := v.Export(before.pub.ID, granted.pub.ID)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := encodeGrant([]PrivateKey{before, granted})
	if !bytes.Equal(raw, want) {
		t.Error("the unlocked keys are not those that were locked")
	}

	if err := v.SetPIN([]byte("999999")); err != nil {
		t.Fatal(err)
	}
	v.LockNames()
	if err := v.UnlockNames([]byte("123456")); !errors.Is(err, ErrPIN) {
		t.Errorf("the old PIN: %v, want ErrPIN", err)
	}
	if err := v.UnlockNames([]byte("999999")); err != nil {
		t.Fatal(err)
	}
	if err := v.SetPIN(nil); err != nil || v.HasPIN() {
		t.Fatal(err)
	}
	v.LockNames() // does nothing
	if v = cheapVault(t, path, ""); v.NamesLocked() || !v.Has(granted.pub.ID) {
		t.Error("without a PIN again, names are locked or a key is lost")
	}
	if err := v.UnlockNames([]byte("any")); err != nil {
		t.Errorf("without a PIN: %v", err)
	}
}

// TestPINOnDisk finds no deadline key on the disk, before and after a grant.
func TestPINOnDisk(t *testing.T) {
	d := sealtest.NewDisk()
	v := mustOpen(t, d, "")
	k, granted := mustKey(t, card, DateOf(until)), mustKey(t, card, DateOf(until))
	if err := v.Add(k); err != nil {
		t.Fatal(err)
	}
	if !d.Holds(privateRaw(t, k)) {
		t.Fatal("the search finds nothing that is there")
	}
	if err := v.SetPIN([]byte("123456")); err != nil {
		t.Fatal(err)
	}
	v.LockNames()
	if err := v.Add(granted); err != nil {
		t.Fatal(err)
	}
	for _, k := range []PrivateKey{k, granted} {
		if d.Holds(privateRaw(t, k)) {
			t.Error("a deadline key lies on the disk in clear, though there is a PIN")
		}
		if h := v.cur.Load().keys[k.pub.ID]; h.open.key != nil {
			t.Error("a deadline key is in memory, though names are locked")
		}
	}
}

// TestDamagedBox damages one key's box: the others unlock.
func TestDamagedBox(t *testing.T) {
	a, b := mustKey(t, card, DateOf(until)), mustKey(t, card, DateOf(until+1))
	v := newVault("", VaultOptions{KDF: cheap})
	if err := errors.Join(v.Add(a, b), v.SetPIN([]byte("1"))); err != nil {
		t.Fatal(err)
	}
	good := v.cur.Load().keys[a.pub.ID]
	for _, i := range []int{0, encSize - 1, encSize, len(good.box) - 1} {
		v.LockNames()
		h := good
		h.open, h.box = PrivateKey{}, slices.Clone(good.box)
		h.box[i] ^= 1
		v.cur.Load().keys[a.pub.ID] = h
		if err := v.UnlockNames([]byte("1")); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Export(a.pub.ID); !errors.Is(err, ErrAltered) {
			t.Errorf("damaged box: %v, want ErrAltered", err)
		}
		if _, err := v.Export(b.pub.ID); err != nil {
			t.Errorf("the box beside it: %v", err)
		}
	}
	v.LockNames()
	h := v.cur.Load().keys[b.pub.ID]
	h.box = good.box
	v.cur.Load().keys[b.pub.ID] = h
	if err := v.UnlockNames([]byte("1")); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Export(b.pub.ID); !errors.Is(err, ErrAltered) {
		t.Errorf("another key's box: %v, want ErrAltered", err)
	}
}

func TestPassphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	wantOpen := func(passphrase string, want error) {
		t.Helper()
		_, err := OpenVault(path, VaultOptions{KDF: cheap, Passphrase: []byte(passphrase)})
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Fatalf("open with %q: %v, want %v", passphrase, err, want)
		}
	}
	v := cheapVault(t, path, "one")
	k := mustKey(t, card, DateOf(until))
	l := mustLock(t, v, until, "", "x")
	if err := v.Add(k); err != nil {
		t.Fatal(err)
	}
	wantOpen("", ErrPassphrase)
	wantOpen("two", ErrPassphrase)
	v = cheapVault(t, path, "one")
	wantUnlock(t, v, until, "", l, "x")
	if err := v.SetPassphrase([]byte("two")); err != nil {
		t.Fatal(err)
	}
	wantOpen("one", ErrPassphrase)
	v = cheapVault(t, path, "two")
	if err := errors.Join(v.SetPIN([]byte("1234")), v.SetPassphrase(nil)); err != nil || v.HasPassphrase() {
		t.Fatal(err)
	}
	wantOpen("", nil)
	// A file in clear is put under the passphrase with which it is opened.
	if v = cheapVault(t, path, "three"); !v.HasPassphrase() || !v.NamesLocked() {
		t.Fatal("opened with a passphrase, the file is without one")
	}
	wantOpen("", ErrPassphrase)
	v = cheapVault(t, path, "three")
	if err := v.UnlockNames([]byte("1234")); err != nil || !v.Has(k.pub.ID) {
		t.Fatal(err)
	}
	wantUnlock(t, v, until, "", l, "x")
}

// TestDamage flips every bit of a vault's file, with a passphrase and without:
// damage is told from a wrong passphrase, and no key is taken for another.
func TestDamage(t *testing.T) {
	v := newVault("", VaultOptions{KDF: cheap})
	mustLock(t, v, until, "", "x")
	if err := v.Add(mustKey(t, card, "")); err != nil {
		t.Fatal(err)
	}
	for _, pass := range []string{"", "p"} {
		if err := v.SetPassphrase([]byte(pass)); err != nil {
			t.Fatal(err)
		}
		raw, err := sealFile(v.cur.Load())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 * len(raw) {
			bad := bytes.Clone(raw)
			bad[i/8] ^= 1 << (i % 8)
			if _, err := openFile(bad, []byte(pass)); !errors.Is(err, ErrFormat) && !errors.Is(err, ErrNewer) {
				t.Errorf("bit %d: %v, want ErrFormat or ErrNewer", i, err)
			}
		}
		if _, err := openFile(raw, []byte(pass)); err != nil {
			t.Error(err)
		}
	}
}

// TestForgedFile has a right sum and a wrong cost or salt: the passphrase
// does not open it.
func TestForgedFile(t *testing.T) {
	v := newVault("", VaultOptions{KDF: cheap})
	if err := v.SetPassphrase([]byte("p")); err != nil {
		t.Fatal(err)
	}
	raw, err := sealFile(v.cur.Load())
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		edit func(*wireFile)
		want error
	}{
		"untouched":    {func(*wireFile) {}, nil},
		"salt":         {func(w *wireFile) { w.KDF.Salt[0] ^= 1 }, ErrPassphrase},
		"passes":       {func(w *wireFile) { w.KDF.Time++ }, ErrPassphrase},
		"memory":       {func(w *wireFile) { w.KDF.Memory++ }, ErrPassphrase},
		"body":         {func(w *wireFile) { w.Body[40] ^= 1 }, ErrPassphrase},
		"no body":      {func(w *wireFile) { w.Body = []byte{} }, ErrPassphrase},
		"short salt":   {func(w *wireFile) { w.KDF.Salt = w.KDF.Salt[1:] }, ErrFormat},
		"great cost":   {func(w *wireFile) { w.KDF.Memory = 1 << 30 }, ErrFormat},
		"no salt":      {func(w *wireFile) { w.KDF.Salt = []byte{} }, ErrFormat},
		"not in clear": {func(w *wireFile) { w.KDF = wireKDF{Salt: []byte{}} }, ErrFormat},
	} {
		w, err := decodeFile(raw)
		if err != nil {
			t.Fatal(err)
		}
		x.edit(&w)
		w.Sum = w.sum()
		if _, err := openFile(encode(w), []byte("p")); !errors.Is(err, x.want) || x.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
}

// TestGrantBits flips every bit of a grant. It has no seal of its own, the
// stream that it comes by has; so a flip may make another key, but never one
// that passes for the key granted.
func TestGrantBits(t *testing.T) {
	k := mustKey(t, card, DateOf(until))
	raw, err := encodeGrant([]PrivateKey{k})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(raw) {
		bad := bytes.Clone(raw)
		bad[i/8] ^= 1 << (i % 8)
		v := NewVault()
		got, err := v.Import(bad)
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrNewer) {
				t.Errorf("bit %d: %v", i, err)
			}
			continue
		}
		if v.Has(k.pub.ID) || len(got) != 1 || got[0].Check() != nil {
			t.Errorf("bit %d: imported %v as the key granted", i, got)
		}
	}
}

// BenchmarkUnlockNames has the keys of a desk: two audiences, 92 dates.
func BenchmarkUnlockNames(b *testing.B) {
	v := NewVault()
	for i := range 92 {
		for _, a := range []record.Audience{card, dossier} {
			if err := v.Add(mustKey(b, a, DateOf(until+record.Day(i)))); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := v.SetPIN([]byte("123456")); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		v.LockNames()
		if err := v.UnlockNames([]byte("123456")); err != nil {
			b.Fatal(err)
		}
	}
}
