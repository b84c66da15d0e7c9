package alarm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

func TestAdd(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	if _, err := w.Add(t.Context(), AddRequest{Text: "Red jacket"}); err != ErrNotCovered {
		t.Error(err)
	}
	e := w.starts(false, "")
	got, err := w.Add(t.Context(), AddRequest{Text: "  Red jacket "})
	if err != nil || got.Badge != got.Visit.Badge() || len(w.sealed) != 1 || w.sealed[0] != "Red jacket" {
		t.Fatalf("%+v %v %d", got, err, len(w.sealed))
	}
	p, err := w.log.Presence(got.Visit)
	if err != nil || !p.Added || p.State != record.Unknown || p.Ends != 20000 || len(p.Marks) != 0 {
		t.Errorf("%+v %v", p, err)
	}
	if k, err := w.log.Sealed(record.PartKey{Visit: got.Visit, Audience: record.CardAudience}); err != nil || string(k.Box) != "sealed" {
		t.Error("the text is not kept:", err)
	}
	at, err := w.Add(t.Context(), AddRequest{Text: "Blue hat", Point: "Car park"})
	if err != nil || !at.PointKnown {
		t.Fatal(err)
	}
	if v := w.stands(whole(at.Visit)); v.Mark != record.Safe || v.By.Point != "Car park" || v.By.Starts[0] != e.ID {
		t.Errorf("%+v", v)
	}
	if strings.Contains(strings.Join(w.acts, "\n"), "jacket") {
		t.Error("what was told is on record")
	}
	for text, key := range map[record.Private]string{
		" ": "evacuation.text_empty", "\u200b": "evacuation.text_empty", "a\x07b": "text.control", "a\u202eb": "text.control", record.Private(strings.Repeat("å", 201)): "text.too_long",
	} {
		_, err := w.Add(t.Context(), AddRequest{Text: text})
		problem(t, err, key)
	}
}

// A node that cannot seal what was written says so, and what to do instead.
func TestWordsThatCannotBeKept(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	w.starts(false, "")
	w.log.refuse = fmt.Errorf("commit: %w", crdt.ErrNotKept)
	_, err := w.Add(t.Context(), AddRequest{Text: "Red jacket"})
	problem(t, err, "evacuation.words_not_kept")
	if strings.Contains(err.Error(), "jacket") {
		t.Error("the error tells what was written")
	}
}

func TestAddOnce(t *testing.T) {
	h := newHouse(t)
	a, b := h.warden("Alfa"), h.warden("Bravo")
	a.starts(false, "")
	meet(a, b)
	r := AddRequest{Text: "Red jacket", Point: "Car park", Once: record.OnceID{3}}
	first, err := a.Add(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range []*warden{a, b} {
		again, err := w.Add(t.Context(), r)
		if err != nil || again.Visit != first.Visit || again.Already != (i == 0) {
			t.Errorf("%+v %v", again, err)
		}
	}
	meet(a, b)
	if open := a.log.Open(); len(open) != 1 || len(open[0].Marks) != 1 {
		t.Errorf("%+v", open)
	}
}

func TestJoin(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	v := visitOf(1)
	w.arrives(v, "North")
	w.starts(false, "")
	w.says(bare(v), record.Missing)
	added, err := w.Add(t.Context(), AddRequest{Text: "Red jacket"})
	if err != nil {
		t.Fatal(err)
	}
	w.says(whole(added.Visit), record.Safe)
	if _, _, err := w.Join(t.Context(), bare(v), whole(added.Visit)); err != errNotAdded {
		t.Error(err)
	}
	if _, _, err := w.Join(t.Context(), whole(added.Visit), whole(added.Visit)); err != errSelf {
		t.Error(err)
	}
	if _, _, err := w.Join(t.Context(), whole(added.Visit), bare(visitOf(9))); err != errNoVisit {
		t.Error(err)
	}
	if from, to, err := w.Join(t.Context(), whole(added.Visit), bare(v)); err != nil || from != added.Visit || to != v {
		t.Fatal(from, to, err)
	}
	// One person: safe beats missing, by either code; and a new mark stands
	// instead of both.
	for _, code := range []record.Code{bare(v), whole(added.Visit)} {
		if s := w.stands(code); s.Mark != record.Safe {
			t.Errorf("%+v", s)
		}
	}
	w.says(bare(v), record.Inside)
	if s := w.stands(whole(added.Visit)); s.Mark != record.Inside || s.Disputed {
		t.Errorf("%+v", s)
	}
	if last := w.log.events[len(w.log.events)-1]; len(last.Over) != 2 {
		t.Errorf("%+v", last)
	}
	if u, err := w.Undo(t.Context(), whole(added.Visit), record.OnceID{}); err != nil || u.Now != record.Safe {
		t.Errorf("%+v %v", u, err)
	}
	if _, err := w.Part(t.Context(), whole(added.Visit)); err != nil {
		t.Fatal(err)
	}
	if s := w.stands(bare(v)); s.Mark != record.Missing {
		t.Errorf("apart again: %+v", s)
	}
}

func TestSweep(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	if err := w.Sweep(t.Context(), "", "Floor 2", true); err != ErrNotCovered {
		t.Error(err)
	}
	e := w.starts(true, "")
	for _, zone := range []record.ZoneID{"", "-x", "a/b"} {
		problem(t, w.Sweep(t.Context(), "", zone, true), "evacuation.no_zone")
	}
	problem(t, w.Sweep(t.Context(), "Nroth", "Floor 2", true), "evacuation.no_site")
	for _, clear := range []bool{false, true} {
		if err := w.Sweep(t.Context(), "", "Floor 2", clear); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Sweep(t.Context(), "South", "Floor 2", false); err != nil {
		t.Fatal(err)
	}
	got := w.log.Sweeps().In(e)
	if len(got) != 2 || !got[0].Clear || got[0].Place.Site != "North" || got[1].Clear {
		t.Errorf("%+v", got)
	}
}
