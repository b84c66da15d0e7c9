package seal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
)

func TestBearer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := record.VisitID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "visit"))
		version := rapid.Uint32Min(1).Draw(t, "version")
		plain := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "plain")
		s := NewBearerSecret()
		p, w, err := SealBearer(v, version, plain, s)
		if err != nil {
			t.Fatal(err)
		}
		if p, err = DecodePart(p.Encode()); err != nil {
			t.Fatal(err)
		}
		if w, err = DecodeWrap(w.Encode()); err != nil {
			t.Fatal(err)
		}
		got, err := OpenBearer(v, p, w, s)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened %q, %v; want %q", got, err, plain)
		}
	})
	if _, _, err := SealBearer(visit(1), 0, nil, NewBearerSecret()); !errors.Is(err, ErrFormat) {
		t.Errorf("version 0: %v, want ErrFormat", err)
	}
	if _, _, err := SealBearer(visit(1), 1, nil, BearerSecret{}); !errors.Is(err, ErrFormat) {
		t.Errorf("no secret: %v, want ErrFormat", err)
	}
	if _, _, err := SealBearer(visit(1), 1, make([]byte, MaxPart+1), NewBearerSecret()); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v, want ErrTooLong", err)
	}
}

// TestBearerNeverOpens puts bearer parts together wrongly in every way there
// is, with those of other audiences too.
func TestBearerNeverOpens(t *testing.T) {
	s, stranger := NewBearerSecret(), NewBearerSecret()
	type pair struct {
		p Part
		w Wrap
	}
	seal := func(v record.VisitID, version uint32, s BearerSecret) pair {
		p, w, err := SealBearer(v, version, []byte("Anna Berg"), s)
		if err != nil {
			t.Fatal(err)
		}
		return pair{p, w}
	}
	a, b, a2, again, theirs := seal(visit(1), 1, s), seal(visit(2), 1, s), seal(visit(1), 2, s), seal(visit(1), 1, s), seal(visit(1), 1, stranger)
	st := stamp{visit(1), bearer, 1}
	k1, err1 := bearerKey(st, s, a.p.Box)
	k2, err2 := bearerKey(st, s, again.p.Box)
	if err := errors.Join(err1, err2); err != nil || k1 == k2 {
		t.Fatalf("two part keys are wrapped under one key and nonce, %v", err)
	}
	c := newCampus(t)
	cards := c.seal(t, visit(1), 1, map[record.Audience][]byte{card: []byte("Anna Berg")})
	wrapWith := func(edit func(*Wrap)) Wrap {
		x := a.w
		x.Box = slices.Clone(x.Box)
		edit(&x)
		return x
	}
	type attempt struct {
		name  string
		visit record.VisitID
		part  Part
		wrap  Wrap
		s     BearerSecret
	}
	tries := []attempt{
		{"another secret", visit(1), a.p, a.w, stranger},
		{"no secret", visit(1), a.p, a.w, BearerSecret{}},
		{"another visit", visit(2), a.p, a.w, s},
		{"another visit's part", visit(1), b.p, a.w, s},
		{"another visit's wrap", visit(1), a.p, b.w, s},
		{"another version's part", visit(1), a2.p, a.w, s},
		{"another version's wrap", visit(1), a.p, a2.w, s},
		{"version raised", visit(1), Part{bearer, 2, a.p.Box}, wrapWith(func(w *Wrap) { w.Version = 2 }), s},
		{"part of another sealing", visit(1), again.p, a.w, s},
		{"wrap of another sealing", visit(1), a.p, again.w, s},
		{"wrap of another secret", visit(1), a.p, theirs.w, s},
		{"a key's id", visit(1), a.p, wrapWith(func(w *Wrap) { w.KeyID[0] = 1 }), s},
		{"a context", visit(1), a.p, wrapWith(func(w *Wrap) { w.Context[0] = 1 }), s},
		{"sold as a card", visit(1), Part{card, 1, a.p.Box}, wrapWith(func(w *Wrap) { w.Audience = card }), s},
		{"a card", visit(1), cards.Parts[0], cards.Wraps[0], s},
		{"a card sold as the bearer's", visit(1), Part{bearer, 1, cards.Parts[0].Box}, Wrap{Audience: bearer, Version: 1, Box: cards.Wraps[0].Box}, s},
		{"no part", visit(1), Part{bearer, 1, nil}, a.w, s},
		{"no wrap", visit(1), a.p, wrapWith(func(w *Wrap) { w.Box = nil }), s},
	}
	for i := range 8 * len(s) {
		x := s
		x[i/8] ^= 1 << (i % 8)
		tries = append(tries, attempt{fmt.Sprintf("secret bit %d", i), visit(1), a.p, a.w, x})
	}
	for i := range 8 * len(a.p.Box) {
		x := slices.Clone(a.p.Box)
		x[i/8] ^= 1 << (i % 8)
		tries = append(tries, attempt{fmt.Sprintf("part bit %d", i), visit(1), Part{bearer, 1, x}, a.w, s})
	}
	for i := range 8 * len(a.w.Box) {
		tries = append(tries, attempt{fmt.Sprintf("wrap bit %d", i), visit(1), a.p, wrapWith(func(w *Wrap) { w.Box[i/8] ^= 1 << (i % 8) }), s})
	}
	for _, x := range tries {
		if got, err := OpenBearer(x.visit, x.part, x.wrap, x.s); !errors.Is(err, ErrAltered) || got != nil {
			t.Errorf("%s: opened %q, %v; want ErrAltered", x.name, got, err)
		}
	}
	if _, err := c.opener.Open(visit(1), a.p, a.w); !errors.Is(err, ErrNotForUs) {
		t.Errorf("an opener opens what is the bearer's: %v, want ErrNotForUs", err)
	}
	if _, err := c.sealer.Seal(visit(1), 1, until, map[record.Audience][]byte{bearer: nil}); !errors.Is(err, ErrFormat) {
		t.Errorf("a sealer seals for the bearer: %v, want ErrFormat", err)
	}
	if _, err := GenerateKey(bearer, ""); !errors.Is(err, ErrFormat) {
		t.Errorf("a deadline key for the bearer: %v, want ErrFormat", err)
	}
	for _, w := range []Wrap{wrapWith(func(w *Wrap) { w.KeyID[0] = 1 }), wrapWith(func(w *Wrap) { w.Context[0] = 1 })} {
		if _, err := DecodeWrap(w.Encode()); !errors.Is(err, ErrFormat) {
			t.Errorf("a bearer's wrap with a key: %v, want ErrFormat", err)
		}
	}
	if got, err := OpenBearer(visit(1), a.p, a.w, s); err != nil || string(got) != "Anna Berg" {
		t.Errorf("the untouched: %q, %v", got, err)
	}
}
