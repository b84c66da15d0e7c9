package crdt

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// fakeVault is a Locker in memory: each call is durable at once.
type fakeVault struct {
	mu      sync.Mutex
	next    uint32
	keys    map[record.Day]map[uint32][]byte
	dead    map[record.Day]bool
	trouble error // what Renew and Retire return
	locking error // what Lock returns
	retired int
}

func newFakeVault() *fakeVault {
	return &fakeVault{keys: map[record.Day]map[uint32][]byte{}, dead: map[record.Day]bool{}}
}

func (f *fakeVault) edit(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fn()
}

// expire destroys all keys of a date.
func (f *fakeVault) expire(d record.Day) {
	f.edit(func() { delete(f.keys, d); f.dead[d] = true })
}

func (f *fakeVault) add(d record.Day) {
	if f.keys[d] == nil {
		f.keys[d] = map[uint32][]byte{}
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	f.next++
	f.keys[d][f.next] = key
}

func (f *fakeVault) newest(d record.Day) uint32 {
	return slices.Max(slices.Collect(maps.Keys(f.keys[d])))
}

func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	g, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return g
}

func (f *fakeVault) Lock(d record.Day, ad, plain []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.locking != nil:
		return nil, f.locking
	case f.dead[d]:
		return nil, ErrExpired
	case len(f.keys[d]) == 0:
		f.add(d)
	}
	n := f.newest(d)
	return aead(f.keys[d][n]).Seal(binary.BigEndian.AppendUint32(nil, n), nil, plain, ad), nil
}

func (f *fakeVault) Unlock(d record.Day, ad, locked []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(locked) < 4 {
		return nil, errors.New("not locked here")
	}
	key, ok := f.keys[d][binary.BigEndian.Uint32(locked)]
	if !ok {
		return nil, ErrExpired
	}
	return aead(key).Open(nil, nil, locked[4:], ad)
}

func (f *fakeVault) Renew(d record.Day) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trouble != nil {
		return f.trouble
	}
	if f.dead[d] {
		return ErrExpired
	}
	f.add(d)
	return nil
}

func (f *fakeVault) Retire(d record.Day) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trouble != nil {
		return f.trouble
	}
	n := f.newest(d)
	f.keys[d] = map[uint32][]byte{n: f.keys[d][n]}
	f.retired++
	return nil
}

func (f *fakeVault) Unfinished() (days []record.Day) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for d, ks := range f.keys {
		if len(ks) > 1 {
			days = append(days, d)
		}
	}
	return days
}

// keeper is a member with a vault.
type keeper struct {
	*member
	vault *fakeVault
}

func (c *campusOf) keeper(name string) *keeper {
	c.key(name)
	m := &member{name: name, store: store.NewMem(1), cfg: c.config(name)}
	k := &keeper{m, newFakeVault()}
	m.cfg.Locker = k.vault
	m.open(c.t)
	c.t.Cleanup(func() { _ = m.Close() })
	return k
}

func card(v record.VisitID) record.PartKey {
	return record.PartKey{Visit: v, Audience: record.CardAudience}
}

func wrapOf(v record.VisitID, a record.Audience, version uint32) []byte {
	return fmt.Appendf(nil, "the wrapped key of %s for %s, sealed %d times", v, a, version)
}

// sealing is a version of a visit's card and dossier.
func sealing(v record.VisitID, version uint32, until record.Day) (d Draft) {
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
		d.Sealed = append(d.Sealed,
			record.SealedEntry{Kind: record.PartPut, Visit: v, Audience: a, Version: version, Box: fmt.Appendf(nil, "part %s %d", a, version)},
			record.SealedEntry{Kind: record.KeyPut, Visit: v, Audience: a, Version: version, Until: until, Box: wrapOf(v, a, version)})
	}
	return d
}

func shredding(e byte, visits ...record.VisitID) Draft {
	return Draft{Acts: []record.Act{{Kind: record.ActShred, Erasure: record.ErasureID{e}, Visits: visits}}}
}

func (m *member) do(t testing.TB, drafts ...Draft) []record.EventID {
	t.Helper()
	ids, err := m.Commit(context.Background(), drafts...)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// receipted waits until a member has heard the receipts of these nodes.
func receipted(t testing.TB, m *member, v record.VisitID, by ...record.NodeID) {
	t.Helper()
	for {
		changed := m.Changed()
		got, err := m.Receipts(v)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(by, func(n record.NodeID) bool {
			return got[n] == 0 || n == m.cfg.Node && !toldOf(t, m, v)
		}) {
			return
		}
		<-changed
	}
}

// toldOf says whether a member's own receipt is durable: only then do others
// get it.
func toldOf(t testing.TB, m *member, v record.VisitID) (told bool) {
	t.Helper()
	err := m.ReadActs(func(a StoredActs) error {
		for _, act := range a.Acts.Acts {
			told = told || a.ID.Actor.Node() == m.cfg.Node && act.Kind == record.ActReceipt && slices.Contains(act.Visits, v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return told
}

func opens(t testing.TB, m *member, v record.VisitID, version uint32) {
	t.Helper()
	p, err := m.Sealed(card(v))
	if err != nil || p.Version != version || !bytes.Equal(p.Key, wrapOf(v, record.CardAudience, version)) {
		t.Fatalf("%s: version %d of the card: %+v %v", m.name, version, p, err)
	}
}

func erased(t testing.TB, m *member, v record.VisitID) {
	t.Helper()
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience, record.BearerAudience} {
		if _, err := m.Sealed(record.PartKey{Visit: v, Audience: a}); !errors.Is(err, ErrErased) {
			t.Fatalf("%s: a shredded %s: %v", m.name, a, err)
		}
	}
	if !m.Shredded(v) {
		t.Fatalf("%s does not know of the shred", m.name)
	}
}

// rows counts what the store holds under a prefix.
func rows(t testing.TB, m *member, prefix byte) (n int) {
	t.Helper()
	lo, hi := store.Prefix([]byte{prefix})
	if err := m.cfg.Store.Scan(lo, hi, func(_, _ []byte) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}
