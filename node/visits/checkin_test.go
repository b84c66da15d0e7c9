package visits

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

func TestCheckInIsListed(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	got := d.in(Arrival{Name: "  Astrid Ek\t", Company: " Bolaget ", Host: "Sven", Assist: "stairs", Email: "a@example.org", How: "kiosk"})
	if got.Badge != got.Visit.Badge() || got.QR != got.Visit.QR() || !got.At.Equal(h.clock()) {
		t.Fatalf("%+v", got)
	}
	for _, present := range []bool{true, false} {
		rows := d.list(present)
		if len(rows) != 1 {
			t.Fatalf("%d rows", len(rows))
		}
		r := rows[0]
		if r.Visit != got.Visit || r.State != record.Present || r.Type != "visitor" || r.Arrived.How != "kiosk" || r.Arrived.Place.Entrance != "East" {
			t.Errorf("%+v", r.Presence)
		}
		want := record.Card{Name: "Astrid Ek", Company: "Bolaget", Host: "Sven", Assist: "stairs"}
		if r.Card == nil || *r.Card != want {
			t.Error("the card is not what was told, trimmed")
		}
		if want := record.DayOf(h.clock()) + Retention; r.Ends != want {
			t.Errorf("ends on %v, want %v", r.Ends, want)
		}
	}
	if dossier, err := d.Dossier(got.Visit); err != nil || dossier.Email != "a@example.org" {
		t.Fatalf("the dossier: %v", err)
	}
	if d.vault.kept != 1 {
		t.Fatalf("the vault was told %d times that its context is durable", d.vault.kept)
	}
}

func TestWhatANameMayBe(t *testing.T) {
	d := newHouse(t).door("East")
	long := func(n int) string { return "Zq7" + strings.Repeat("å", n-3) }
	for _, c := range []struct{ text, key string }{
		{"", "name.empty"},
		{" \t\n ", "name.empty"},
		{"\u00a0\u2003", "name.empty"},
		{long(200), ""},
		{" " + long(200) + " ", ""},
		{long(201), "name.too_long"},
		{long(10_000), "name.too_long"},
		{"Astrid\nEk", "text.control"},
		{"Astrid\x00Ek", "text.control"},
		{"Astrid\x1b[31mEk", "text.control"},
		{"Astrid\u0085Ek", "text.control"},
		{"Astrid\x7fEk", "text.control"},
		{"Astrid\xff\xfeEk", "text.control"},
		{long(10_000) + "\xc3", "text.control"},
		{"王小明", ""},
		{"محمد", ""},
		{"O'Brien-Ström <b>&amp;", ""},
		{"\U0001F600", ""},
	} {
		if c.key == "" {
			got := d.in(Arrival{Name: record.Private(c.text)})
			card, err := d.Card(got.Visit)
			if err != nil || card.Name.Reveal() != strings.TrimSpace(c.text) {
				t.Errorf("%d bytes came back changed: %v", len(c.text), err)
			}
			continue
		}
		d.unchanged(func() {
			_, err := d.CheckIn(context.Background(), Arrival{Name: record.Private(c.text)})
			silent(t, err, "Zq7")
			silent(t, err, "Astrid")
			p := problem(t, err, c.key)
			if p.Field != "name" || c.key == "name.too_long" && p.Limit != MaxName {
				t.Errorf("%+v", p)
			}
		})
	}
}

// Every field has its limit, and the problem names the field.
func TestWhatTheOtherFieldsMayBe(t *testing.T) {
	d := newHouse(t).door("East")
	for field, set := range map[string]struct {
		limit int
		in    func(*Arrival, string)
	}{
		"company": {MaxName, func(a *Arrival, s string) { a.Company = record.Private(s) }},
		"host":    {MaxName, func(a *Arrival, s string) { a.Host = record.Private(s) }},
		"email":   {MaxName, func(a *Arrival, s string) { a.Email = record.Private(s) }},
		"phone":   {MaxName, func(a *Arrival, s string) { a.Phone = record.Private(s) }},
		"assist":  {MaxText, func(a *Arrival, s string) { a.Assist = record.Private(s) }},
		"purpose": {MaxText, func(a *Arrival, s string) { a.Purpose = record.Private(s) }},
		"lang":    {MaxLabel, func(a *Arrival, s string) { a.Lang = s }},
		"type":    {MaxLabel, func(a *Arrival, s string) { a.Type = s }},
	} {
		for text, key := range map[string]string{
			"Zq7" + strings.Repeat("å", set.limit-3): "",
			"Zq7" + strings.Repeat("å", set.limit-2): "text.too_long",
			"Zq7\rb":   "text.control",
			"Zq7\xffb": "text.control",
		} {
			a := Arrival{Name: "Astrid Ek"}
			set.in(&a, text)
			_, err := d.CheckIn(context.Background(), a)
			if key == "" {
				if err != nil {
					t.Errorf("%s at its limit: %v", field, err)
				}
				continue
			}
			silent(t, err, "Zq7")
			if p := problem(t, err, key); p.Field != field {
				t.Errorf("%s is blamed for %s", p.Field, field)
			}
		}
	}
}

// The longest arrival that the limits allow fits into an entry.
func TestLongestArrival(t *testing.T) {
	d := newHouse(t).door("East")
	name, text := record.Private(strings.Repeat("\U0001F600", MaxName)), record.Private(strings.Repeat("\U0001F600", MaxText))
	got := d.in(Arrival{
		Name: name, Company: name, Host: name, Email: name, Phone: name, Assist: text, Purpose: text,
		Type: strings.Repeat("\U0001F600", MaxLabel), Lang: "sv", How: "kiosk",
	})
	if c, err := d.Card(got.Visit); err != nil || c.Assist != text {
		t.Fatalf("the longest card: %v", err)
	}
}

func TestCheckInThatIsNotSaved(t *testing.T) {
	for key, cause := range map[string]error{
		"disk.full": store.ErrFull, "store.broken": store.ErrBroken, "keys.missing": ErrNoKeys,
	} {
		t.Run(key, func(t *testing.T) {
			d := newHouse(t).door("East")
			before := d.in(Arrival{Name: "Björn Al"})
			d.unchanged(func() {
				if key == "keys.missing" {
					d.vault.edit(func() { d.vault.refuse = fmt.Errorf("seal: %w", cause) })
				} else {
					d.disk.fail(fmt.Errorf("%w (3 MB left)", cause))
				}
				_, err := d.CheckIn(context.Background(), Arrival{Name: "Zq7 Astrid"})
				problem(t, err, key)
				silent(t, err, "Zq7")
			})
			if rows := d.list(true); len(rows) != 1 || rows[0].Visit != before.Visit || rows[0].Card == nil {
				t.Fatal("the list has changed, or answers no more")
			}
			if d.vault.kept != 1 {
				t.Fatal("the vault was told that something refused is durable")
			}
			if key == "store.broken" {
				return
			}
			d.disk.fail(nil)
			d.vault.edit(func() { d.vault.refuse = nil })
			d.in(Arrival{Name: "Zq7 Astrid"})
			if n := len(d.list(true)); n != 2 {
				t.Fatalf("%d visits after the trouble", n)
			}
		})
	}
}

// No error about an arrival repeats what the person wrote, whatever they wrote
// and wherever it failed; what is accepted comes back as written.
func TestNamesAreNeverInErrors(t *testing.T) {
	d := newHouse(t).door("East")
	rapid.Check(t, func(r *rapid.T) {
		text := "Zq7" + rapid.OneOf(rapid.String(), rapid.StringN(190, 260, -1), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(r, "text")
		a := Arrival{Name: "Zq7"}
		field := rapid.SampledFrom([]*record.Private{&a.Name, &a.Company, &a.Host, &a.Assist, &a.Email, &a.Phone, &a.Purpose}).Draw(r, "field")
		*field = record.Private(text)
		fault := rapid.SampledFrom([]error{nil, ErrNoKeys, store.ErrFull, errors.New("other")}).Draw(r, "fault")
		if errors.Is(fault, store.ErrFull) {
			d.disk.fail(fault)
			defer d.disk.fail(nil)
		} else {
			d.vault.edit(func() { d.vault.refuse = fault })
			defer d.vault.edit(func() { d.vault.refuse = nil })
		}
		got, err := d.CheckIn(context.Background(), a)
		if err != nil {
			silent(t, err, "Zq7")
			plain := utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c >= 0x7f && c <= 0x9f || misleads(c) })
			if fault == nil && plain && utf8.RuneCountInString(text) <= MaxName {
				r.Fatal("a plain name was refused")
			}
			return
		}
		if fault != nil {
			r.Fatal("acknowledged without being saved")
		}
		c, err := d.Card(got.Visit)
		dossier, err2 := d.Dossier(got.Visit)
		if err != nil || err2 != nil {
			r.Fatal(err, err2)
		}
		want := strings.TrimSpace(text)
		for _, p := range []record.Private{c.Name, c.Company, c.Host, c.Assist, dossier.Email, dossier.Phone, dossier.Purpose} {
			if p.Reveal() == want {
				return
			}
		}
		r.Fatal("what was accepted is not on record")
	})
	if _, err := d.CheckIn(context.Background(), Arrival{Name: "Zq7"}); err != nil {
		t.Fatal(err)
	}
}

// An entrance never hands out a badge code that evidence is about already,
// not even that of a visit nobody has told it of.
func TestBadgeIsDrawnAnew(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	taken, unheard, free := record.VisitID{1}, record.VisitID{2}, record.VisitID{3}
	d.arrived(taken)
	d.out(unheard.Badge().String())
	var draws []byte
	for _, v := range []record.VisitID{{}, taken, unheard, free} {
		draws = append(draws, v[:]...)
	}
	d.cfg.Rand = strings.NewReader(string(draws))
	if got := d.in(Arrival{Name: "Astrid Ek"}); got.Visit != free {
		t.Fatalf("drew %v", got.Visit)
	}
	if _, err := d.CheckIn(context.Background(), Arrival{Name: "Zq7"}); err == nil {
		t.Fatal("checked in without randomness")
	} else {
		silent(t, err, "Zq7")
	}
}

func TestCheckInGivesUpWithItsCaller(t *testing.T) {
	d := newHouse(t).door("East")
	if err := d.replica.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := d.CheckIn(ctx, Arrival{Name: "Zq7"}); err == nil {
		t.Fatal("checked in at a closed node")
	} else {
		silent(t, err, "Zq7")
	}
}
