package seal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/crdt/seal/sealtest"
)

// TestFS holds the disk of the machine and the one in memory to the same
// contract.
func TestFS(t *testing.T) {
	for name, d := range map[string]FS{"machine": OSFS(), "memory": sealtest.NewDisk()} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			a, b, c := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			refused := func(what string, err, want error) {
				t.Helper()
				if !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", what, err, want)
				}
			}
			holds := func(name, want string, limit int) {
				t.Helper()
				if got, err := d.Read(name, limit); err != nil || string(got) != want {
					t.Errorf("read: %q, %v; want %q", got, err, want)
				}
			}
			same := func(x, y string, want bool) {
				t.Helper()
				if got, err := d.Same(x, y); err != nil || got != want {
					t.Errorf("same: %v, %v; want %v", got, err, want)
				}
			}
			_, err := d.Read(a, 9)
			refused("read of nothing", err, fs.ErrNotExist)
			_, err = d.Same(a, a)
			refused("same of nothing", err, fs.ErrNotExist)
			refused("write to nothing", d.Write(a, nil), fs.ErrNotExist)
			refused("blank of nothing", d.Blank(a), fs.ErrNotExist)
			refused("link of nothing", d.Link(a, b), fs.ErrNotExist)
			refused("rename of nothing", d.Rename(a, b), fs.ErrNotExist)
			refused("removal of nothing", d.Remove(a), fs.ErrNotExist)

			must(d.Create(a))
			refused("creation of what there is", d.Create(a), fs.ErrExist)
			holds(a, "", 9)
			must(d.Write(a, []byte("secret")))
			must(d.SyncDir(dir))
			holds(a, "secret", 9)
			holds(a, "sec", 3)
			must(d.Link(a, b))
			refused("link to what there is", d.Link(a, b), fs.ErrExist)
			same(a, b, true)
			_, err = d.Same(a, c)
			refused("same as nothing", err, fs.ErrNotExist)
			must(d.Create(c))
			must(d.Write(c, []byte("another")))
			same(a, c, false)
			must(d.Rename(c, a)) // over a, whose content is b's now
			holds(a, "another", 9)
			holds(b, "secret", 9)
			must(d.Blank(b))
			holds(b, "\x00\x00\x00\x00\x00\x00", 9)
			must(d.Remove(b))
			_, err = d.Read(b, 9)
			refused("read of what was removed", err, fs.ErrNotExist)
		})
	}
}

// TestOnlyCopy: when the vault's own name is gone, what lies beside it is not
// overwritten.
func TestOnlyCopy(t *testing.T) {
	d := sealtest.NewDisk()
	v := mustOpen(t, d, "")
	l := mustLock(t, v, until, "", "x")
	if err := d.Rename(file, oldName(file)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVault(file, VaultOptions{FS: d}); err == nil {
		t.Fatal("a vault whose file was moved aside opens empty")
	}
	if err := d.Rename(oldName(file), file); err != nil {
		t.Fatal(err)
	}
	wantUnlock(t, mustOpen(t, d, ""), until, "", l, "x")
}

// TestKDFBounds: no file makes this machine spend more than it may, and no
// option less than argon2id can do with.
func TestKDFBounds(t *testing.T) {
	for _, k := range []KDF{
		{0, 64, 1}, {1, 64, 0}, {65, 64, 1}, {1, 7, 1}, {1, 8, 2}, {1, 1<<20 + 1, 1}, {1, 1 << 20, 17},
	} {
		v := newVault("", VaultOptions{KDF: k})
		if err := v.SetPIN([]byte("1")); !errors.Is(err, ErrFormat) {
			t.Errorf("PIN at %+v: %v, want ErrFormat", k, err)
		}
		if err := v.SetPassphrase([]byte("1")); !errors.Is(err, ErrFormat) {
			t.Errorf("passphrase at %+v: %v, want ErrFormat", k, err)
		}
		if _, err := k.wire(newSalt()).decode(); !errors.Is(err, ErrFormat) {
			t.Errorf("file at %+v: %v, want ErrFormat", k, err)
		}
	}
	if !DefaultKDF.good() || !cheap.good() {
		t.Error("the default is out of bounds")
	}
}

func BenchmarkPINGuess(b *testing.B) {
	lock, err := newPINLock([]byte("123456"), DefaultKDF)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := lock.unlock([]byte("123457")); !errors.Is(err, ErrPIN) {
			b.Fatal(err)
		}
	}
}
