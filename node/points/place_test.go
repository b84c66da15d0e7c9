package points

import (
	"errors"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

func placed(b *Book, name record.PointName) Place {
	if p, _ := b.find(name); p.Place != nil {
		return *p.Place
	}
	return Place{NoPlace, NoPlace}
}

func TestPlace(t *testing.T) {
	b, l := newBook()
	ctx := t.Context()
	put := func(e Edit) {
		t.Helper()
		if _, err := b.Put(ctx, "", "Parking", e); err != nil {
			t.Fatal(err)
		}
	}
	put(Edit{})
	if placed(b, "Parking").X != NoPlace {
		t.Error("a new point is on the plan")
	}
	put(Edit{X: ptr(400)})
	if placed(b, "Parking").X != NoPlace {
		t.Error("half a place is one")
	}
	put(Edit{Y: ptr(1000)})
	if placed(b, "Parking") != (Place{400, 1000}) || len(l.written) != 2 {
		t.Error(placed(b, "Parking"), l.written)
	}
	// What is changed besides leaves it where it is; another site has another plan.
	put(Edit{Site: ptr(record.SiteID("North")), Capacity: ptr(3)})
	if placed(b, "Parking") != (Place{400, 1000}) {
		t.Error(placed(b, "Parking"))
	}
	put(Edit{Site: ptr(record.SiteID("South"))})
	if placed(b, "Parking").X != NoPlace {
		t.Error("it is on the plan of a site to which it does not belong")
	}
	put(Edit{X: ptr(0), Y: ptr(0)})
	if err := b.Remove(ctx, "", "Parking"); err != nil {
		t.Fatal(err)
	}
	id := slug("Parking")
	if err := b.PutBack(ctx, "", id, "kind", string(Muster)); err != nil || placed(b, "Parking") != (Place{}) {
		t.Error("it has not come back where it was:", err, placed(b, "Parking"))
	}
	if err := b.PutBack(ctx, "", id, "x", "-1"); err != nil || placed(b, "Parking").X != NoPlace {
		t.Error(err, placed(b, "Parking"))
	}
}

// Two operators who do not hear each other place two points, and one of them twice
// over: both points are placed, and the third is where one of the two has put it.
func TestPlacesMerge(t *testing.T) {
	a, b := sheettest.New(t, "North"), sheettest.New(t, "South")
	north, south := New(Config{Settings: a}), New(Config{Settings: b})
	ctx := t.Context()
	for _, name := range []record.PointName{"Oak", "Gate", "Wharf"} {
		if _, err := north.Put(ctx, "", name, Edit{}); err != nil {
			t.Fatal(err)
		}
	}
	sheettest.Heal(t, a, b)
	put := func(book *Book, name record.PointName, x, y int) error {
		_, err := book.Put(ctx, "", name, Edit{X: &x, Y: &y})
		return err
	}
	if err := errors.Join(put(north, "Oak", 100, 200), put(south, "Gate", 300, 400), put(north, "Wharf", 500, 600), put(south, "Wharf", 700, 800)); err != nil {
		t.Fatal(err)
	}
	sheettest.Heal(t, a, b)
	for _, book := range []*Book{north, south} {
		if placed(book, "Oak") != (Place{100, 200}) || placed(book, "Gate") != (Place{300, 400}) {
			t.Errorf("%+v", book.List())
		}
		if w := placed(book, "Wharf"); w != placed(north, "Wharf") || w != (Place{500, 600}) && w != (Place{700, 800}) {
			t.Error("it is where nobody has put it:", w)
		}
	}
}
