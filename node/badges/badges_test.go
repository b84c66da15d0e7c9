package badges_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

func ptr[T any](v T) *T { return &v }

// Two desks that are apart change different things of the badge, and both stand on
// both; each field is put back by itself.
func TestEditsMergeAndArePutBack(t *testing.T) {
	north, south := sheettest.New(t, "north"), sheettest.New(t, "south")
	one, other := badges.New(badges.Config{Settings: north}), badges.New(badges.Config{Settings: south})
	if d := cmp.Diff(badges.Standard(), one.Now()); d != "" {
		t.Error(d)
	}
	if err := one.Set(t.Context(), "op", badges.Edit{Shown: map[badges.Part]bool{badges.Host: false, badges.Where: true}, Foot: map[string]string{"sv": " Återlämnas i receptionen "}}); err != nil {
		t.Fatal(err)
	}
	if err := other.Set(t.Context(), "op", badges.Edit{Shape: ptr(badges.Label), Shown: map[badges.Part]bool{badges.Company: false}, Given: ptr(true), Back: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	sheettest.Heal(t, north, south)
	want := badges.Standard()
	want.Shape, want.Given, want.Back, want.Foot["sv"] = badges.Label, true, true, "Återlämnas i receptionen"
	want.Shown[badges.Host], want.Shown[badges.Company], want.Shown[badges.Where] = false, false, true
	for _, b := range []*badges.Book{one, other} {
		if d := cmp.Diff(want, b.Now()); d != "" {
			t.Error(d)
		}
	}
	for _, field := range []string{"shape", "given", "back", "foot/sv", "show/host", "show/company", "show/where"} {
		was, ok := badges.Before(field)
		if err := one.PutBack(t.Context(), "op", field, was); err != nil || !ok {
			t.Errorf("%s: %v", field, err)
		}
	}
	if d := cmp.Diff(badges.Standard(), one.Now()); d != "" {
		t.Error("put back: ", d)
	}
	for _, field := range []string{"", "colour", "show/shoes", "foot/svenska"} {
		if _, ok := badges.Before(field); ok {
			t.Errorf("%q says something before it is set", field)
		}
		if err := one.PutBack(t.Context(), "op", field, "true"); err == nil {
			t.Errorf("%q was put back", field)
		}
	}
}

// What is no badge is refused, and nothing of it is saved; what another release or a
// hostile desk has written is passed over.
func TestWhatABadgeCannotBe(t *testing.T) {
	d := sheettest.New(t, "north")
	b := badges.New(badges.Config{Settings: d})
	good := map[badges.Part]bool{badges.Host: false}
	for key, e := range map[string]badges.Edit{
		"badges.shape":    {Shown: good, Shape: ptr(badges.Shape("round"))},
		"badges.part":     {Given: ptr(true), Shown: map[badges.Part]bool{badges.Host: false, "name": false}},
		"badges.language": {Shown: good, Foot: map[string]string{"svenska": "x"}},
		"text.too_long":   {Shown: good, Foot: map[string]string{"sv": strings.Repeat("å", badges.MaxFoot+1)}},
		"text.control":    {Shown: good, Foot: map[string]string{"sv": "a\u202eb"}},
	} {
		var p *badges.Problem
		if err := b.Set(t.Context(), "op", e); !errors.As(err, &p) || p.Key != key || p.Hint == "" {
			t.Errorf("%v, want %s", err, key)
		}
	}
	if err := d.Set(
		t.Context(), crdt.Setting{Key: "badge/shape", Value: shape.String("round")}, crdt.Setting{Key: "badge/show/host", Value: shape.String("no")},
		crdt.Setting{Key: "badge/given", Value: shape.Int(1)}, crdt.Setting{Key: "badge/foot/sv", Value: shape.String("a\u202eb")},
	); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(badges.Standard(), b.Now()); d != "" {
		t.Error(d)
	}
}

func TestOnlyWhoseWordCounts(t *testing.T) {
	d := sheettest.New(t, "north")
	barred := errors.New("revoked")
	for want, cfg := range map[string]badges.Config{
		"nothing was saved": {Settings: d, MayEdit: func() bool { return false }},
		"revoked":           {Settings: d, Barred: func() error { return barred }},
	} {
		if err := badges.New(cfg).Set(t.Context(), "op", badges.Edit{Given: ptr(true)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
	}
	if badges.New(badges.Config{Settings: d}).Now().Given {
		t.Error("it was saved")
	}
}

// A layout as it would be leaves the one that stands as it is.
func TestOver(t *testing.T) {
	l := badges.Standard()
	with := badges.Edit{Shown: map[badges.Part]bool{badges.Host: false, "name": false}, Shape: ptr(badges.None), Given: ptr(true), Foot: map[string]string{"en": "Bye"}}.Over(l)
	if d := cmp.Diff(badges.Standard(), l); d != "" {
		t.Error(d)
	}
	if _, named := with.Shown["name"]; named || with.Shown[badges.Host] || !with.Shown[badges.Company] || with.Shape != badges.None || !with.Given || with.Foot["en"] != "Bye" {
		t.Errorf("%+v", with)
	}
	if d := cmp.Diff(l, badges.Edit{Shape: ptr(badges.Shape("round")), Foot: map[string]string{"en": "a\x00"}}.Over(l)); d != "" {
		t.Error(d)
	}
}
