package visits

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

func TestAGroupIsAllOrNobody(t *testing.T) {
	d := newHouse(t).door("East")
	told := 0
	d.cfg.Announce = func(record.VisitID, Arrival) func(bool) {
		told++
		return func(bool) {}
	}
	with := Lines("Bo Ek\r\n\n  محمد الأحمد \nÅsa 🐂\n")
	got, err := d.CheckInGroup(t.Context(), Arrival{Name: "Astrid Ek", Company: "Skolan", Host: "Sven", Assist: "stairs", Phone: "070", Type: "group", How: "kiosk"}, with)
	if err != nil || len(got) != 4 || told != 1 {
		t.Fatal(err, len(got), told)
	}
	names := map[record.VisitID]record.Private{got[0].Visit: "Astrid Ek", got[1].Visit: "Bo Ek", got[2].Visit: "محمد الأحمد", got[3].Visit: "Åsa 🐂"}
	for _, r := range must(d.List(true))(t) {
		if r.Card.Name != names[r.Visit] || r.Card.Company != "Skolan" || r.Card.Host != "Sven" || r.Type != "group" || (r.Card.Assist != "") != (r.Visit == got[0].Visit) {
			t.Errorf("%s is not who was written", r.Visit.Short())
		}
		delete(names, r.Visit)
	}
	if len(names) != 0 {
		t.Errorf("%d are not on the list", len(names))
	}
	for _, one := range got {
		if out, err := d.CheckOut(t.Context(), one.QR, "kiosk"); err != nil || out.Visit != one.Visit {
			t.Error("one of the group cannot leave alone:", err)
		}
	}
	// One name that cannot be kept, and nobody is in.
	for what, c := range map[string]struct {
		with  []record.Private
		key   string
		limit int
	}{
		"too many":        {make([]record.Private, MaxGroup+1), "group.too_many", MaxGroup},
		"control":         {[]record.Private{"Bo", "Eva\x1b[2J"}, "group.line", 2},
		"10,000 letters":  {[]record.Private{record.Private(strings.Repeat("å", 10000))}, "group.line", 1},
		"text direction":  {[]record.Private{"Bo", "Bo", "a\u202eb"}, "group.line", 3},
		"nobody to write": {nil, "name.empty", 0},
	} {
		a := Arrival{Name: "Astrid", How: "kiosk"}
		if c.with == nil {
			a.Name = ""
		}
		_, err := d.CheckInGroup(t.Context(), a, c.with)
		var p *Problem
		if !errors.As(err, &p) || p.Key != c.key || p.Limit != c.limit {
			t.Errorf("%s: %v", what, err)
		}
	}
	d.disk.fail(errors.New("no room"))
	if _, err := d.CheckInGroup(t.Context(), Arrival{Name: "Astrid"}, []record.Private{"Bo"}); err == nil {
		t.Error("a disk that fails is not noticed")
	}
	d.disk.fail(nil)
	if n := len(d.replica.Open()); n != 0 {
		t.Errorf("%d of groups that were refused are inside", n)
	}
	// The largest there may be.
	var all []record.Private
	for i := range MaxGroup {
		all = append(all, record.Private(fmt.Sprintf("Elev %d", i)))
	}
	if got, err := d.CheckInGroup(t.Context(), Arrival{Name: "Läraren"}, all); err != nil || len(got) != MaxGroup+1 || len(d.replica.Open()) != MaxGroup+1 {
		t.Error(err, len(got))
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// A class: nothing by which one of them could be reached, a guardian's consent
// for the first alone, and each kept for as long as the terms of the type say.
func TestAGroupUnder16(t *testing.T) {
	d := newHouse(t).door("East")
	d.cfg.Keep = terms.Of([]crdt.Setting{must(terms.Setting(terms.Card, "group", 3))(t)}).For
	a := Arrival{Name: "Class 7B", Assist: "a chair", Type: "group", How: "desk", Under16: true}
	var p *Problem
	if _, err := d.CheckInGroup(t.Context(), a, Lines("Bo")); !errors.As(err, &p) || p.Key != "minor.guardian" {
		t.Error("nobody has agreed:", err)
	}
	a.Guardian = true
	got, err := d.CheckInGroup(t.Context(), a, Lines("Bo\nEva"))
	if err != nil || len(got) != 3 {
		t.Fatal(err, len(got))
	}
	for i, one := range got {
		x, err := d.Dossier(one.Visit)
		if err != nil || i > 0 && len(x.Consents) != 0 || i == 0 && (len(x.Consents) != 1 || !x.Consents[0].Guardian) {
			t.Errorf("%d: %v %v", i, x.Consents, err)
		}
		if s, err := d.cfg.Replica.Presence(one.Visit); err != nil || s.Ends != d.cfg.Today()+3 {
			t.Errorf("%d is kept for %d days: %v", i, s.Ends-d.cfg.Today(), err)
		}
	}
}
