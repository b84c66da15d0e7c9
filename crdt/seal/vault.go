package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"weak"
)

// Vault holds the secrets of a node that must be able to die: the bucket keys
// under which key records rest, and the private deadline keys of the node's
// audiences. It is one small file outside the database. Every change is
// durable, and what it replaced overwritten, when its method returns nil; when
// a method returns an error, the vault in memory is unchanged and the call may
// be repeated. It prints as [withheld]. Safe for concurrent use: what only
// reads never waits for the disk.
type Vault struct {
	path string // "": in memory only
	fs   FS
	kdf  KDF

	// untidy is why what was replaced lies on the disk still; nil: it does not.
	untidy atomic.Pointer[error]

	// fresh: no file was there when the vault was opened.
	fresh bool

	// write serialises changes; cur is replaced whole by each.
	write sync.Mutex
	cur   atomic.Pointer[state]
	// unsure: a write failed, so the file may hold the state before or after
	// it. The next change writes even when there is nothing to change.
	unsure atomic.Bool
	// doubt is the last date whose bucket keys such a write was to destroy.
	doubt atomic.Int64

	// pinMu admits one guess at the PIN at a time.
	pinMu sync.Mutex
	wrong atomic.Int32

	openersMu sync.Mutex
	openers   []weak.Pointer[Opener]
}

// VaultOptions say how to open a vault; the zero value opens one on the
// machine's disk without a passphrase. It prints as [withheld].
type VaultOptions struct {
	// FS is the disk; nil: OSFS.
	FS FS
	// Passphrase opens the whole file. A file without one is put under it
	// before OpenVault returns. Empty: none.
	Passphrase []byte
	// KDF is what a new PIN or passphrase costs; zero: DefaultKDF.
	KDF KDF
}

// NewVault is an empty vault in memory only, for nodes without a folder and
// for tests.
func NewVault() *Vault { return newVault("", VaultOptions{}) }

func newVault(path string, o VaultOptions) *Vault {
	v := &Vault{path: path, fs: o.FS, kdf: o.KDF}
	if v.fs == nil {
		v.fs = OSFS()
	}
	if v.kdf == (KDF{}) {
		v.kdf = DefaultKDF
	}
	v.cur.Store(newState())
	return v
}

// OpenVault reads the vault in the file, which need not exist yet; its folder
// must. It finishes the overwriting that a power cut interrupted; where it
// cannot, Untidy says so. A file that cannot be read is not touched. One process may have a vault open. Errors:
// ErrPassphrase, ErrNewer, ErrFormat, or what the file system says.
func OpenVault(path string, o VaultOptions) (*Vault, error) {
	v := newVault(path, o)
	if err := v.load(o.Passphrase); err != nil {
		return nil, fmt.Errorf("open vault %s: %w", path, err)
	}
	return v, nil
}

func (v *Vault) load(passphrase []byte) error {
	raw, err := v.fs.Read(v.path, maxVaultFile+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.fresh = true
	case err != nil:
		return err
	default:
		s, err := openFile(raw, passphrase)
		clear(raw)
		if err != nil {
			return err
		}
		v.cur.Store(s)
	}
	if err := eraseLeftovers(v.fs, v.path); err != nil {
		if _, there := v.fs.Same(oldName(v.path), oldName(v.path)); v.fresh && there == nil {
			return fmt.Errorf("erase what was replaced: %w", err) // it may be the only copy
		}
		v.untidy.Store(&err)
	}
	if len(passphrase) > 0 && v.cur.Load().pass == nil {
		return v.SetPassphrase(passphrase)
	}
	return nil
}

// Untidy says why what was replaced in the vault's file lies on the disk still,
// or nil. Secrets that were to be destroyed may be in it.
func (v *Vault) Untidy() error {
	if err := v.untidy.Load(); err != nil {
		return *err
	}
	return nil
}

// Tidy tries once more to overwrite what was replaced, or was never put in place,
// where it could not be when the vault was opened or changed. Nothing can be
// changed in the vault before.
func (v *Vault) Tidy() error {
	v.write.Lock()
	defer v.write.Unlock()
	if v.Untidy() == nil {
		return nil
	}
	if err := eraseLeftovers(v.fs, v.path); err != nil {
		v.untidy.Store(&err)
		return fmt.Errorf("erase what was replaced: %w", err)
	}
	v.untidy.Store(nil)
	return nil
}

// Fresh reports whether there was no file when the vault was opened, so that it
// began empty.
func (v *Vault) Fresh() bool { return v.fresh }

// Make writes the file of a vault that began empty, so that one that is missing
// later is noticed. Where the file is there it does nothing.
func (v *Vault) Make() error {
	if !v.fresh {
		return nil
	}
	return v.change("make vault", func(*state) (bool, error) { return true, nil })
}

// change replaces the state by an edited copy, durably. edit reports whether
// it has changed anything; it must not wait for anything but the processor.
func (v *Vault) change(what string, edit func(*state) (bool, error)) error {
	v.write.Lock()
	defer v.write.Unlock()
	old := v.cur.Load()
	next := old.clone()
	changed, err := edit(next)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !changed && !v.unsure.Load() {
		return nil
	}
	if v.path != "" {
		raw, err := sealFile(next)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		err = replaceFile(v.fs, v.path, raw)
		clear(raw)
		if err != nil {
			v.unsure.Store(true)
			if leftovers(v.fs, v.path) {
				v.untidy.Store(&err)
			}
			// Bucket keys that were to go may be gone from the file, or not.
			for date := range old.buckets {
				if len(next.buckets[date]) == 0 {
					v.doubt.Store(max(v.doubt.Load(), int64(date)))
				}
			}
			return fmt.Errorf("%s: %w: %w", what, ErrWrite, err)
		}
		v.unsure.Store(false)
		v.untidy.Store(nil)
	}
	v.install(next)
	return nil
}

// install makes a state the current one and clears what it no longer holds.
// The caller holds v.write.
func (v *Vault) install(next *state) {
	old := v.cur.Swap(next)
	old.clearAllBut(next)
	v.openersMu.Lock()
	defer v.openersMu.Unlock()
	live := v.openers[:0]
	for _, w := range v.openers {
		if o := w.Value(); o != nil {
			o.forgetLost()
			live = append(live, w)
		}
	}
	v.openers = live
}

func (v *Vault) watch(o *Opener) {
	v.openersMu.Lock()
	defer v.openersMu.Unlock()
	v.openers = append(v.openers, weak.Make(o))
}
