package node

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

// settingCampusName is the setting that the node itself reads.
const settingCampusName = "campus/name"

// vault seals for the campus's audiences, and opens what this node holds
// private keys for. It fits seal to the replica's entries.
type vault struct {
	replica *crdt.Replica
	ring    *seal.Vault
	opener  *seal.Opener
	now     func() time.Time
	// date is the date by all that this node has to go by: nothing that was to
	// be forgotten on it or before is opened.
	date func() record.Day
	// from is the day from which retention counts.
	from func() record.Day
	// gone is the last date whose keys have died here.
	gone func() record.Day
	book *access.Book
	// epoch is that of an audience, by the roster as it is known here.
	epoch func(record.Audience) int64
	// locked reports whether names are locked on this device, which the vault
	// itself may not know of: none is shown before a PIN has been chosen.
	locked func() bool
	// bare reports whether this device asks for a PIN and none has been chosen:
	// it takes no keys, which would lie on its disk in clear.
	bare func() bool

	// A sealer lives for one day of writing, so that the contexts which a
	// day's wraps refer to lie in that day's documents and are dropped with
	// them.
	mu     sync.Mutex
	day    record.Day
	sealer *seal.Sealer
}

func (n *Node) openVault() error {
	v := &vault{
		replica: n.replica, ring: n.ring, now: n.cfg.Now, date: n.date, from: n.KeptFrom, gone: n.expiry.Horizon, locked: n.pin.Locked,
		bare:  func() bool { s := n.pin.State(); return s.Asks && !s.Set },
		book:  access.NewBook(n.replica),
		epoch: func(a record.Audience) int64 { return access.Epoch(n.roster.Members(), a) },
	}
	v.opener = seal.NewOpener(n.ring, v.context, seal.WithDead(func(d record.Day) bool { return d <= n.date() }))
	n.vault = v
	n.foundVault()
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

// known are the public keys of the campus. Where the disk fails, they are those
// that were known before.
func (v *vault) known() []access.Key {
	keys, _ := v.book.Keys()
	return keys
}

// public is the key to seal to. By a clock that is wrong by more than all keys
// are ahead, or after a closure that was longer, any that has not died is better
// than to take nobody in.
func (v *vault) public(a record.Audience, until record.Day) (seal.PublicKey, bool) {
	if k, ok := access.Choose(v.known(), a, until, v.from(), v.epoch(a)); ok {
		return k, true
	}
	return access.Choose(v.known(), a, until, v.gone(), v.epoch(a))
}

// CanSeal reports whether this node knows a key to seal to for every audience,
// without which it takes nobody in.
func (n *Node) CanSeal() bool {
	until := n.KeptFrom() + visits.Retention
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
		if _, ok := n.vault.public(a, until); !ok {
			return false
		}
	}
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

// Seal implements visits.Vault and privacy.Sealer.
func (v *vault) Seal(visit record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) ([]record.SealedEntry, func(), error) {
	sealer := v.today()
	s, err := sealer.Seal(visit, version, until, parts)
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
		out = append(out, record.SealedEntry{Kind: record.KeyPut, Visit: visit, Audience: w.Audience, Version: w.Version, Until: until, Box: w.Encode()})
	}
	return out, func() { sealer.Stored(s.Contexts...) }, nil
}

// Check implements visits.Vault.
func (v *vault) Check(g visits.Grip) error {
	if v.locked() {
		return visits.ErrLocked
	}
	return inWords(v.opener.Check(seal.Wrap{KeyID: g.Key, Until: g.Until}))
}

// Grip implements visits.Vault.
func (v *vault) Grip(p crdt.SealedPart) (visits.Grip, error) {
	wrap, err := wrapOf(p)
	if err != nil {
		return visits.Grip{}, fmt.Errorf("look for a key: %w", err)
	}
	return visits.Grip{Key: wrap.KeyID, Until: wrap.Until}, nil
}

// wrapOf is a part's wrap with the date that its record has: after a long closure
// people are taken in under a key of a date that is over, until a desk has made
// others.
func wrapOf(p crdt.SealedPart) (seal.Wrap, error) {
	w, err := seal.DecodeWrap(p.Key)
	w.Until = p.Until
	return w, err
}

// inWords makes an error of seal one of visits.
func inWords(err error) error {
	switch {
	case errors.Is(err, seal.ErrNotForUs):
		return visits.ErrNotForUs
	case errors.Is(err, seal.ErrLocked):
		return visits.ErrLocked
	case errors.Is(err, seal.ErrExpired):
		return fmt.Errorf("%w: %w", crdt.ErrExpired, err)
	}
	return err
}

// Open implements visits.Vault.
func (v *vault) Open(k record.PartKey, p crdt.SealedPart) ([]byte, error) {
	if v.locked() {
		return nil, visits.ErrLocked
	}
	part, err := seal.DecodePart(p.Box)
	if err != nil {
		return nil, fmt.Errorf("open particulars: %w", err)
	}
	wrap, err := wrapOf(p)
	if err != nil {
		return nil, fmt.Errorf("open particulars: %w", err)
	}
	clear, err := v.opener.Open(k.Visit, part, wrap)
	if err != nil {
		return nil, fmt.Errorf("open particulars: %w", inWords(err))
	}
	return clear, nil
}

// SealBearer implements visits.Vault.
func (v *vault) SealBearer(visit record.VisitID, version uint32, until record.Day, plain []byte) ([]record.SealedEntry, [16]byte, error) {
	secret := seal.NewBearerSecret()
	entries, err := v.SealBearerAnew(visit, version, until, plain, secret)
	return entries, secret, err
}

// SealBearerAnew implements invitations.Vault: a paper that is out goes on
// opening what is sealed under its secret.
func (v *vault) SealBearerAnew(visit record.VisitID, version uint32, until record.Day, plain []byte, secret [16]byte) ([]record.SealedEntry, error) {
	part, wrap, err := seal.SealBearer(visit, version, plain, secret)
	if err != nil {
		return nil, fmt.Errorf("seal for the bearer: %w", err)
	}
	return underSecret(visit, until, part, wrap), nil
}

// SealBefore implements invitations.Vault.
func (v *vault) SealBefore(visit record.VisitID, version uint32, until record.Day, plain []byte, secret [16]byte) ([]record.SealedEntry, error) {
	part, wrap, err := seal.SealBefore(visit, version, plain, secret)
	if err != nil {
		return nil, fmt.Errorf("seal what was filled in before: %w", err)
	}
	return underSecret(visit, until, part, wrap), nil
}

func underSecret(visit record.VisitID, until record.Day, part seal.Part, wrap seal.Wrap) []record.SealedEntry {
	e := record.SealedEntry{Kind: record.PartPut, Visit: visit, Audience: part.Audience, Version: part.Version, Box: part.Encode()}
	k := e
	k.Kind, k.Until, k.Box = record.KeyPut, until, wrap.Encode()
	return []record.SealedEntry{e, k}
}

// OpenBearer implements visits.Vault.
func (v *vault) OpenBearer(visit record.VisitID, p crdt.SealedPart, secret [16]byte) ([]byte, error) {
	return openUnderSecret(seal.OpenBearer, visit, p, secret)
}

// OpenBefore implements invitations.Vault.
func (v *vault) OpenBefore(visit record.VisitID, p crdt.SealedPart, secret [16]byte) ([]byte, error) {
	return openUnderSecret(seal.OpenBefore, visit, p, secret)
}

func openUnderSecret(open func(record.VisitID, seal.Part, seal.Wrap, seal.BearerSecret) ([]byte, error), visit record.VisitID, p crdt.SealedPart, secret [16]byte) ([]byte, error) {
	part, err := seal.DecodePart(p.Box)
	if err != nil {
		return nil, fmt.Errorf("open with the secret of a paper: %w", err)
	}
	wrap, err := seal.DecodeWrap(p.Key)
	if err != nil {
		return nil, fmt.Errorf("open with the secret of a paper: %w", err)
	}
	return open(visit, part, wrap, secret)
}

// Lacking implements access.Ring.
func (v *vault) Lacking(audiences []record.Audience) []seal.KeyID {
	if v.bare() {
		return nil
	}
	var out []access.Key // as a rule none: not worth sorting all
	for _, k := range v.known() {
		if !v.ring.Has(k.ID) {
			out = append(out, k)
		}
	}
	return access.Due(out, audiences, v.date())
}

// Export implements access.Ring.
func (v *vault) Export(ids []seal.KeyID, audiences []record.Audience) ([]byte, error) {
	var may []seal.KeyID
	for _, k := range v.ring.Public() {
		if slices.Contains(ids, k.ID) && slices.Contains(audiences, k.Audience) {
			may = append(may, k.ID)
		}
	}
	if len(may) == 0 {
		return nil, nil
	}
	b, err := v.ring.Export(may...)
	if errors.Is(err, seal.ErrLocked) {
		return nil, access.ErrLocked
	}
	return b, err
}

// Import implements access.Ring.
func (v *vault) Import(b []byte) error {
	if v.bare() {
		return nil
	}
	// What the campus has not published as a key of these audiences is not kept,
	// whoever grants it: it could fill the vault.
	granted := seal.NewVault()
	keys, err := granted.Import(b)
	if err != nil {
		return err
	}
	known := map[seal.KeyID]bool{}
	for _, k := range v.known() {
		known[k.ID] = true
	}
	var due []seal.KeyID
	for _, k := range keys {
		if known[k.ID] {
			due = append(due, k.ID)
		}
	}
	if len(due) == 0 {
		return nil
	}
	wanted, err := granted.Export(due...)
	if err != nil {
		return err
	}
	defer clear(wanted)
	_, err = v.ring.Import(wanted)
	return err
}

// undated reports whether a key is one of the whole campus, without a date, as
// earlier releases made.
func (v *vault) undated(id seal.KeyID) bool {
	date, ok := v.ring.DateOf(id)
	return ok && date == ""
}

// Dies implements privacy.Sealer.
func (v *vault) Dies(wrap []byte) (record.Day, bool) {
	w, err := seal.DecodeWrap(wrap)
	if err != nil {
		return 0, false
	}
	date, ok := v.ring.DateOf(w.KeyID)
	if !ok {
		return 0, false
	}
	return seal.PublicKey{Date: date}.Day()
}

// Reach implements privacy.Sealer.
func (v *vault) Reach(until record.Day) record.Day {
	reach := until
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
		k, _ := v.public(a, until)
		d, _ := k.Day()
		reach = min(reach, d)
	}
	return reach
}

// OfCampus implements privacy.Sealer.
func (v *vault) OfCampus(wrap []byte) bool { return privacy.CampusWrap(wrap, v.undated) }

// HoldsCampus implements privacy.Sealer.
func (v *vault) HoldsCampus() bool { return len(v.campus()) > 0 }

// DropCampus implements privacy.Sealer.
func (v *vault) DropCampus() error { return v.ring.Drop(v.campus()...) }

func (v *vault) campus() (ids []seal.KeyID) {
	for _, k := range v.ring.Public() {
		if k.Date == "" {
			ids = append(ids, k.ID)
		}
	}
	return ids
}
