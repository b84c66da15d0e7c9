package seal

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// TestNeverOpens takes two visits sealed for two audiences in two versions and
// puts them together wrongly in every way there is.
func TestNeverOpens(t *testing.T) {
	c := newCampus(t)
	parts := map[record.Audience][]byte{card: []byte("Anna Berg"), dossier: []byte("anna@example.org")}
	a1 := c.seal(t, visit(1), 1, parts)
	a2 := c.seal(t, visit(1), 2, parts)
	b1 := c.seal(t, visit(2), 1, parts)
	again := c.seal(t, visit(1), 1, parts) // the same stamps in another context
	if again.Wraps[0].Context == a1.Wraps[0].Context {
		t.Fatal("a stamp was used twice in one context")
	}
	p, w := a1.Parts[0], a1.Wraps[0]
	with := func(box []byte) Part { return Part{p.Audience, p.Version, box} }
	wrapWith := func(edit func(*Wrap)) Wrap {
		x := w
		x.Box = slices.Clone(w.Box)
		edit(&x)
		return x
	}
	flip := func(b []byte, i int) []byte {
		b = slices.Clone(b)
		b[i/8] ^= 1 << (i % 8)
		return b
	}
	type attempt struct {
		name  string
		visit record.VisitID
		part  Part
		wrap  Wrap
	}
	tries := []attempt{
		{"another visit", visit(2), p, w},
		{"another visit's part", visit(1), b1.Parts[0], w},
		{"another visit's wrap", visit(1), p, b1.Wraps[0]},
		{"both of another visit", visit(1), b1.Parts[0], b1.Wraps[0]},
		{"another version's part", visit(1), a2.Parts[0], w},
		{"another version's wrap", visit(1), p, a2.Wraps[0]},
		{"another version's box", visit(1), with(a2.Parts[0].Box), w},
		{"version raised", visit(1), Part{card, 2, p.Box}, wrapWith(func(x *Wrap) { x.Version = 2 })},
		{"another audience's part", visit(1), a1.Parts[1], w},
		{"another audience's wrap", visit(1), p, a1.Wraps[1]},
		{"another audience's box", visit(1), with(a1.Parts[1].Box), w},
		{"card sold as dossier", visit(1), Part{dossier, 1, p.Box}, wrapWith(func(x *Wrap) { x.Audience = dossier })},
		{"card sold as dossier under its key", visit(1), Part{dossier, 1, p.Box}, wrapWith(func(x *Wrap) {
			x.Audience, x.KeyID, x.Context = dossier, a1.Wraps[1].KeyID, a1.Wraps[1].Context
		})},
		{"another context", visit(1), p, wrapWith(func(x *Wrap) { x.Context = again.Wraps[0].Context })},
		{"wrap of another sealing", visit(1), p, again.Wraps[0]},
		{"part of another sealing", visit(1), again.Parts[0], w},
		{"boxes swapped", visit(1), with(w.Box), wrapWith(func(x *Wrap) { x.Box = p.Box })},
		{"key of the other audience", visit(1), p, wrapWith(func(x *Wrap) { x.KeyID = a1.Wraps[1].KeyID })},
		{"empty part", visit(1), with(nil), w},
		{"empty wrap", visit(1), p, wrapWith(func(x *Wrap) { x.Box = nil })},
		{"part doubled", visit(1), with(slices.Concat(p.Box, p.Box)), w},
		{"wrap doubled", visit(1), p, wrapWith(func(x *Wrap) { x.Box = slices.Concat(w.Box, w.Box) })},
		{"part a block longer", visit(1), with(append(slices.Clone(p.Box), make([]byte, 64)...)), w},
	}
	for n := range p.Box {
		tries = append(tries, attempt{fmt.Sprintf("part cut to %d", n), visit(1), with(p.Box[:n]), w})
	}
	for n := range w.Box {
		tries = append(tries, attempt{fmt.Sprintf("wrap cut to %d", n), visit(1), p, wrapWith(func(x *Wrap) { x.Box = x.Box[:n] })})
	}
	for i := range 8 * len(p.Box) {
		tries = append(tries, attempt{fmt.Sprintf("part bit %d", i), visit(1), with(flip(p.Box, i)), w})
	}
	for i := range 8 * len(w.Box) {
		tries = append(tries, attempt{fmt.Sprintf("wrap bit %d", i), visit(1), p, wrapWith(func(x *Wrap) { x.Box = flip(w.Box, i) })})
	}
	for _, x := range tries {
		if got, err := c.opener.Open(x.visit, x.part, x.wrap); !errors.Is(err, ErrAltered) || got != nil {
			t.Errorf("%s: opened %q, %v; want ErrAltered", x.name, got, err)
		}
	}
	c.wantOpen(t, visit(1), a1, parts) // the untouched still opens
}

// TestAlteredContexts hands an opener contexts that are not what they say.
func TestAlteredContexts(t *testing.T) {
	c := newCampus(t)
	s := c.seal(t, visit(1), 1, map[record.Audience][]byte{card: []byte("x")})
	other := c.seal(t, visit(2), 1, map[record.Audience][]byte{dossier: []byte("x")})
	good, wrong := s.Contexts[0], other.Contexts[0]
	for name, give := range map[string]func() (Context, bool){
		"other's":     func() (Context, bool) { return wrong, true },
		"other's enc": func() (Context, bool) { return Context{good.ID, good.KeyID, wrong.Enc}, true },
		"other's key": func() (Context, bool) { return Context{good.ID, wrong.KeyID, good.Enc}, true },
		"cut":         func() (Context, bool) { return Context{good.ID, good.KeyID, good.Enc[:encSize-1]}, true },
		"flipped": func() (Context, bool) {
			e := slices.Clone(good.Enc)
			e[3] ^= 1
			return Context{good.ID, good.KeyID, e}, true
		},
		"bad, renamed": func() (Context, bool) { e := make([]byte, encSize); return Context{contextID(e), good.KeyID, e}, true },
	} {
		o := NewOpener(c.vault, func(ContextID) (Context, bool) { return give() })
		if _, err := o.Open(visit(1), s.Parts[0], s.Wraps[0]); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: %v, want ErrAltered", name, err)
		}
	}
	// A context of the right name with content of the sealer's making opens
	// nothing either.
	e := make([]byte, encSize)
	w := s.Wraps[0]
	w.Context = contextID(e)
	o := NewOpener(c.vault, func(id ContextID) (Context, bool) { return Context{id, good.KeyID, e}, true })
	if _, err := o.Open(visit(1), s.Parts[0], w); !errors.Is(err, ErrAltered) {
		t.Errorf("made-up context: %v, want ErrAltered", err)
	}
	none := NewOpener(c.vault, func(ContextID) (Context, bool) { return Context{}, false })
	if _, err := none.Open(visit(1), s.Parts[0], s.Wraps[0]); !errors.Is(err, ErrNoContext) {
		t.Errorf("no context: %v, want ErrNoContext", err)
	}
	entrance := NewOpener(NewVault(), c.opener.lookup)
	if _, err := entrance.Open(visit(1), s.Parts[0], s.Wraps[0]); !errors.Is(err, ErrNotForUs) {
		t.Errorf("without a key: %v, want ErrNotForUs", err)
	}
}
