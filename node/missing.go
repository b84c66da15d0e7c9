package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/doctor"
)

// missing is what this node remembers of its vault file.
type missing struct {
	// Made: the file was there once. Since is when it was found missing.
	Made  bool      `json:"made"`
	Since time.Time `json:"since"`
}

var keyVaultMark = []byte("n/vault")

// missVault says aloud that a vault file which was there is missing. The node
// runs all the same, on an empty one: it takes people in, shreds and syncs.
func (n *Node) missVault() error {
	v, err := n.store.Get(keyVaultMark)
	if err == nil {
		err = json.Unmarshal(v, &n.missing)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read what is known of the vault: %w", err)
	}
	if err := n.ring.Untidy(); err != nil {
		n.log.Error("keys that were replaced could not be overwritten; tried again every minute", "err", err)
	}
	before := n.missing
	switch {
	case before.Made && n.ring.Fresh():
		n.missing.Since = n.cfg.Now().UTC()
		n.log.Error("the file with this node's keys is missing and an empty one was made: put it back, or see `upprop doctor`", "file", n.folder.vault())
	case before.Made && !before.Since.IsZero():
		n.log.Warn("the file with this node's keys was missing at an earlier start: see `upprop doctor`", "since", before.Since)
	}
	if err := n.ring.Make(); err != nil {
		n.log.Error("the file with this node's keys could not be made; tried again when it is needed", "err", err)
		return nil
	}
	if n.missing.Made = true; n.missing != before {
		if err := n.saveMissing(); err != nil {
			n.log.Error("what is known of the vault could not be saved", "err", err)
		}
	}
	return nil
}

func (n *Node) saveMissing() error {
	v, err := json.Marshal(n.missing)
	if err != nil {
		return err
	}
	return put(n.store, keyVaultMark, v)
}

// foundVault forgets that the vault was missing, at a start that finds the file
// and with it all that this node should hold.
func (n *Node) foundVault() {
	if n.missing.Since.IsZero() || n.ring.Fresh() || n.VaultFacts().Lacking > 0 {
		return
	}
	n.missing.Since = time.Time{}
	if err := n.saveMissing(); err != nil {
		n.log.Error("what is known of the vault could not be saved", "err", err)
	}
}

// KeysUntil is the last date for which there are keys to seal to; zero: not
// known.
func (n *Node) KeysUntil() record.Day { return access.Until(n.vault.known()) }

// VaultFacts is what became of the vault file, for the doctor.
func (n *Node) VaultFacts() doctor.Vault {
	f := doctor.Vault{Missing: n.missing.Since}
	if err := n.ring.Untidy(); err != nil {
		f.Untidy = err.Error()
	}
	if f.Missing.IsZero() {
		return f
	}
	lacking := n.vault.Lacking(access.Audiences(n.Self().Role))
	gone := access.Gone(n.vault.known())
	f.Lacking = len(lacking)
	for _, id := range lacking {
		if !gone[id] {
			f.Standing++
		}
	}
	return f
}

// runTidy overwrites replaced keys that could not be overwritten at once, since
// the disk failed or was full.
func (n *Node) runTidy(ctx context.Context) error {
	tick := time.NewTicker(tidyEach)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if n.ring.Untidy() != nil && n.ring.Tidy() == nil {
			n.log.Info("keys that were replaced are overwritten")
		}
	}
}

// tidyEach is how often that is tried.
const tidyEach = time.Minute
