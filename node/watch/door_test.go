package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

func TestADoorHoldsHashes(t *testing.T) {
	h := newHouse(t, "desk", true)
	e := gunnar
	e.Wait = true
	e = h.add(t, e)
	whole := h.add(t, Entry{Company: "Bolaget AB", Reason: "in dispute"})
	if _, err := h.Tell(); !errors.Is(err, ErrMaking) {
		t.Error(err)
	}
	h.make(t.Context())
	raw := must(h.Tell())
	for _, s := range []string{"arker", "unnar", "ekman", "threat", "security", "4670"} {
		if bytes.Contains(raw, []byte(s)) {
			t.Errorf("a door is told %q", s)
		}
	}
	door, err := Decode(raw)
	if err != nil || fmt.Sprintf("%+v", door) != "[withheld]" {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p    Person
		by   []string
		wait bool
		id   string
	}{
		{Person{Name: "MARKER gunnar"}, []string{"name"}, true, e.ID},
		{Person{Name: "G Markor", Phone: "+46701234567"}, []string{"phone", "name"}, true, e.ID},
		{Person{Name: "Bo Ek", Email: "Gunnar+1@MARKER.example"}, []string{"email"}, true, e.ID},
		{Person{Name: "Bo Ek", Company: "bolaget"}, []string{"company"}, false, whole.ID},
		{Person{Name: "Bo Ek", Company: "Marker AB"}, nil, false, ""}, // a colleague
		{Person{Name: "Gunnar Morker"}, nil, false, ""},               // for desks alone
	} {
		got := door.Match(c.p, h.today)
		var by []string
		for _, m := range got {
			by = append(by, m.By)
			if m.Entry != c.id || m.Wait != c.wait {
				t.Errorf("%+v", m)
			}
		}
		if !slices.Equal(by, c.by) {
			t.Errorf("%v, want %v", by, c.by)
		}
	}
	// A desk sees what a hash does not tell, and asks nobody to wait for that.
	if got := h.Match(Person{Name: "Gunnar Morker"}); len(got) != 1 || got[0].By != string(Nearly) || got[0].Wait {
		t.Errorf("%+v", got)
	}
}

// With another key the tags say nothing; a revocation has the desk draw one.
func TestAnotherKeyMatchesNobody(t *testing.T) {
	h := newHouse(t, "desk", true)
	h.add(t, gunnar)
	h.make(t.Context())
	before, err := Decode(must(h.Tell()))
	if err != nil {
		t.Fatal(err)
	}
	revoked := 1
	h.cfg.Revoked = func() int { return revoked }
	h.make(t.Context())
	after, err := Decode(must(h.Tell()))
	if err != nil {
		t.Fatal(err)
	}
	p := Person{Name: "Gunnar Marker"}
	if before.key == after.key || len(after.Match(p, h.today)) == 0 || slices.ContainsFunc(before.all, func(x tagged) bool {
		return slices.ContainsFunc(after.all, func(y tagged) bool { return x.Tag == y.Tag })
	}) {
		t.Error("a revocation changes nothing")
	}
	stolen := *after
	stolen.key = before.key
	if len(stolen.Match(p, h.today)) != 0 {
		t.Error("a wrong key matches")
	}
	for _, bad := range []string{"", "{}", strings.Replace(string(must(h.Tell())), `"Time":1`, `"Time":9999`, 1), strings.Replace(string(must(h.Tell())), `"country":"46"`, `"country":"x"`, 1)} {
		if _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%.40q is taken for a list", bad)
		}
	}
}

// A door asks for the list where there is one, goes on with the one that it holds
// while no desk answers, and forgets it when nothing is listed any more.
func TestADoorKeepsItsListUpToDate(t *testing.T) {
	desk, gate := newHouse(t, "desk", true), newHouse(t, "gate", false)
	asked, cut := 0, false
	d := &door{book: gate.Book, ask: func(context.Context) ([]byte, error) {
		if asked++; cut {
			return nil, errors.New("nobody answers")
		}
		return desk.Tell()
	}}
	look := func() {
		gate.now = gate.now.Add(asking)
		d.look(t.Context())
	}
	p := Person{Name: "Gunnar Marker"}
	if look(); asked != 0 || gate.Blind() || gate.Match(p) != nil {
		t.Error("a door asks for a list that nobody keeps")
	}
	e := desk.add(t, gunnar)
	sheettest.Heal(t, desk.desk, gate.desk)
	if look(); asked != 1 || !gate.Blind() || gate.Match(p) != nil {
		t.Error("it holds a list that is not made yet")
	}
	desk.make(t.Context())
	if look(); asked != 2 || gate.Blind() || len(gate.Match(p)) != 1 {
		t.Error("it holds no list")
	}
	if look(); asked != 2 {
		t.Error("it asks for what it has")
	}
	desk.add(t, Entry{Names: []record.Private{"Bo Ekman"}})
	desk.make(t.Context())
	cut = true
	sheettest.Heal(t, desk.desk, gate.desk)
	if look(); asked != 3 || len(gate.Match(p)) != 1 || len(gate.Match(Person{Name: "Bo Ekman"})) != 0 {
		t.Error("a door that is cut off forgets")
	}
	cut = false
	if look(); len(gate.Match(Person{Name: "Bo Ekman"})) != 1 {
		t.Error("it does not ask again")
	}
	if gate.now = gate.now.Add(anew); asked != 4 {
		t.Error(asked)
	}
	if look(); asked != 5 {
		t.Error("an old list is not asked for anew")
	}
	for _, x := range desk.List() {
		if err := desk.Remove(t.Context(), "", x.ID); err != nil {
			t.Fatal(err)
		}
	}
	sheettest.Heal(t, desk.desk, gate.desk)
	if look(); gate.door != nil || gate.Match(p) != nil || e.ID == "" {
		t.Error("a door keeps what is off the list")
	}
}

// BenchmarkTag is what one form costs at a door, and a guesser.
func BenchmarkTag(b *testing.B) {
	k := newKey()
	for b.Loop() {
		k.tag(DefaultCost, form{Name, "gunar marker"})
	}
}
