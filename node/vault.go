package node

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/visits"
)

// Settings of the campus document that the node itself reads.
const (
	settingCampusName = "campus/name"
	settingAudience   = "audience/" // audience/<audience>/<key id>: public key
)

// vault seals for the campus's audiences, and opens what this node holds
// private keys for. It fits seal to the replica's entries.
type vault struct {
	replica *crdt.Replica
	ring    *seal.Keyring
	opener  *seal.Opener
	now     func() time.Time

	// checked are the audiences' keys found well formed; a check costs as much
	// as half a seal.
	checkedMu sync.Mutex
	checked   map[record.Audience]seal.PublicKey

	// A sealer lives for one day of writing, so that the contexts which a
	// day's wraps refer to lie in that day's documents and are dropped with
	// them.
	mu     sync.Mutex
	day    record.Day
	sealer *seal.Sealer
}

func (n *Node) openVault() error {
	ring, err := seal.OpenKeyring(n.folder.keyring())
	if err != nil {
		return fmt.Errorf("open keyring: %w", err)
	}
	v := &vault{replica: n.replica, ring: ring, now: n.cfg.Now}
	v.opener = seal.NewOpener(ring, v.context)
	n.vault = v
	return nil
}

func (v *vault) context(id seal.ContextID) (seal.Context, bool) {
	b, ok := v.replica.Context(id[:])
	if !ok {
		return seal.Context{}, false
	}
	c, err := seal.DecodeContext(b)
	return c, err == nil
}

// public is the campus's key of an audience: of several, the one with the
// lowest id.
func (v *vault) public(a record.Audience) (seal.PublicKey, bool) {
	prefix := settingAudience + string(a) + "/"
	for _, s := range v.replica.Settings(prefix) {
		id, err := hex.DecodeString(s.Key[len(prefix):])
		if err != nil || len(id) != len(seal.KeyID{}) {
			continue
		}
		k := seal.PublicKey{ID: seal.KeyID(id), Audience: a, Bytes: s.Value.Bytes()}
		if v.wellFormed(k) {
			return k, true
		}
	}
	return seal.PublicKey{}, false
}

// wellFormed remembers the last key of an audience that it has found so.
func (v *vault) wellFormed(k seal.PublicKey) bool {
	v.checkedMu.Lock()
	defer v.checkedMu.Unlock()
	if old, ok := v.checked[k.Audience]; ok && old.ID == k.ID && bytes.Equal(old.Bytes, k.Bytes) {
		return true
	}
	if k.Check() != nil {
		return false
	}
	if v.checked == nil {
		v.checked = map[record.Audience]seal.PublicKey{}
	}
	v.checked[k.Audience] = k
	return true
}

func (v *vault) today() *seal.Sealer {
	v.mu.Lock()
	defer v.mu.Unlock()
	if day := record.DayOf(v.now()); v.sealer == nil || day != v.day {
		v.day, v.sealer = day, seal.NewSealer(v.public, v.now)
	}
	return v.sealer
}

// Seal implements visits.Vault.
func (v *vault) Seal(visit record.VisitID, version uint32, parts map[record.Audience][]byte) ([]record.SealedEntry, func(), error) {
	sealer := v.today()
	s, err := sealer.Seal(visit, version, parts)
	if errors.Is(err, seal.ErrNoKey) {
		return nil, nil, fmt.Errorf("%w: %w", visits.ErrNoKeys, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("seal particulars: %w", err)
	}
	var out []record.SealedEntry
	for _, c := range s.Contexts {
		out = append(out, record.SealedEntry{Kind: record.ContextPut, Context: c.ID[:], Box: c.Encode()})
	}
	for _, p := range s.Parts {
		out = append(out, record.SealedEntry{Kind: record.PartPut, Visit: visit, Audience: p.Audience, Version: p.Version, Box: p.Encode()})
	}
	for _, w := range s.Wraps {
		out = append(out, record.SealedEntry{Kind: record.KeyPut, Visit: visit, Audience: w.Audience, Version: w.Version, Box: w.Encode()})
	}
	return out, func() { sealer.Stored(s.Contexts...) }, nil
}

// Open implements visits.Vault.
func (v *vault) Open(k record.PartKey, p crdt.SealedPart) ([]byte, error) {
	part, err := seal.DecodePart(p.Box)
	if err != nil {
		return nil, fmt.Errorf("open particulars: %w", err)
	}
	wrap, err := seal.DecodeWrap(p.Key)
	if err != nil {
		return nil, fmt.Errorf("open particulars: %w", err)
	}
	clear, err := v.opener.Open(k.Visit, part, wrap)
	if errors.Is(err, seal.ErrNotForUs) {
		return nil, visits.ErrNotForUs
	}
	if err != nil {
		return nil, fmt.Errorf("open particulars: %w", err)
	}
	return clear, nil
}

// Lacking implements access.Keys.
func (v *vault) Lacking(audiences []record.Audience) (out []record.Audience) {
	for _, a := range audiences {
		if k, ok := v.public(a); ok && !v.ring.Has(k.ID) {
			out = append(out, a)
		}
	}
	return out
}

// Export implements access.Keys.
func (v *vault) Export(audiences []record.Audience) ([]byte, error) {
	var ids []seal.KeyID
	for _, a := range audiences {
		if k, ok := v.public(a); ok && v.ring.Has(k.ID) {
			ids = append(ids, k.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return v.ring.Export(ids...)
}

// Import implements access.Keys.
func (v *vault) Import(b []byte) error {
	_, err := v.ring.Import(b)
	return err
}

// foundKeys makes the campus's first audience keys: private halves on the
// ring, public halves as settings.
func foundKeys(ring *seal.Keyring) ([]crdt.Setting, error) {
	var out []crdt.Setting
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
		k, err := seal.GenerateKey(a, "")
		if err != nil {
			return nil, fmt.Errorf("make audience key: %w", err)
		}
		if err := ring.Add(k); err != nil {
			return nil, fmt.Errorf("keep audience key: %w", err)
		}
		pub := k.Public()
		out = append(out, crdt.Setting{
			Key:   settingAudience + string(a) + "/" + hex.EncodeToString(pub.ID[:]),
			Value: shape.Bytes(pub.Bytes),
		})
	}
	return out, nil
}
