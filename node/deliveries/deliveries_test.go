package deliveries

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

func TestADeliveryIsTakenInAndPickedUp(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("desk", true), h.spot("gate", false)
	id := desk.take(nil)
	x := desk.get(id)
	if x.State != Waiting || x.Parcel == nil || x.Parcel.For != "Sven Ask" || x.Parcel.Items != 2 || !x.Parcel.Cold || x.By != "op" {
		t.Fatalf("%+v", x)
	}
	h.heal(desk, gate)
	if y := gate.get(id); y.Parcel != nil || y.State != Waiting {
		t.Error("a gate reads whom it is for")
	}
	_, err := gate.Take(t.Context(), "", Request{For: "Sven"})
	wants(t, "at a gate", err, "deliveries.not_here")
	wants(t, "unheard of", desk.End(t.Context(), "", record.VisitID{9}, PickedUp, ""), "deliveries.unknown")
	wants(t, "in no way", desk.End(t.Context(), "", id, Waiting, ""), "deliveries.how")
	h.pass(1)
	desk.end(id, PickedUp, "Bo Ek")
	desk.end(id, PickedUp, "Bo Ek") // the button was pressed twice
	x = desk.get(id)
	if x.State != PickedUp || len(x.Ends) != 1 || x.Ends[0].To != "Bo Ek" || x.Begun.Time().Equal(h.now()) {
		t.Fatalf("%+v", x)
	}
	wants(t, "lost after all", desk.End(t.Context(), "", id, Lost, ""), "deliveries.over")
	if err := desk.PutBack(t.Context(), "op", id); err != nil {
		t.Fatal(err)
	}
	if x = desk.get(id); x.State != Waiting || len(x.Ends) != 0 {
		t.Errorf("it was put back: %+v", x)
	}
	desk.end(id, Lost, "")
	desk.end(id, PickedUp, "Sven Ask") // found, and picked up by himself
	if x = desk.get(id); x.State != PickedUp || len(x.Ends) != 2 || x.Ends[1].To != "" {
		t.Errorf("%+v", x)
	}
	want := []string{"op delivery.take", "op delivery.pick_up", "op delivery.put_back", "op delivery.lose", "op delivery.pick_up"}
	if d := cmp.Diff(want, desk.acts); d != "" {
		t.Error("on record:", d)
	}
}

// A desk that has just started shows no name for a moment; who takes what waits is
// taken down by it all the same.
func TestWhoTookItIsTakenDownByADeskThatShowsNoNames(t *testing.T) {
	desk := newHouse(t).spot("desk", true)
	id := desk.take(nil)
	desk.asking = errors.New("asking the others")
	if desk.get(id).Parcel != nil {
		t.Fatal("the desk shows names: nothing is proved")
	}
	desk.end(id, PickedUp, "Bo Ek")
	desk.asking = nil
	if x := desk.get(id); x.State != PickedUp || len(x.Ends) != 1 || x.Ends[0].To != "Bo Ek" {
		t.Errorf("%+v", x)
	}
}

func TestWhatIsWrittenIsJudged(t *testing.T) {
	desk := newHouse(t).spot("desk", true)
	for key, r := range map[string]Request{
		"deliveries.for":    {From: "PostNord"},
		"deliveries.email":  {For: "Sven", Mail: "sven"},
		"deliveries.limits": {For: "Sven", Items: MaxItems + 1},
		"text.too_long":     {For: record.Private(strings.Repeat("a", maxName+1))},
		"text.control":      {For: "Sven", Note: "a\nb"},
	} {
		_, err := desk.Take(t.Context(), "", r)
		wants(t, key, err, key)
	}
	if len(desk.acts) != 0 || len(desk.List("")) != 0 {
		t.Error("something was taken in")
	}
	id := desk.take(func(r *Request) { r.Items = 0 })
	if desk.get(id).Parcel.Items != 1 {
		t.Error("no number stands for one")
	}
	wants(t, "who took it", desk.End(t.Context(), "", id, PickedUp, "a\u202eb"), "text.control")
}

// Two desks that do not hear each other end the same delivery: both words stand on
// both, and who puts back one that they know of leaves the other.
func TestTwoDesksEndTheSame(t *testing.T) {
	h := newHouse(t)
	a, b := h.spot("a", true), h.spot("b", true)
	id := a.take(nil)
	h.heal(a, b)
	a.end(id, PickedUp, "Bo Ek")
	b.end(id, PickedUp, "Eva Al")
	if err := a.PutBack(t.Context(), "op", id); err != nil {
		t.Fatal(err)
	}
	a.end(id, PickedUp, "Ulla Ek")
	h.heal(a, b)
	for _, s := range []*spot{a, b} {
		x := s.get(id)
		var took []record.Private
		for _, e := range x.Ends {
			took = append(took, e.To)
		}
		if x.State != PickedUp || len(took) != 2 || x.Parcel == nil {
			t.Errorf("%+v, taken by %d", x.State, len(took))
		}
	}
	if d := cmp.Diff(a.Deliveries(), b.Deliveries()); d != "" {
		t.Error("they do not agree:", d)
	}
}

func TestTheListIsSearched(t *testing.T) {
	h := newHouse(t)
	desk := h.spot("desk", true)
	one := desk.take(nil)
	h.pass(1)
	two := desk.take(func(r *Request) { r.For, r.From, r.Kept = "Åsa Öberg", "DHL", "Kylskåpet" })
	three := desk.take(func(r *Request) { r.For = "Bo Ek" })
	desk.end(one, PickedUp, "Ulla Malm")
	for find, want := range map[string][]record.VisitID{
		"": {two, three, one}, "asa oberg": {two}, "  KYL": {two}, "malm": {one}, "postnord": {three, one}, "nobody": nil,
		two.Badge().String(): {two},
	} {
		var got []record.VisitID
		for _, x := range desk.List(find) {
			got = append(got, x.ID)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", find, d)
		}
	}
	for _, code := range []string{two.String(), two.Badge().String()} {
		if id, err := desk.Named(code); err != nil || id != two {
			t.Errorf("%s: %v", code, err)
		}
	}
	_, err := desk.Named("no code")
	wants(t, "no code", err, "deliveries.unknown")
}

// What is erased takes along who took it, and a delivery that is erased may still
// be ended.
func TestAnErasedDelivery(t *testing.T) {
	h := newHouse(t)
	a, b := h.spot("a", true), h.spot("b", true)
	id := a.take(nil)
	h.heal(a, b)
	a.end(id, PickedUp, "Bo Ek")
	if all := a.With([]record.VisitID{id}); len(all) != 2 || all[1] != a.get(id).Ends[0].ID {
		t.Errorf("%d ids are erased with it", len(all))
	}
	b.end(id, PickedUp, "Eva Al")
	for _, one := range a.With([]record.VisitID{id}) {
		a.shred(one)
	}
	h.heal(a, b)
	x := b.get(id)
	if x.Parcel != nil || len(x.Ends) != 2 || x.Ends[0].To != "" || x.Ends[1].To != "" {
		t.Errorf("something is read of what was erased: %+v", x)
	}
	if err := b.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(b.erased) != 1 {
		t.Errorf("who took it, as another desk wrote meanwhile, is not erased: %d", len(b.erased))
	}
}

func TestAFailedMailIsNoFailedDelivery(t *testing.T) {
	desk := newHouse(t).spot("desk", true)
	desk.mute = errors.New("no mail")
	out, err := desk.Take(t.Context(), "", Request{For: "Sven Ask"})
	if err != nil || out.Mailed {
		t.Errorf("%+v %v", out, err)
	}
	desk.mute = nil
	desk.tellNew()
	if len(desk.mails) != 1 {
		t.Error("it is not told once mail works")
	}
}
