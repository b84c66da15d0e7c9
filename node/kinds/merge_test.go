package kinds

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/node/sheet/sheettest"
)

// Two operators change one type at desks that do not hear each other: both
// changes stand when they do, and a type that both made is one.
func TestTwoOperatorsApart(t *testing.T) {
	a, b := sheettest.New(t, "Reception"), sheettest.New(t, "South desk")
	one, two := New(Config{Settings: a}), New(Config{Settings: b})
	put := func(book *Book, id string, e Edit) {
		t.Helper()
		if _, err := book.Put(t.Context(), "op", id, e); err != nil {
			t.Fatal(err)
		}
	}
	put(one, "contractor", Edit{Ask: map[string]Asked{"phone": Must}, Name: map[string]string{"sv": "Hantverkare"}})
	put(two, "contractor", Edit{Ask: map[string]Asked{"company": Must}, Unattended: ptr(false)})
	put(one, "class", Edit{Name: map[string]string{"sv": "Klass"}})
	put(two, "class", Edit{Name: map[string]string{"en": "Class"}, Group: ptr(true)})
	put(one, "delivery", Edit{Name: map[string]string{"sv": "Bud"}})
	put(two, "delivery", Edit{Name: map[string]string{"sv": "Paket"}})
	sheettest.Heal(t, a, b)
	if d := cmp.Diff(one.List(), two.List()); d != "" {
		t.Error(d)
	}
	k, _ := two.Get("contractor")
	if k.Ask["phone"] != Must || k.Ask["company"] != Must || k.Word("sv") != "Hantverkare" || k.Unattended {
		t.Errorf("one of two edits is gone: %+v", k)
	}
	if k, ok := one.Get("class"); !ok || k.Name["sv"] != "Klass" || k.Name["en"] != "Class" || !k.Group {
		t.Errorf("%+v", k)
	}
	// Of two values of one field one stands, the same everywhere, and the other
	// is in its history.
	if n := len(a.History("type/delivery/name/sv")); n != 2 {
		t.Errorf("%d values are known", n)
	}
}
