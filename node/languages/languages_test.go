package languages

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

var errBad = errors.New("the file is not whole")

func newBook(t *testing.T) (*Book, sheettest.Desk, *[]string) {
	t.Helper()
	desk, told := sheettest.New(t, "Reception"), &[]string{}
	return New(Config{
		Settings: desk, Built: []string{"sv", "en", "ar"},
		Check: func(_ string, file []byte) error {
			if bytes.HasPrefix(file, []byte("bad")) {
				return errBad
			}
			return nil
		},
		Record: func(by, what, note string) { *told = append(*told, by+" "+what+" "+note) },
	}), desk, told
}

func TestAddOfferRemove(t *testing.T) {
	b, _, told := newBook(t)
	ctx := t.Context()
	if got := b.Offered(); !slices.Equal(got, []string{"sv", "en", "ar"}) {
		t.Errorf("at first %v are offered", got)
	}
	before := b.Mark()
	file := []byte(strings.Repeat("[language]\nname = \"Soomaali\"\n", 1500))
	if err := b.Add(ctx, "anna", "so", file); err != nil {
		t.Fatal(err)
	}
	all := b.List()
	if len(all) != 4 || all[3].Lang != "so" || !bytes.Equal(all[3].File, file) || b.Mark() == before {
		t.Errorf("%d languages", len(all))
	}
	if slices.Contains(b.Offered(), "so") {
		t.Error("offered before anybody has said so")
	}
	before = b.Mark()
	if err := b.Offer(ctx, "anna", []string{"so", "sv"}); err != nil {
		t.Fatal(err)
	}
	if got := b.Offered(); !slices.Equal(got, []string{"so", "sv"}) || b.Mark() == before {
		t.Errorf("offered are %v", got)
	}
	if err := b.Remove(ctx, "anna", "so"); !errors.Is(err, errOffered) {
		t.Error(err)
	}
	if err := errors.Join(b.Offer(ctx, "anna", []string{"sv"}), b.Remove(ctx, "anna", "so")); err != nil {
		t.Fatal(err)
	}
	if len(b.List()) != 3 {
		t.Error("it is still there")
	}
	if got := strings.Join(*told, "; "); got != "anna language.add so; anna language.offer so sv; anna language.offer sv; anna language.remove so" {
		t.Error(got)
	}
}

// A file that the program would not take any more, since it has other words by now,
// is spoken still.
func TestUpgradeTakesNoLanguageAway(t *testing.T) {
	b, desk, _ := newBook(t)
	if err := errors.Join(b.Add(t.Context(), "", "so", []byte("whole")), b.Offer(t.Context(), "", []string{"so"})); err != nil {
		t.Fatal(err)
	}
	after := New(Config{
		Settings: desk, Built: []string{"sv"}, Check: func(string, []byte) error { return errBad },
		Usable: func(string, []byte) error { return nil },
	})
	if got := after.Offered(); !slices.Equal(got, []string{"so"}) || after.Check("so", nil) == nil {
		t.Errorf("offered are %v", got)
	}
	if err := after.Add(t.Context(), "", "so", []byte("whole")); !errors.Is(err, errBad) {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	b, desk, told := newBook(t)
	ctx := context.Background()
	noise := make([]byte, MaxFile)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for what, c := range map[string]struct{ got, want error }{
		"tag":      {b.Add(ctx, "", "So", nil), errTag},
		"built":    {b.Add(ctx, "", "sv", nil), errBuilt},
		"large":    {b.Add(ctx, "", "so", make([]byte, MaxFile+1)), errLarge},
		"noise":    {b.Add(ctx, "", "so", noise), errLarge},
		"bad":      {b.Add(ctx, "", "so", []byte("bad")), errBad},
		"unknown":  {b.Remove(ctx, "", "so"), errUnknown},
		"own":      {b.Remove(ctx, "", "ar"), errUnknown},
		"no such":  {b.Offer(ctx, "", []string{"sv", "so"}), errUnknown},
		"none":     {b.Offer(ctx, "", nil), errNone},
		"twice":    {b.Offer(ctx, "", []string{"sv", "sv"}), errNone},
		"not here": {New(Config{Settings: desk, MayEdit: func() bool { return false }}).Offer(ctx, "", []string{"sv"}), errNotHere},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", what, c.got)
		}
	}
	if len(*told) != 0 {
		t.Error(*told)
	}
}

// What another release or a hostile desk has written is passed over.
func TestOddSettings(t *testing.T) {
	b, desk, _ := newBook(t)
	bomb := pack(make([]byte, 4<<20))
	for key, v := range map[string]shape.Value{
		"language/file/xx": shape.Bytes([]byte("no")), "language/file/yy": shape.String("no"), "language/file/zz": shape.Bytes(bomb),
		"language/file/sv": shape.Bytes(pack([]byte("x"))), "language/file/../x": shape.Bytes(pack([]byte("x"))),
		"language/file/vv": shape.Bytes(pack([]byte("bad"))), "language/offer": shape.String("xx sv sv"), "language/offers": shape.String("en"),
	} {
		if err := desk.Set(t.Context(), crdt.Setting{Key: key, Value: v}); err != nil {
			t.Fatal(key, err)
		}
	}
	if got := b.List(); len(got) != 3 {
		t.Errorf("%d languages", len(got))
	}
	if got := b.Offered(); !slices.Equal(got, []string{"sv"}) {
		t.Errorf("offered are %v", got)
	}
}
