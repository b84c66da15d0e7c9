package kinds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

// ledger is a real, small Settings: the last of each key stands, and which were
// written is remembered.
type ledger struct {
	now     map[string]shape.Value
	version uint64
	written []string
}

func (l *ledger) Settings(prefix string) (out []crdt.Setting) {
	for _, k := range slices.Sorted(maps.Keys(l.now)) {
		if strings.HasPrefix(k, prefix) {
			out = append(out, crdt.Setting{Key: k, Value: l.now[k]})
		}
	}
	return out
}

func (l *ledger) SettingsVersion() uint64 { return l.version }

func (l *ledger) Set(_ context.Context, all ...crdt.Setting) error {
	l.version++
	l.written = nil
	for _, s := range all {
		if !shape.SettingKey(s.Key) {
			return fmt.Errorf("no key: %q", s.Key)
		}
		l.now[s.Key] = s.Value
		l.written = append(l.written, s.Key)
	}
	return nil
}

func newBook() (*Book, *ledger) {
	l := &ledger{now: map[string]shape.Value{}}
	return New(Config{Settings: l, Document: func(id string) bool { return strings.HasPrefix(id, "doc") }}), l
}

func ptr[T any](v T) *T { return &v }

func TestStandardTypesAreThere(t *testing.T) {
	b, _ := newBook()
	var ids []string
	for _, k := range b.Offered() {
		ids = append(ids, k.ID)
		if k.Word("sv") == k.ID || k.Word("en") == k.Word("sv") || k.Word("so") != k.Word("sv") || k.Word("ar") == k.Word("sv") || k.OnBadge("en") != k.Word("en") {
			t.Errorf("%s is called %q and %q", k.ID, k.Word("sv"), k.Word("en"))
		}
	}
	if d := cmp.Diff([]string{"visitor", "contractor", "delivery", "interview", "group", "event"}, ids); d != "" {
		t.Error(d)
	}
	if k, ok := b.Get(""); !ok || k.ID != Default {
		t.Error("of whom nothing is said there is no type")
	}
}

// Nobody needs an approval unless somebody has said so: of the types that are
// there, of one that is made, and where what is written is no approval.
func TestNoApprovalIsNeededUnlessItIsSaid(t *testing.T) {
	b, l := newBook()
	if _, err := b.Put(t.Context(), "op", "school-class", Edit{Name: map[string]string{"sv": "Skolklass"}}); err != nil {
		t.Fatal(err)
	}
	for _, k := range b.List() {
		if k.Approval != NotNeeded {
			t.Errorf("%s needs approval %q", k.ID, k.Approval)
		}
	}
	for said, want := range map[Approval]Approval{ByOne: ByOne, ByAnother: ByAnother, NotNeeded: NotNeeded} {
		for _, id := range []string{"contractor", "school-class"} {
			if k, err := b.Put(t.Context(), "op", id, Edit{Approval: &said}); err != nil || k.Approval != want {
				t.Errorf("%s, said to need %q: %q %v", id, said, k.Approval, err)
			}
		}
	}
	for _, written := range []shape.Value{shape.String("all"), shape.String(""), shape.Bool(true)} {
		for _, id := range []string{"contractor", "school-class"} {
			if err := l.Set(t.Context(), crdt.Setting{Key: "type/" + id + "/approval", Value: written}); err != nil {
				t.Fatal(err)
			}
			if k, _ := b.Get(id); k.Approval != NotNeeded {
				t.Errorf("%s needs approval %q", id, k.Approval)
			}
		}
	}
	if _, err := b.Put(t.Context(), "op", "contractor", Edit{Approval: ptr(Approval("all"))}); err == nil {
		t.Error("an approval that nobody gives was taken")
	}
}

// No type has a sign, and nobody is accompanied, until it is said; both are put back
// by themselves, and what is no sign is none.
func TestASignAndAnEscort(t *testing.T) {
	b, l := newBook()
	for _, k := range b.List() {
		if k.Mark != "" || k.Escort {
			t.Errorf("%s has the sign %q, accompanied: %v", k.ID, k.Mark, k.Escort)
		}
	}
	k, err := b.Put(t.Context(), "op", "contractor", Edit{Mark: ptr(Mark("triangle")), Escort: ptr(true)})
	if err != nil || k.Mark != "triangle" || !k.Escort {
		t.Errorf("%+v %v", k, err)
	}
	if d := cmp.Diff([]string{"type/contractor/mark", "type/contractor/escort"}, l.written); d != "" {
		t.Error(d)
	}
	for _, field := range []string{"mark", "escort"} {
		value, ok := Before("contractor", field)
		if err := b.PutBack(t.Context(), "op", "contractor", field, value); err != nil || !ok {
			t.Errorf("%s: %v", field, err)
		}
	}
	if k, _ := b.Get("contractor"); k.Mark != "" || k.Escort {
		t.Errorf("put back: %q, %v", k.Mark, k.Escort)
	}
	for _, written := range []shape.Value{shape.String("skull"), shape.Bool(true)} {
		if err := l.Set(t.Context(), crdt.Setting{Key: "type/contractor/mark", Value: written}); err != nil {
			t.Fatal(err)
		}
		if k, _ := b.Get("contractor"); k.Mark != "" {
			t.Errorf("the sign %q", k.Mark)
		}
	}
}

// An edit writes what it changes and nothing else, so that what another
// operator changes apart stays.
func TestEditsMergeFieldByField(t *testing.T) {
	b, l := newBook()
	if _, err := b.Put(t.Context(), "op", "contractor", Edit{Ask: map[string]Asked{"phone": Must}}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"type/contractor/ask/phone"}, l.written); d != "" {
		t.Error(d)
	}
	k, err := b.Put(t.Context(), "op", " Contractor", Edit{
		Badge: map[string]string{"sv": "ENTREPRENÖR"}, Documents: map[string]bool{"doc-b": true, "doc-a": true}, Unattended: ptr(false),
	})
	if err != nil || k.Ask["phone"] != Must || k.OnBadge("sv") != "ENTREPRENÖR" || k.Word("sv") != "Entreprenör" || k.Unattended || !slices.Equal(k.Documents, []string{"doc-a", "doc-b"}) {
		t.Errorf("%+v %v", k, err)
	}
	if k, err = b.Put(t.Context(), "op", "contractor", Edit{Documents: map[string]bool{"doc-b": false}, Off: ptr(true)}); err != nil || !slices.Equal(k.Documents, []string{"doc-a"}) || !k.Off {
		t.Errorf("%+v %v", k, err)
	}
	if slices.ContainsFunc(b.Offered(), func(k Kind) bool { return k.ID == "contractor" }) {
		t.Error("a type that is off is offered")
	}
}

func TestANewType(t *testing.T) {
	b, _ := newBook()
	k, err := b.Put(t.Context(), "op", "school-class", Edit{Name: map[string]string{"sv": "Skolklass"}, Group: ptr(true), Ask: map[string]Asked{"host": May}})
	if err != nil || k.Word("en") != "Skolklass" || !k.Group || !k.Unattended || k.Ask["company"] != No || k.Ask["host"] != May || k.Standard {
		t.Errorf("%+v %v", k, err)
	}
	if all := b.List(); all[len(all)-1].ID != "school-class" {
		t.Error("it is not on the list")
	}
}

func TestWhatATypeCannotBe(t *testing.T) {
	b, l := newBook()
	name := map[string]string{"sv": "Klass"}
	many := map[string]bool{}
	for i := range MaxDocuments + 1 {
		many[fmt.Sprintf("doc-%d", i)] = true
	}
	for _, c := range []struct {
		id   string
		edit Edit
		key  string
	}{
		{"", Edit{Name: name}, "kinds.bad_id"},
		{"skola/1", Edit{Name: name}, "kinds.bad_id"},
		{"övrigt", Edit{Name: name}, "kinds.bad_id"},
		{strings.Repeat("a", 33), Edit{Name: name}, "kinds.bad_id"},
		{"Staff", Edit{Name: name}, "kinds.staff"},
		{"class", Edit{}, "kinds.no_name"},
		{"class", Edit{Name: map[string]string{"sv": "  "}}, "kinds.no_name"},
		{"class", Edit{Name: map[string]string{"svenska": "Klass"}}, "kinds.language"},
		{"class", Edit{Name: map[string]string{"sv": strings.Repeat("å", MaxName+1)}}, "text.too_long"},
		{"class", Edit{Name: map[string]string{"sv": "Kl\u202eass"}}, "text.control"},
		{"visitor", Edit{Ask: map[string]Asked{"shoe-size": May}}, "kinds.field"},
		{"visitor", Edit{Ask: map[string]Asked{"phone": "perhaps"}}, "kinds.asked"},
		{"visitor", Edit{Ask: map[string]Asked{"assist": Must}}, "kinds.asked"},
		{"visitor", Edit{Documents: map[string]bool{"nda": true}}, "kinds.document"},
		{"visitor", Edit{Documents: many}, "kinds.documents"},
		{"visitor", Edit{Off: ptr(true)}, "kinds.default"},
		{"visitor", Edit{Mark: ptr(Mark("skull"))}, "kinds.mark"},
	} {
		_, err := b.Put(t.Context(), "op", c.id, c.edit)
		var p *Problem
		if !errors.As(err, &p) || p.Key != c.key || p.Hint == "" {
			t.Errorf("%q %+v: %v, want %s", c.id, c.edit, err, c.key)
		}
	}
	if len(l.now) != 0 {
		t.Errorf("something was written: %v", l.now)
	}
	for i := range MaxKinds {
		_, err := b.Put(t.Context(), "op", fmt.Sprintf("t%d", i), Edit{Name: name})
		var p *Problem
		if full := i >= MaxKinds-len(standard()); full != (errors.As(err, &p) && p.Key == "kinds.too_many") {
			t.Fatalf("type %d: %v", i, err)
		}
	}
}

func TestOnlyWhoseWordCounts(t *testing.T) {
	b, _ := newBook()
	b.cfg.MayEdit = func() bool { return false }
	if _, err := b.Put(t.Context(), "op", "visitor", Edit{Off: ptr(false)}); !errors.Is(err, ErrNotHere) {
		t.Error(err)
	}
	barred := errors.New("revoked")
	b.cfg.Barred = func() error { return barred }
	if _, err := b.Put(t.Context(), "op", "visitor", Edit{}); !errors.Is(err, barred) {
		t.Error(err)
	}
}

// What another release or a hostile desk has written is passed over.
func TestOddSettings(t *testing.T) {
	b, l := newBook()
	l.now = map[string]shape.Value{
		"type/staff/made": shape.Bool(true), "type/staff/name/sv": shape.String("Personal"),
		"type/x": shape.String("x"), "type/": shape.Bool(true), "type/klass/made": shape.String("yes"), "type/a_b/made": shape.Bool(true),
		"type/visitor/off": shape.Bool(true), "type/visitor/ask/host": shape.String("perhaps"), "type/visitor/ask/assist": shape.String("must"),
		"type/visitor/group": shape.Int(1), "type/visitor/document/../x": shape.Bool(true), "type/visitor/name/svenska": shape.String("X"),
	}
	for i := range 9 {
		l.now[fmt.Sprintf("type/event/document/d%d", i)] = shape.Bool(true)
	}
	l.version++
	all := b.List()
	k := all[0]
	if len(all) != len(standard()) || k.Off || k.Group || k.Ask["host"] != May || k.Ask["assist"] != May || len(k.Documents) != 0 || len(k.Name) != len(standardNames[Default]) {
		t.Errorf("%d types, %+v", len(all), k)
	}
	if e, _ := b.Get("event"); len(e.Documents) != MaxDocuments {
		t.Errorf("%v", e.Documents)
	}
}
