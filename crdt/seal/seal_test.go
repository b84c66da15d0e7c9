package seal

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
)

const (
	card    = record.CardAudience
	dossier = record.DossierAudience
	bearer  = record.BearerAudience
)

// until is when everything in these tests must die.
var until = record.DayOf(time.Date(2026, 12, 22, 0, 0, 0, 0, time.UTC))

// campus is a sealing node and the keys and contexts there are.
type campus struct {
	now      time.Time
	sealer   *Sealer
	vault    *Vault
	opener   *Opener
	mu       sync.Mutex
	keys     map[record.Audience]PublicKey
	contexts map[ContextID]Context
}

func newCampus(t testing.TB) *campus {
	t.Helper()
	c := &campus{
		now:      time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		vault:    NewVault(),
		keys:     map[record.Audience]PublicKey{},
		contexts: map[ContextID]Context{},
	}
	for _, a := range []record.Audience{card, dossier} {
		c.rotate(t, a)
	}
	c.sealer = NewSealer(func(a record.Audience, _ record.Day) (PublicKey, bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		k, ok := c.keys[a]
		return k, ok
	}, func() time.Time { return c.now })
	c.opener = NewOpener(c.vault, func(id ContextID) (Context, bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		ctx, ok := c.contexts[id]
		return ctx, ok
	})
	return c
}

func (c *campus) rotate(t testing.TB, a record.Audience) {
	t.Helper()
	k, err := GenerateKey(a, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.vault.Add(k); err != nil {
		t.Fatal(err)
	}
	c.keys[a] = k.Public()
}

func (c *campus) seal(t testing.TB, v record.VisitID, version uint32, parts map[record.Audience][]byte) Sealed {
	t.Helper()
	s, err := c.sealer.Seal(v, version, until, parts)
	if err != nil {
		t.Fatal(err)
	}
	c.store(s)
	return s
}

func (c *campus) store(s Sealed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ctx := range s.Contexts {
		c.contexts[ctx.ID] = ctx
	}
	c.sealer.Stored(s.Contexts...)
}

func (c *campus) wantOpen(t testing.TB, v record.VisitID, s Sealed, parts map[record.Audience][]byte) {
	t.Helper()
	for i, p := range s.Parts {
		got, err := c.opener.Open(v, p, s.Wraps[i])
		if err != nil || !bytes.Equal(got, parts[p.Audience]) {
			t.Fatalf("open %s: %q, %v; want %q", p.Audience, got, err, parts[p.Audience])
		}
	}
}

func visit(n byte) record.VisitID { return record.VisitID{0: 0xa1, 15: n} }

func TestRoundTrip(t *testing.T) {
	c := newCampus(t)
	rapid.Check(t, func(rt *rapid.T) {
		parts := map[record.Audience][]byte{}
		for _, a := range []record.Audience{card, dossier} {
			if rapid.Bool().Draw(rt, string(a)) {
				parts[a] = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "content")
			}
		}
		v := record.VisitID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "visit"))
		version := rapid.Uint32Min(1).Draw(rt, "version")
		s := c.seal(t, v, version, parts)
		if len(s.Parts) != len(parts) || len(s.Wraps) != len(parts) {
			rt.Fatalf("%d parts and %d wraps for %d parts", len(s.Parts), len(s.Wraps), len(parts))
		}
		for i, p := range s.Parts {
			if w := s.Wraps[i]; len(w.Box) != 48 || len(p.Box)%64 != 40 || w.Version != version {
				rt.Fatalf("wrap of %d bytes, box of %d, version %d", len(w.Box), len(p.Box), w.Version)
			}
		}
		c.wantOpen(t, v, s, parts)
	})
}

func TestPad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0x80, 1}), 0, 200).Draw(t, "plain")
		padded := pad(plain)
		got, err := unpad(padded)
		if err != nil || !bytes.Equal(got, plain) || len(padded)%padBlock != 0 || len(padded) > len(plain)+padBlock {
			t.Fatalf("pad %x to %x and back to %x, %v", plain, padded, got, err)
		}
	})
	for _, bad := range [][]byte{nil, make([]byte, 64), {1}, {0x80, 1}} {
		if _, err := unpad(bad); !errors.Is(err, ErrAltered) {
			t.Errorf("unpad %x: %v, want ErrAltered", bad, err)
		}
	}
}

// TestContexts walks through the life of a context: shared until it is an hour
// old, or full, or the key changes; returned until it is stored.
func TestContexts(t *testing.T) {
	c := newCampus(t)
	parts := map[record.Audience][]byte{card: []byte("Anna Berg")}
	first, err := c.sealer.Seal(visit(1), 1, until, parts)
	if err != nil || len(first.Contexts) != 1 {
		t.Fatalf("first seal returns %d contexts, %v; want 1", len(first.Contexts), err)
	}
	second, err := c.sealer.Seal(visit(2), 1, until, parts)
	if err != nil || len(second.Contexts) != 1 || second.Contexts[0].ID != first.Contexts[0].ID {
		t.Fatal("a context that is not stored yet must be returned again")
	}
	c.store(second) // the first was lost
	c.wantOpen(t, visit(2), second, parts)
	if s := c.seal(t, visit(3), 1, parts); len(s.Contexts) != 0 || s.Wraps[0].Context != first.Wraps[0].Context {
		t.Fatal("a stored context must be shared, not returned")
	}
	renews := func(why string, v record.VisitID, version uint32, want bool) {
		t.Helper()
		before := slices.Collect(maps.Keys(c.contexts))
		s := c.seal(t, v, version, parts)
		if got := !slices.Contains(before, s.Wraps[0].Context); got != want {
			t.Fatalf("%s: new context %v, want %v", why, got, want)
		}
		c.wantOpen(t, v, s, parts)
	}
	renews("another version", visit(3), 2, false)
	renews("the same version again", visit(3), 2, true)
	c.now = c.now.Add(contextAge - time.Second)
	renews("before the hour", visit(4), 1, false)
	c.now = c.now.Add(time.Second)
	renews("after an hour", visit(5), 1, true)
	c.now = c.now.Add(-time.Second)
	renews("clock set back", visit(6), 1, true)
	c.rotate(t, card)
	renews("new key", visit(7), 1, true)
	n := len(c.sealer.current[c.keys[card].ID].used)
	for i := n; i < contextWraps; i++ {
		st := stamp{record.VisitID{1: byte(i), 2: byte(i >> 8)}, card, 1}
		c.sealer.claim(st, c.keys[card], nil)
	}
	renews("10,000 wraps", visit(8), 1, true)
}

func TestSealRefuses(t *testing.T) {
	c := newCampus(t)
	for _, x := range []struct {
		version uint32
		parts   map[record.Audience][]byte
		want    error
	}{
		{0, map[record.Audience][]byte{card: nil}, ErrFormat},
		{1, map[record.Audience][]byte{"photo": nil}, ErrFormat},
		{1, map[record.Audience][]byte{card: make([]byte, MaxPart+1)}, ErrTooLong},
	} {
		if _, err := c.sealer.Seal(visit(1), x.version, until, x.parts); !errors.Is(err, x.want) {
			t.Errorf("seal version %d: %v, want %v", x.version, err, x.want)
		}
	}
	longest := map[record.Audience][]byte{card: bytes.Repeat([]byte{0x80}, MaxPart)}
	c.wantOpen(t, visit(2), c.seal(t, visit(2), 1, longest), longest)
	delete(c.keys, dossier)
	if _, err := c.sealer.Seal(visit(1), 1, until, map[record.Audience][]byte{dossier: nil}); !errors.Is(err, ErrNoKey) {
		t.Errorf("seal without a key: %v, want ErrNoKey", err)
	}
	c.keys[dossier] = c.keys[card]
	if _, err := c.sealer.Seal(visit(1), 1, until, map[record.Audience][]byte{dossier: nil}); !errors.Is(err, ErrNoKey) {
		t.Errorf("seal with another audience's key: %v, want ErrNoKey", err)
	}
	forged := c.keys[card]
	forged.ID[0] ^= 1
	c.keys[card] = forged
	if _, err := c.sealer.Seal(visit(1), 1, until, map[record.Audience][]byte{card: nil}); !errors.Is(err, ErrFormat) {
		t.Errorf("seal with a forged key: %v, want ErrFormat", err)
	}
}

func TestConcurrentSealing(t *testing.T) {
	c := newCampus(t)
	var wg sync.WaitGroup
	for g := range byte(8) {
		wg.Go(func() {
			for i := range byte(20) {
				v := record.VisitID{g, i}
				parts := map[record.Audience][]byte{card: {g, i}, dossier: {i, g}}
				s, err := c.sealer.Seal(v, 1, until, parts)
				if err != nil {
					t.Error(err)
					return
				}
				c.store(s)
				c.wantOpen(t, v, s, parts)
			}
		})
	}
	wg.Wait()
	if n := len(c.contexts); n != 2 {
		t.Errorf("%d contexts for two audiences", n)
	}
}

// TestDroppedKey shows that an opener forgets with its keyring, although it
// has opened the context before.
func TestDroppedKey(t *testing.T) {
	c := newCampus(t)
	parts := map[record.Audience][]byte{card: []byte("x")}
	s := c.seal(t, visit(1), 1, parts)
	c.wantOpen(t, visit(1), s, parts)
	if err := c.vault.Drop(c.keys[card].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.opener.Open(visit(1), s.Parts[0], s.Wraps[0]); !errors.Is(err, ErrNotForUs) {
		t.Fatalf("open after the key was dropped: %v, want ErrNotForUs", err)
	}
	if len(c.opener.opened) != 0 {
		t.Fatal("the secret of a dropped key is still in memory")
	}
}

func BenchmarkSeal(b *testing.B) {
	c := newCampus(b)
	parts := map[record.Audience][]byte{card: make([]byte, 120), dossier: make([]byte, 500)}
	n := 0
	for b.Loop() {
		n++
		v := record.VisitID{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
		s, err := c.sealer.Seal(v, 1, until, parts)
		if err != nil {
			b.Fatal(err)
		}
		if len(s.Contexts) > 0 {
			c.sealer.Stored(s.Contexts...)
		}
	}
}

// BenchmarkCheckin is what a check-in waits for here: a card, a dossier and
// the bearer's part sealed and wrapped, encoded, and their key records put to
// rest.
func BenchmarkCheckin(b *testing.B) {
	c := newCampus(b)
	parts := map[record.Audience][]byte{card: make([]byte, 120), dossier: make([]byte, 500)}
	n := 0
	for b.Loop() {
		n++
		v := record.VisitID{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
		s, err := c.sealer.Seal(v, 1, until, parts)
		if err != nil {
			b.Fatal(err)
		}
		c.sealer.Stored(s.Contexts...)
		p, w, err := SealBearer(v, 1, make([]byte, 40), NewBearerSecret())
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range append(s.Parts, p) {
			p.Encode()
		}
		for _, w := range append(s.Wraps, w) {
			w.Hash()
			if _, err := c.vault.Lock(until, v[:], w.Encode()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkOpenBearer greets one visitor.
func BenchmarkOpenBearer(b *testing.B) {
	s := NewBearerSecret()
	p, w, err := SealBearer(visit(1), 1, make([]byte, 40), s)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := OpenBearer(visit(1), p, w, s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen10000 opens the cards of ten thousand visits, sealed by 30
// nodes, with nothing opened before; their key records unlocked from rest.
func BenchmarkOpen10000(b *testing.B) {
	c := newCampus(b)
	type sealed struct {
		v record.VisitID
		Sealed
		rest []byte
	}
	var all []sealed
	for i := range 10_000 {
		if i%334 == 0 {
			c.now = c.now.Add(contextAge) // as good as another node
		}
		v := record.VisitID{byte(i), byte(i >> 8)}
		s := c.seal(b, v, 1, map[record.Audience][]byte{card: make([]byte, 120)})
		rest, err := c.vault.Lock(until, v[:], s.Wraps[0].Encode())
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, sealed{v, s, rest})
	}
	for b.Loop() {
		o := NewOpener(c.vault, c.opener.lookup)
		for _, s := range all {
			raw, err := c.vault.Unlock(until, s.v[:], s.rest)
			if err != nil {
				b.Fatal(err)
			}
			w, err := DecodeWrap(raw)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := o.Open(s.v, s.Parts[0], w); err != nil {
				b.Fatal(err)
			}
		}
	}
}
