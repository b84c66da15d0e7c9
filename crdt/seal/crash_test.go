package seal

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal/sealtest"
)

// cheap is a KDF for tests.
var cheap = KDF{Time: 1, Memory: 8, Threads: 1}

const file = "vault"

func mustOpen(t testing.TB, d FS, passphrase string) *Vault {
	t.Helper()
	v, err := OpenVault(file, VaultOptions{FS: d, KDF: cheap, Passphrase: []byte(passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// describe is everything about a vault but its random bytes.
func describe(v *Vault) string {
	s := v.cur.Load()
	out := fmt.Sprint("gen ", s.gen, " pin ", s.pin != nil, " passphrase ", s.pass != nil)
	for _, d := range v.Dates() {
		out += fmt.Sprint(" ", d)
		for _, k := range s.buckets[d] {
			out += fmt.Sprint(" #", k.gen)
		}
	}
	for _, k := range v.Public() {
		out += fmt.Sprintf(" %x", k.ID)
	}
	return out
}

// scene is a vault on a disk, what is done to it, and what must be gone from
// the disk when that is done.
type scene struct {
	name    string
	prepare func(*testing.T, *Vault)
	act     func(*Vault) error
	doomed  func(*Vault) [][]byte
	// finish is what makes an end of it; nil: act does.
	finish func(*Vault) error
	// passphrase that opens the vault after act; before, there is none.
	passphrase string
}

// rest is what is at rest in every scene.
var rest = struct{ ad, plain []byte }{[]byte("visit"), []byte("a key record")}

func bucketBytes(v *Vault, d record.Day) (out [][]byte) {
	for _, k := range v.cur.Load().buckets[d] {
		out = append(out, bytes.Clone(k.raw[:]))
	}
	return out
}

func privateBytes(v *Vault) (out [][]byte) {
	for _, h := range v.cur.Load().keys {
		raw, _ := h.open.key.Bytes()
		out = append(out, bytes.Clone(raw))
	}
	return out
}

func scenes(t testing.TB) []scene {
	k1, k2 := mustKey(t, card, DateOf(until)), mustKey(t, dossier, DateOf(until+1))
	other := NewVault()
	if err := other.Add(k1); err != nil {
		t.Fatal(err)
	}
	grant, err := other.Export(k1.pub.ID)
	if err != nil {
		t.Fatal(err)
	}
	add := func(t *testing.T, v *Vault) {
		if err := v.Add(k1, k2); err != nil {
			t.Fatal(err)
		}
	}
	lock := func(v *Vault) error {
		_, err := v.Lock(until, rest.ad, rest.plain)
		return err
	}
	return []scene{
		{name: "first lock", act: lock},
		{name: "lock of another date", prepare: add, act: func(v *Vault) error {
			_, err := v.Lock(until+keysAhead, rest.ad, rest.plain)
			return err
		}},
		{name: "renew", act: func(v *Vault) error {
			if len(v.Unfinished()) > 0 {
				return nil // the cut came after it
			}
			return v.Renew(until)
		}, doomed: func(v *Vault) [][]byte { return bucketBytes(v, until) }, finish: func(v *Vault) error { return v.Retire(until) }},
		{
			name: "retire",
			prepare: func(t *testing.T, v *Vault) {
				if err := v.Renew(until); err != nil {
					t.Fatal(err)
				}
			},
			act:    func(v *Vault) error { return v.Retire(until) },
			doomed: func(v *Vault) [][]byte { return bucketBytes(v, until)[:1] },
		},
		{
			name: "expire", prepare: add,
			act:    func(v *Vault) error { return v.Expire(until) },
			doomed: func(v *Vault) [][]byte { return append(bucketBytes(v, until), privateOf(v, k1.pub.ID)) },
		},
		{
			name: "drop", prepare: add,
			act:    func(v *Vault) error { return v.Drop(k1.pub.ID) },
			doomed: func(v *Vault) [][]byte { return [][]byte{privateOf(v, k1.pub.ID)} },
		},
		{name: "import", act: func(v *Vault) error { _, err := v.Import(grant); return err }},
		{
			name: "set PIN", prepare: add,
			act: func(v *Vault) error {
				if v.HasPIN() {
					return nil
				}
				return v.SetPIN([]byte("123456"))
			},
			doomed: privateBytes,
		},
		{
			name: "set passphrase", prepare: add, passphrase: "correct horse",
			act:    func(v *Vault) error { return v.SetPassphrase([]byte("correct horse")) },
			doomed: func(v *Vault) [][]byte { return append(bucketBytes(v, until), privateBytes(v)...) },
		},
	}
}

func privateOf(v *Vault, id KeyID) []byte {
	raw, _ := v.cur.Load().keys[id].open.key.Bytes()
	return bytes.Clone(raw)
}

// stage makes a scene's disk: the vault, what is at rest, what is doomed.
func (s scene) stage(t *testing.T) (d *sealtest.Disk, v *Vault, locked []byte, doomed [][]byte) {
	t.Helper()
	d = sealtest.NewDisk()
	v = mustOpen(t, d, "")
	if s.name != "first lock" {
		var err error
		if locked, err = v.Lock(until, rest.ad, rest.plain); err != nil {
			t.Fatal(err)
		}
	}
	if s.prepare != nil {
		s.prepare(t, v)
	}
	if s.doomed != nil {
		doomed = s.doomed(v)
	}
	return d, v, locked, doomed
}

// reopen opens what a cut has left, with the passphrase if it needs one.
func (s scene) reopen(t *testing.T, d *sealtest.Disk) *Vault {
	t.Helper()
	v, err := OpenVault(file, VaultOptions{FS: d, KDF: cheap})
	if errors.Is(err, ErrPassphrase) {
		return mustOpen(t, d, s.passphrase)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// outcome demands that a reopened vault is as before or as after, whole, and
// that the act can be brought to its end.
func (s scene) outcome(t *testing.T, where string, d *sealtest.Disk, before, after string, locked []byte, doomed [][]byte) {
	t.Helper()
	v := s.reopen(t, d)
	got := describe(v)
	if got != before && got != after {
		t.Fatalf("%s: the vault is %s; want %s or %s", where, got, before, after)
	}
	if got == before && locked != nil {
		if plain, err := v.Unlock(until, rest.ad, locked); err != nil || !bytes.Equal(plain, rest.plain) {
			t.Fatalf("%s: what rested before the cut: %q, %v", where, plain, err)
		}
	}
	if err := s.act(v); err != nil {
		t.Fatalf("%s: again: %v", where, err)
	}
	if got := describe(s.reopen(t, d)); got != after && s.passphrase == "" {
		t.Fatalf("%s: done again, the vault is %s; want %s", where, got, after)
	}
	if s.finish != nil {
		if err := s.finish(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, secret := range doomed {
		if d.Holds(secret) {
			t.Fatalf("%s: done again, what must be gone is on the disk", where)
		}
	}
	if names := d.Names(); len(names) != 1 {
		t.Fatalf("%s: files left behind: %v", where, names)
	}
}

// TestCuts cuts the power at every step of every change, and looks at every
// disk that may be found after it.
func TestCuts(t *testing.T) {
	for _, s := range scenes(t) {
		t.Run(s.name, func(t *testing.T) {
			_, v, _, _ := s.stage(t)
			before := describe(v)
			if err := s.act(v); err != nil {
				t.Fatal(err)
			}
			after := describe(v)
			disks := 0
			for n := 1; ; n++ {
				d, v, locked, doomed := s.stage(t)
				d.CutAt(n)
				err := s.act(v)
				if !d.WasCut() {
					if err != nil {
						t.Fatal(err)
					}
					for _, found := range d.Aftermaths() {
						if got := describe(s.reopen(t, found)); got != after {
							t.Fatalf("done, and lost in a cut: %s, want %s", got, after)
						}
						s.outcome(t, "done", found, after, after, nil, doomed)
					}
					if n < 10 || disks < 40 {
						t.Fatalf("only %d steps and %d disks", n, disks)
					}
					t.Logf("%d steps, %d disks", n, disks)
					return
				}
				if err == nil {
					t.Fatalf("step %d: cut, and no error", n)
				}
				if got := describe(v); got != before {
					t.Fatalf("step %d: an error changed the vault in memory to %s", n, got)
				}
				for i, found := range d.Aftermaths() {
					disks++
					s.outcome(t, fmt.Sprintf("step %d, disk %d", n, i), found, before, after, locked, doomed)
				}
			}
		})
	}
}

// TestCutsTwice cuts the power at every step of a retirement, and again at
// every step of the start after it.
func TestCutsTwice(t *testing.T) {
	s := theScene(t, "retire")
	_, v, _, _ := s.stage(t)
	before := describe(v)
	if err := s.act(v); err != nil {
		t.Fatal(err)
	}
	after := describe(v)
	for n := 1; ; n++ {
		d, v, locked, doomed := s.stage(t)
		d.CutAt(n)
		if err := s.act(v); err == nil {
			return
		}
		for i := range d.Aftermaths() {
			for m := 1; ; m++ {
				again := d.Aftermaths()[i]
				again.CutAt(m)
				_, err := OpenVault(file, VaultOptions{FS: again, KDF: cheap})
				if !again.WasCut() {
					if err != nil {
						t.Fatal(err)
					}
					break
				}
				for j, found := range again.Aftermaths() {
					s.outcome(t, fmt.Sprintf("step %d, disk %d, step %d, disk %d", n, i, m, j), found, before, after, locked, doomed)
				}
			}
		}
	}
}

// TestKill ends the process, and not the power, at every step of a retirement,
// and cuts the power at every step of the start after it.
func TestKill(t *testing.T) {
	s := theScene(t, "retire")
	_, v, _, _ := s.stage(t)
	before := describe(v)
	if err := s.act(v); err != nil {
		t.Fatal(err)
	}
	after := describe(v)
	for n := 1; ; n++ {
		for m := 1; ; m++ {
			d, v, locked, doomed := s.stage(t)
			d.CutAt(n)
			if err := s.act(v); err == nil {
				return
			}
			d.CutAt(m)
			_, err := OpenVault(file, VaultOptions{FS: d, KDF: cheap})
			cut := d.WasCut()
			if !cut && err != nil {
				t.Fatal(err)
			}
			for j, found := range d.Aftermaths() {
				s.outcome(t, fmt.Sprintf("killed at step %d, cut at %d, disk %d", n, m, j), found, before, after, locked, doomed)
			}
			if !cut {
				break
			}
		}
	}
}

func theScene(t *testing.T, name string) scene {
	t.Helper()
	for _, s := range scenes(t) {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no scene %q", name)
	return scene{}
}

// TestFailures lets every step of every change fail without a cut: the vault
// in memory is as it was, and the call can be repeated.
func TestFailures(t *testing.T) {
	for _, s := range scenes(t) {
		t.Run(s.name, func(t *testing.T) {
			for n := 1; ; n++ {
				d, v, locked, doomed := s.stage(t)
				before := describe(v)
				d.FailAt(n)
				err := s.act(v)
				d.FailAt(0)
				if err == nil {
					if n < 10 {
						t.Fatalf("only %d steps", n)
					}
					return
				}
				if got := describe(v); got != before {
					t.Fatalf("step %d: an error changed the vault in memory to %s", n, got)
				}
				if locked != nil {
					if _, err := v.Unlock(until, rest.ad, locked); err != nil {
						t.Fatalf("step %d: %v", n, err)
					}
				}
				for i, found := range d.Aftermaths() {
					s.reopen(t, found)
					if names := found.Names(); len(names) > 1 {
						t.Fatalf("step %d, disk %d: files %v", n, i, names)
					}
				}
				// What is locked now must be there after a cut, whatever the
				// failed write has left.
				for _, day := range []record.Day{until, until + 100} {
					l, err := v.Lock(day, rest.ad, rest.plain)
					if err != nil {
						t.Fatal(err)
					}
					for _, found := range d.Aftermaths() {
						if _, err := s.reopen(t, found).Unlock(day, rest.ad, l); err != nil {
							t.Fatalf("step %d: locked after a failure, lost in a cut: %v", n, err)
						}
					}
				}
				if err := s.act(v); err != nil {
					t.Fatalf("step %d: again: %v", n, err)
				}
				if got, want := describe(s.reopen(t, d)), describe(v); got != want {
					t.Fatalf("step %d: on disk %s, in memory %s", n, got, want)
				}
				if s.finish != nil {
					if err := s.finish(v); err != nil {
						t.Fatal(err)
					}
				}
				for _, secret := range doomed {
					if d.Holds(secret) {
						t.Fatalf("step %d: done again, what must be gone is on the disk", n)
					}
				}
			}
		})
	}
}

// What a failing disk leaves beside the file is told of, and goes later.
func TestTidiesLater(t *testing.T) {
	left := 0
	for _, s := range scenes(t) {
		for n := 1; ; n++ {
			d, v, _, _ := s.stage(t)
			d.FailAt(n)
			err := s.act(v)
			d.FailAt(0)
			if err == nil {
				break
			}
			if names := d.Names(); len(names) > 1 {
				left++
				if v.Untidy() == nil {
					t.Fatalf("%s, step %d: nobody is told of %v", s.name, n, names)
				}
			}
			if err := v.Tidy(); err != nil {
				t.Fatal(err)
			}
			if names := d.Names(); len(names) > 1 || v.Untidy() != nil {
				t.Fatalf("%s, step %d: %v lie there still, and it says %v", s.name, n, names, v.Untidy())
			}
		}
	}
	if left == 0 {
		t.Fatal("nothing was ever left")
	}
}

// TestAdoptCuts takes over the keyring of an earlier release, with a cut at
// every step.
func TestAdoptCuts(t *testing.T) {
	k := mustKey(t, card, "")
	raw, err := encodeGrant([]PrivateKey{k})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		d := sealtest.NewDisk()
		if err := errors.Join(d.Create("ring"), d.Write("ring", raw), d.SyncDir(".")); err != nil {
			t.Fatal(err)
		}
		v := mustOpen(t, d, "")
		d.CutAt(n)
		err := v.AdoptKeyring("ring")
		for i, found := range d.Aftermaths() {
			v := mustOpen(t, found, "")
			if err := v.AdoptKeyring("ring"); err != nil || !v.Has(k.pub.ID) {
				t.Fatalf("step %d, disk %d: %v; the key is there: %v", n, i, err, v.Has(k.pub.ID))
			}
			if names := found.Names(); len(names) != 1 || names[0] != file {
				t.Fatalf("step %d, disk %d: files %v", n, i, names)
			}
			if err := v.Drop(k.pub.ID); err != nil {
				t.Fatal(err)
			}
			if found.Holds(privateRaw(t, k)) {
				t.Fatalf("step %d, disk %d: a dropped key is on the disk", n, i)
			}
		}
		if !d.WasCut() {
			if err != nil || n < 20 {
				t.Fatalf("%d steps, %v", n, err)
			}
			return
		}
	}
}

func privateRaw(t *testing.T, k PrivateKey) []byte {
	t.Helper()
	raw, err := k.key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
