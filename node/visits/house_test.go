package visits

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// disk is a store in memory whose writes a test can refuse.
type disk struct {
	*store.Mem
	mu     sync.Mutex
	refuse error
	lose   error // what waiting for a write gives
}

func (d *disk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = err
}

func (d *disk) Write(b *store.Batch) (func() error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return nil, d.refuse
	}
	wait, err := d.Mem.Write(b)
	if lose := d.lose; lose != nil {
		return func() error { return lose }, err
	}
	return wait, err
}

func (d *disk) Apply(b *store.Batch) error {
	wait, err := d.Write(b)
	if err != nil {
		return err
	}
	return wait()
}

// paper is a Vault that seals with a mark instead of a cipher.
type paper struct {
	mu           sync.Mutex
	refuse       error // what Seal returns
	shut         error // what Open returns
	opened, kept int
}

var mark = []byte("sealed ")

func (p *paper) edit(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}

func (p *paper) Seal(v record.VisitID, version uint32, _ record.Day, parts map[record.Audience][]byte) (out []record.SealedEntry, stored func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return nil, nil, p.refuse
	}
	for a, b := range parts {
		out = append(out,
			record.SealedEntry{Kind: record.PartPut, Visit: v, Audience: a, Version: version, Box: append(bytes.Clone(mark), b...)},
			record.SealedEntry{Kind: record.KeyPut, Visit: v, Audience: a, Version: version, Box: []byte("key")})
	}
	return out, func() { p.edit(func() { p.kept++ }) }, nil
}

func (p *paper) Open(_ record.PartKey, part crdt.SealedPart) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened++
	if p.shut != nil {
		return nil, p.shut
	}
	b, ok := bytes.CutPrefix(part.Box, mark)
	if !ok {
		return nil, errors.New("not sealed here")
	}
	return bytes.Clone(b), nil // the caller clears it
}

func (p *paper) Grip(crdt.SealedPart) (Grip, error) { return Grip{}, nil }

func (p *paper) Check(Grip) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shut
}

func (p *paper) SealBearer(v record.VisitID, version uint32, until record.Day, plain []byte) (out []record.SealedEntry, secret [16]byte, err error) {
	secret = [16]byte(v)
	secret[0]++
	return []record.SealedEntry{
		{Kind: record.PartPut, Visit: v, Audience: record.BearerAudience, Version: version, Until: until, Box: append(bytes.Clone(mark), plain...)},
		{Kind: record.KeyPut, Visit: v, Audience: record.BearerAudience, Version: version, Until: until, Box: secret[:]},
	}, secret, nil
}

func (p *paper) OpenBearer(_ record.VisitID, part crdt.SealedPart, secret [16]byte) ([]byte, error) {
	if !bytes.Equal(part.Key, secret[:]) {
		return nil, errors.New("another secret")
	}
	return bytes.TrimPrefix(part.Box, mark), nil
}

// door is one entrance: a replica, a vault and the service over them.
type door struct {
	*Service
	t       testing.TB
	name    string
	disk    *disk
	vault   *paper
	id      record.NodeID
	replica *crdt.Replica
}

// house is the doors of one campus and their clock.
type house struct {
	t   testing.TB
	mu  sync.Mutex
	pub map[record.NodeID]ed25519.PublicKey
	now time.Time
	// stranger is a door that no other has heard of.
	stranger record.NodeID
	// revoked is the node whose word counts no more, and heard who knows.
	revoked record.NodeID
	heard   map[record.NodeID]bool
}

func newHouse(t testing.TB) *house {
	return &house{t: t, pub: map[record.NodeID]ed25519.PublicKey{}, heard: map[record.NodeID]bool{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) door(name string) *door {
	h.t.Helper()
	seed := sha256.Sum256([]byte(name))
	priv := ed25519.NewKeyFromSeed(seed[:])
	pub := priv.Public().(ed25519.PublicKey)
	sum := sha256.Sum256(pub)
	id := record.NodeID(sum[:16])
	h.mu.Lock()
	h.pub[id] = pub
	h.mu.Unlock()
	d := &door{t: h.t, name: name, id: id, disk: &disk{Mem: store.NewMem(1)}, vault: &paper{}}
	r, err := crdt.Open(crdt.Config{
		Store: d.disk, Node: id, Site: "North", Now: h.clock,
		Sign: func(root []byte) []byte { return ed25519.Sign(priv, root) },
		Check: func(n record.NodeID, root, sig []byte) bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			k, ok := h.pub[n]
			return ok && ed25519.Verify(k, root, sig)
		},
		Standing: func(e record.EventID) record.Standing {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.heard[id] && e.Actor.Node() == h.revoked {
				return record.Late
			}
			return record.Counted
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = r.Close() })
	d.replica = r
	d.Service = New(Config{
		Replica: r, Vault: d.vault, Node: id, Now: h.clock,
		Place: func() record.Place { return record.Place{Site: "North", Entrance: record.EntranceID(name)} },
		SignQR: func(q record.QR) (string, error) {
			q.Issuer = id.Issuer()
			return record.SignQR(q, func(b []byte) []byte { return ed25519.Sign(priv, b) })
		},
		Verify: h.verify,
	})
	return d
}

// verify is the verdict of the house, which knows all doors but strangers.
func (h *house) verify(q record.QR) Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, pub := range h.pub {
		switch {
		case id.Issuer() != q.Issuer:
		case h.stranger == id:
			return UnknownIssuer
		case ed25519.Verify(pub, q.Signed(), q.Sig[:]):
			return Valid
		default:
			return Forged
		}
	}
	return UnknownIssuer
}

// revoke lets doors hear that nothing that one of them wrote counts.
func (h *house) revoke(who *door, heard ...*door) {
	h.t.Helper()
	h.mu.Lock()
	h.revoked = who.id
	for _, d := range heard {
		h.heard[d.id] = true
	}
	h.mu.Unlock()
	for _, d := range heard {
		if err := d.replica.Rejudge(); err != nil {
			h.t.Fatal(err)
		}
	}
}

// in checks somebody in.
func (d *door) in(a Arrival) Receipt {
	d.t.Helper()
	r, err := d.CheckIn(context.Background(), a)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *door) out(code string) Departure {
	d.t.Helper()
	x, err := d.CheckOut(context.Background(), code, "kiosk")
	if err != nil {
		d.t.Fatal(err)
	}
	return x
}

func (d *door) list(present bool) []Row {
	d.t.Helper()
	rows, err := d.List(present)
	if err != nil {
		d.t.Fatal(err)
	}
	return rows
}

// arrived writes an arrival as another node would have, particulars unheard of.
func (d *door) arrived(v record.VisitID) {
	d.t.Helper()
	e := record.Event{Kind: record.Arrived, Visit: v, Type: "visitor", Place: record.Place{Site: "North"}}
	if _, err := d.replica.Commit(context.Background(), crdt.Draft{Event: &e}); err != nil {
		d.t.Fatal(err)
	}
}

// unchanged runs fn and fails when the replica has written anything meanwhile.
func (d *door) unchanged(fn func()) {
	d.t.Helper()
	before := d.replica.Digests()
	fn()
	if !maps.Equal(before, d.replica.Digests()) {
		d.t.Fatal("something was written")
	}
}

// pull brings d all that from holds.
func (d *door) pull(from *door) {
	d.t.Helper()
	var raws [][]byte
	for doc := range from.replica.Digests() {
		have := map[record.ActorID]uint64{}
		for _, h := range d.replica.Vector(doc) {
			have[h.Actor] = h.Seq
		}
		for _, h := range from.replica.Vector(doc) {
			err := from.replica.Read(doc, h.Actor, have[h.Actor], func(_ uint64, raw []byte) error {
				raws = append(raws, bytes.Clone(raw))
				return nil
			})
			if err != nil {
				d.t.Fatal(err)
			}
		}
	}
	if _, err := d.replica.Put(context.Background(), raws); err != nil {
		d.t.Fatal(err)
	}
}

// problem is the Problem in err, with this key.
func problem(t testing.TB, err error, key string) *Problem {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) || p.Key != key {
		t.Fatalf("want the problem %s, got %v", key, err)
	}
	if p.Hint == "" || p.Error() != p.Hint {
		t.Fatalf("%s has no words for a person", key)
	}
	return p
}

// silent fails when anything that err prints has the secret in it.
func silent(t testing.TB, err error, secret string) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		text := fmt.Sprintf("%v %+v %#v %s", e, e, e, e.Error())
		var p *Problem
		if errors.As(e, &p) {
			text += fmt.Sprintf(" %#v", *p)
		}
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			t.Fatalf("an error repeats what the person wrote: %s", text)
		}
	}
}
