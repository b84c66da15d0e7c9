package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/expiry"
	"github.com/upprop/upprop/node/visits"
)

// openSecrets opens the vault's file, and takes over the keyring that earlier
// releases wrote.
func openSecrets(f Folder, o seal.VaultOptions) (*seal.Vault, error) {
	s, err := seal.OpenVault(f.vault(), o)
	if err != nil {
		return nil, err
	}
	return s, s.AdoptKeyring(f.keyring())
}

func (n *Node) openSecrets() (err error) {
	o := seal.VaultOptions{FS: n.cfg.VaultFS, KDF: n.cfg.VaultKDF, Passphrase: n.cfg.Passphrase}
	if n.ring, err = openSecrets(n.folder, o); err == nil {
		err = n.openLetters(o)
	}
	n.cfg.Passphrase = nil // the caller may clear it
	if err != nil {
		return err
	}
	return n.missVault()
}

// openExpiry makes the rule by which keys die; nothing does before Run.
func (n *Node) openExpiry() (err error) {
	n.expiry, err = expiry.Open(expiry.Config{
		Keys: datedKeys{n.ring}, Keeper: expiryKeeper{n.store}, Word: n.word, Now: n.cfg.Now, Logger: n.log,
		Heard:    func() record.Day { return n.exchange.Horizon(n.agreeing) },
		Earliest: n.earliest,
	})
	return err
}

// word is what other clocks say of ours.
func (n *Node) word() expiry.Word {
	if n.mesh == nil {
		return expiry.Silence
	}
	return expiry.WordOf(n.mesh.Freshness(), n.cfg.Now())
}

// earliest is the earliest date that another clock shows, of those heard now.
func (n *Node) earliest() record.Day {
	if n.mesh == nil {
		return 0
	}
	return expiry.Earliest(n.mesh.Freshness(), n.cfg.Now())
}

// datedKeys are the keys that die on a date.
type datedKeys struct{ *seal.Vault }

// Oldest implements expiry.Keys.
func (k datedKeys) Oldest() (record.Day, bool) {
	if days := k.Expirable(); len(days) > 0 {
		return days[0], true
	}
	return 0, false
}

var keyExpiry = []byte("n/expiry")

// expiryKeeper keeps what the rule of expiry remembers.
type expiryKeeper struct{ store.Store }

func (k expiryKeeper) Load() (s expiry.State, err error) {
	b, err := k.Get(keyExpiry)
	if errors.Is(err, store.ErrNotFound) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	return s, err
}

func (k expiryKeeper) Save(s expiry.State) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return put(k.Store, keyExpiry, b)
}

// locker locks key records for rest in the vault, none of dates that are over.
type locker struct {
	*seal.Vault
	expiry *expiry.Runner
}

var _ crdt.Locker = locker{}

// Dead reports whether the keys of a date have died here.
func (l locker) Dead(date record.Day) bool { return date <= l.expiry.Horizon() }

// Lock implements crdt.Locker.
func (l locker) Lock(date record.Day, ad, plain []byte) ([]byte, error) {
	if l.Dead(date) {
		return nil, fmt.Errorf("keys of %s: %w", date, crdt.ErrExpired)
	}
	b, err := l.Vault.Lock(date, ad, plain)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		err = fmt.Errorf("%w: %w", store.ErrFull, err)
	case errors.Is(err, seal.ErrWrite), errors.Is(err, seal.ErrFull):
		err = fmt.Errorf("%w: %w", visits.ErrNotKept, err)
	}
	return b, err
}

// Unlock implements crdt.Locker.
func (l locker) Unlock(date record.Day, ad, locked []byte) ([]byte, error) {
	b, err := l.Vault.Unlock(date, ad, locked)
	return b, lost(err)
}

// Renew implements crdt.Locker.
func (l locker) Renew(date record.Day) error { return lost(l.Vault.Renew(date)) }

// Retire implements crdt.Locker.
func (l locker) Retire(date record.Day) error { return lost(l.Vault.Retire(date)) }

// lost says in the replica's words that a bucket key is gone. A vault that was
// put back from an old copy, or begun anew, may number a new key as one that it
// had lost: what that does not open it never will.
func lost(err error) error {
	if errors.Is(err, seal.ErrShredded) || errors.Is(err, seal.ErrAltered) {
		return fmt.Errorf("%w: %w", crdt.ErrExpired, err)
	}
	return err
}

var keyConfirmed, keyDated = []byte("n/erasures-known"), []byte("n/dated-since")

// timeKeeper keeps one time; zero: it has not been saved.
type timeKeeper struct {
	store.Store
	key []byte
}

func (k timeKeeper) load() (t time.Time, err error) {
	b, err := k.Get(k.key)
	if errors.Is(err, store.ErrNotFound) {
		return t, nil
	}
	if err == nil {
		err = t.UnmarshalBinary(b)
	}
	return t, err
}

func (k timeKeeper) save(t time.Time) error {
	b, err := t.MarshalBinary()
	if err != nil {
		return err
	}
	return put(k.Store, k.key, b)
}

// confirmedKeeper implements privacy.Keeper.
type confirmedKeeper struct{ store.Store }

func (k confirmedKeeper) LoadConfirmed() (time.Time, error) {
	return timeKeeper{k.Store, keyConfirmed}.load()
}

func (k confirmedKeeper) SaveConfirmed(t time.Time) error {
	return timeKeeper{k.Store, keyConfirmed}.save(t)
}
