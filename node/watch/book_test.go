package watch

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

var gunnar = Entry{
	Names: []record.Private{"Gunnar Marker", "G. Markör"}, Email: "gunnar@marker.example", Phone: "070-123 45 67", Company: "Marker AB",
	Advice: "call security",
}

func TestAddingAndRemoving(t *testing.T) {
	h := newHouse(t, "desk", true)
	e := h.add(t, gunnar)
	if e.ID == "" || e.By != "operator a" || !e.Added.Equal(sheettest.At) || e.Until != h.today+usualDays {
		t.Errorf("%s by %s until %v", e.ID, e.By, e.Until)
	}
	got, err := h.Get(e.ID)
	if err != nil || got.Reason != "threatened staff" || got.Names[1] != "G. Markör" || got.Advice != "call security" {
		t.Errorf("%v %v", got, err)
	}
	if s := fmt.Sprintf("%v %+v %s", e, e, e); strings.Contains(s, "unnar") {
		t.Error("an entry prints its name")
	}
	// Nothing of it is in clear in the settings, or on record.
	for _, one := range h.desk.Settings("") {
		if bytes.Contains(bytes.ToLower(one.Value.Bytes()), []byte("marker")) || strings.Contains(one.Key+one.Value.String(), "arker") {
			t.Errorf("%s is in clear", one.Key)
		}
	}
	if err := h.Remove(t.Context(), "operator b", e.ID); err != nil || len(h.List()) != 0 {
		t.Error(err)
	}
	problem(t, "twice", h.Remove(t.Context(), "operator b", e.ID), "watch.unknown")
	if want := []string{"operator a watch.add " + e.ID, "operator b watch.remove " + e.ID}; !slices.Equal(h.acts, want) {
		t.Errorf("on record: %q", h.acts)
	}
	for what, c := range map[string]struct {
		e   Entry
		key string
	}{
		"nothing":     {Entry{Reason: "x"}, "watch.nothing"},
		"a word":      {Entry{Names: []record.Private{"  "}, Reason: "x"}, "watch.nothing"},
		"no reason":   {Entry{Names: []record.Private{"Bo Ek"}}, "watch.no_reason"},
		"mail":        {Entry{Email: "bo", Reason: "x"}, "watch.bad_email"},
		"phone":       {Entry{Phone: "112", Reason: "x"}, "watch.bad_phone"},
		"many names":  {Entry{Names: slices.Repeat([]record.Private{"Bo Ek"}, MaxNames+1), Reason: "x"}, "watch.names"},
		"over":        {Entry{Names: []record.Private{"Bo Ek"}, Reason: "x", Until: h.today - 1}, "watch.bad_until"},
		"for ever":    {Entry{Names: []record.Private{"Bo Ek"}, Reason: "x", Until: h.today + mostDays + 1}, "watch.bad_until"},
		"override":    {Entry{Names: []record.Private{"Bo \u202eEk"}, Reason: "x"}, "text.control"},
		"long":        {Entry{Names: []record.Private{record.Private(strings.Repeat("å", 10000))}, Reason: "x"}, "text.too_long"},
		"long reason": {Entry{Names: []record.Private{"Bo Ek"}, Reason: record.Private(strings.Repeat("å", 501))}, "text.too_long"},
	} {
		_, err := h.Add(t.Context(), "operator a", c.e)
		problem(t, what, err, c.key)
	}
	// An entrance adds nothing and opens nothing.
	gate := newHouse(t, "gate", false)
	_, err = gate.Add(t.Context(), "", gunnar)
	problem(t, "at a gate", err, "watch.not_here")
	sheettest.Heal(t, h.desk, gate.desk)
	if len(gate.List()) != 0 || gate.memo.Held() != 0 {
		t.Error("a gate has a list")
	}
}

func TestTermsAreSet(t *testing.T) {
	h := newHouse(t, "desk", true)
	if err := h.SetTerms(t.Context(), "operator a", 30, 60, "+47"); err != nil {
		t.Fatal(err)
	}
	if usual, most := h.Terms(); usual != 30 || most != 60 || h.Country() != "47" {
		t.Error(usual, most, h.Country())
	}
	_, err := h.Add(t.Context(), "", Entry{Names: []record.Private{"Bo Ek"}, Reason: "x", Until: h.today + 61})
	problem(t, "longer", err, "watch.bad_until")
	if e := h.add(t, gunnar); e.Until != h.today+30 {
		t.Errorf("until %v", e.Until)
	}
	problem(t, "more than the most", h.SetTerms(t.Context(), "", 90, 0, ""), "watch.bad_terms")
	problem(t, "for ever", h.SetTerms(t.Context(), "", 0, 40000, ""), "watch.bad_terms")
	problem(t, "no country", h.SetTerms(t.Context(), "", 0, 0, "046"), "watch.country")
}

// An entry dies on its date: it matches nobody, and nobody opens it; it is kept
// until then where its date is further off than keys are made.
func TestAnEntryDiesOnItsDate(t *testing.T) {
	h := newHouse(t, "desk", true)
	e := gunnar
	e.Until = h.today + 200
	e = h.add(t, e)
	short := h.add(t, Entry{Names: []record.Private{"Bo Ekman"}, Until: h.today + 3})
	h.make(t.Context())
	door, err := Decode(must(h.Tell()))
	if err != nil {
		t.Fatal(err)
	}
	bo, g := Person{Name: "Bo Ekman"}, Person{Name: "Gunnar Marker"}
	h.today += 3
	if len(h.Match(bo)) == 0 || len(door.Match(bo, h.today)) == 0 {
		t.Error("over before its last day is")
	}
	h.today++
	if len(h.Match(bo)) != 0 || len(door.Match(bo, h.today)) != 0 || len(h.List()) != 1 {
		t.Error("an entry that is over matches")
	}
	box := h.box(short.ID)
	if _, err := h.cfg.Vault.OpenForDesks(label(short.ID), box); err == nil || len(box) == 0 {
		t.Error("an entry that is over opens")
	}
	if n, err := h.renew(t.Context()); n != 1 || err != nil || len(h.box(short.ID)) != 0 {
		t.Error(n, err, "what is over is not taken away")
	}
	for range 4 {
		h.today += 45
		if _, err := h.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.Match(g)) == 0 {
		t.Error("it died before its date")
	}
	if dies, _ := h.cfg.Vault.BoxDies(h.box(e.ID)); dies != e.Until+1 {
		t.Errorf("it dies on %v, not after %v", dies, e.Until)
	}
	h.today = e.Until + 1
	if _, err := h.renew(t.Context()); err != nil || len(h.List()) != 0 || len(h.Match(g)) != 0 {
		t.Error("it outlives its date", err)
	}
}

func (h *house) box(id string) []byte {
	for _, s := range h.desk.Settings(Prefix + id + "/entry") {
		return s.Value.Bytes()
	}
	return nil
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// Two operators work at desks that do not hear each other; a removal stands,
// also where somebody seals anew who has not heard of it.
func TestTwoOperatorsApart(t *testing.T) {
	one, two := newHouse(t, "Reception", true), newHouse(t, "South desk", true)
	e := gunnar
	e.Until = one.today + 200
	e = one.add(t, e)
	sheettest.Heal(t, one.desk, two.desk)
	one.add(t, Entry{Names: []record.Private{"Bo Ekman"}})
	two.add(t, Entry{Names: []record.Private{"Bo Ekman"}, Reason: "another"})
	if err := one.Remove(t.Context(), "operator b", e.ID); err != nil {
		t.Fatal(err)
	}
	two.today += 40
	if n, err := two.renew(t.Context()); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	one.today = two.today
	sheettest.Heal(t, one.desk, two.desk)
	for _, h := range []*house{one, two} {
		if len(h.List()) != 2 || len(h.Match(Person{Name: "Bo Ekman"})) != 2 || len(h.Match(Person{Email: gunnar.Email})) != 0 {
			t.Errorf("%v", h.List())
		}
		if _, err := h.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(one.box(e.ID)) != 0 {
		t.Error("what was removed is kept")
	}
	d1, _ := one.Digest()
	sheettest.Heal(t, one.desk, two.desk)
	if d2, any := two.Digest(); d1 != d2 || !any {
		t.Error("the two differ")
	}
}

// late is a Vault whose keys may not have come yet.
type late struct {
	paper
	come *bool
}

func (l late) OpenForDesks(label [16]byte, box []byte) ([]byte, error) {
	if !*l.come {
		return nil, errors.New("no key for that date is here")
	}
	return l.paper.OpenForDesks(label, box)
}

// Entries count as soon as their keys are here, though no setting changes: for
// the desk, and for what it tells doors.
func TestKeysComeLater(t *testing.T) {
	h := newHouse(t, "desk", true)
	come := false
	h.add(t, gunnar)
	h.cfg.Vault = late{paper{&h.today}, &come}
	b := New(h.cfg)
	b.make(t.Context())
	if len(b.List()) != 0 || b.held.Count() != 0 {
		t.Fatal("an entry opens without a key")
	}
	come = true
	h.now = h.now.Add(reopening)
	if b.make(t.Context()); len(b.List()) != 1 || b.held.Count() == 0 {
		t.Error("an entry does not open when its key has come")
	}
}
