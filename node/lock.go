package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/pin"
	"github.com/upprop/upprop/node/privacy"
)

// openPIN makes the lock on the names of a handheld.
func (n *Node) openPIN() error {
	n.pin = pin.New(pin.Config{
		Vault: n.ring, Asks: func() bool { return n.Self().Role == identity.RoleWarden },
		Act:    func(what, note string) error { return n.audit.Act(what, nil, note) },
		Locked: func() { n.visits.Forget() },
		Now:    n.cfg.Now, Logger: n.log,
	})
	return nil
}

// PIN is the lock on this device's names.
func (n *Node) PIN() *pin.Lock { return n.pin }

// Bare reports whether this device asks for a PIN and none has been chosen, and
// how many private keys it holds in clear.
func (n *Node) Bare() (bare bool, inClear int) {
	if !n.vault.bare() {
		return false, 0
	}
	return true, len(n.ring.Public())
}

// NamesChanged is closed when what Names says may have changed. Get it before
// Names.
func (n *Node) NamesChanged() <-chan struct{} { return n.gate.Changed() }

// HasPassphrase reports whether this node's keys rest under a passphrase.
func (n *Node) HasPassphrase() bool { return n.ring.HasPassphrase() }

// SetPassphrase puts this node's keys under a passphrase, or with an empty one
// under none. It is durable when it returns, and on record. The passphrase is
// the caller's, who clears it.
func (n *Node) SetPassphrase(passphrase []byte) error {
	what := "passphrase.set"
	if len(passphrase) == 0 {
		what = "passphrase.remove"
	}
	if err := n.audit.Act(what, nil, ""); err != nil {
		return err
	}
	if err := n.letters.SetPassphrase(passphrase); err != nil {
		return err
	}
	return n.ring.SetPassphrase(passphrase)
}

// SetPassphrase is that of a node that does not run, which puts it on record
// when it is started: current is what its keys rest under, empty for none, next what they shall rest under,
// empty for none. Errors: ErrNoNode, store.ErrLocked where it runs,
// seal.ErrPassphrase where current is not the one.
func SetPassphrase(dir string, current, next []byte) (err error) {
	f := Folder(dir)
	if _, err := f.load(); err != nil {
		return err
	}
	if _, err := os.Stat(f.vault()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("this node has no vault yet: start it once with `upprop run`, then try again")
	}
	// Whoever holds the database holds the folder.
	s, err := openDisk(slog.New(slog.DiscardHandler))(f.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	v, err := seal.OpenVault(f.vault(), seal.VaultOptions{Passphrase: current})
	if err != nil {
		return err
	}
	if len(next) == 0 && !v.HasPassphrase() {
		return nil
	}
	// A node that finds the two under different ones begins the letters' anew.
	if letters, err := seal.OpenVault(f.letters(), seal.VaultOptions{Passphrase: current}); err == nil {
		if err := letters.SetPassphrase(next); err != nil {
			return err
		}
	}
	what := "passphrase.set"
	if len(next) == 0 {
		what = "passphrase.remove"
	}
	// First: what is done is on record, rather than the other way round.
	if err := oweAct(s, what); err != nil {
		return fmt.Errorf("note for the record: %w", err)
	}
	return v.SetPassphrase(next)
}

// owedAct is what an operator did while the node was off.
type owedAct struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
}

var keyOwedActs = []byte("n/owed-acts")

func owedActs(s store.Store) (out []owedAct, err error) {
	b, err := s.Get(keyOwedActs)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	return out, err
}

func oweAct(s store.Store, what string) error {
	all, err := owedActs(s)
	if err != nil {
		return err
	}
	b, err := json.Marshal(append(all, owedAct{what, time.Now().UTC()}))
	if err != nil {
		return err
	}
	return put(s, keyOwedActs, b)
}

// runOwed puts on record what was done while the node was off.
func (n *Node) runOwed(ctx context.Context) error {
	all, err := owedActs(n.store)
	var acts []record.Act
	for _, a := range all {
		acts = append(acts, record.Act{
			Kind: record.ActAudit, What: a.What, By: privacy.Operator, Note: "at " + a.At.Format(time.RFC3339) + ", while it was off",
		})
	}
	for some := range slices.Chunk(acts, codec.MaxActs) {
		if err == nil {
			err = (register{n.replica}).Act(ctx, some)
		}
	}
	if err == nil && len(acts) > 0 {
		var b store.Batch
		b.Delete(keyOwedActs)
		err = n.store.Apply(&b)
	}
	if err != nil && ctx.Err() == nil {
		n.log.Error("what was done while the node was off could not be put on record; tried again at the next start", "err", err)
	}
	return nil
}
