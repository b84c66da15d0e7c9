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
	"github.com/upprop/upprop/node/consent"
)

func TestCheckInIsListed(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	got := d.in(Arrival{Name: "  Astrid Ek\t", Company: " Bolaget ", Host: "Sven", Assist: "stairs", Email: "a@example.org", How: "kiosk"})
	if got.Badge != got.Visit.Badge() || parsed(t, got.QR).Visit != got.Visit || !got.At.Equal(h.clock()) {
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

// TestAnnounced: whoever tells hosts hears of each arrival once before it is
// committed, and once whether it was.
func TestAnnounced(t *testing.T) {
	d := newHouse(t).door("East")
	var said []string
	d.Service.cfg.Announce = func(v record.VisitID, a Arrival) func(bool) {
		said = append(said, "about "+a.Host.Reveal())
		return func(durable bool) { said = append(said, fmt.Sprint(durable)) }
	}
	d.in(Arrival{Name: "Astrid Ek", Host: "sven@example.org"})
	d.disk.fail(store.ErrFull)
	if _, err := d.CheckIn(t.Context(), Arrival{Name: "Bo Al", Host: "eva@example.org"}); err == nil {
		t.Fatal("checked in on a full disk")
	}
	if got := strings.Join(said, ", "); got != "about sven@example.org, true, about eva@example.org, false" {
		t.Error(got)
	}
}

func TestConsentNeedsAnAddress(t *testing.T) {
	d := newHouse(t).door("East")
	var p *Problem
	if _, err := d.CheckIn(t.Context(), Arrival{Name: "Astrid Ek", Notify: true}); !errors.As(err, &p) || p.Key != "notify.no_address" {
		t.Error(err)
	}
	for _, a := range []Arrival{{Name: "Astrid Ek", Phone: "0701234567", Notify: true}, {Name: "Bo Al", Email: "b@example.org"}} {
		got := d.in(a)
		if dossier, err := d.Dossier(got.Visit); err != nil || dossier.Notify != a.Notify {
			t.Error("consent was not kept as given:", err)
		}
	}
}

func TestWhatANameMayBe(t *testing.T) {
	d := newHouse(t).door("East")
	long := func(n int) string { return "Zq7" + strings.Repeat("å", n-3) }
	for _, c := range []struct{ text, key string }{
		{"", "name.empty"},
		{" \t\n ", "name.empty"},
		{"\u00a0\u2003", "name.empty"},
		{"\u200b\u200d", "name.empty"},
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
		"disk.full": store.ErrFull, "store.broken": store.ErrBroken, "keys.missing": ErrNoKeys, "store.keys": ErrNotKept,
	} {
		t.Run(key, func(t *testing.T) {
			d := newHouse(t).door("East")
			before := d.in(Arrival{Name: "Björn Al"})
			d.unchanged(func() {
				if key == "keys.missing" || key == "store.keys" {
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
			plain := utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c >= 0x7f && c <= 0x9f || record.Misleads(c) })
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
	free.Own(d.id)
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

func TestConsentsAreOnTheRegister(t *testing.T) {
	d := newHouse(t).door("East")
	none := d.in(Arrival{Name: "Astrid Ek", Phone: "070", How: "kiosk"})
	both := d.in(Arrival{Name: "Bo Al", Phone: "070", Notify: true, Assist: "a chair", Lang: "en", How: "kiosk"})
	if x, err := d.Dossier(none.Visit); err != nil || len(x.Consents) != 0 {
		t.Error("a consent that nobody gave:", x.Consents, err)
	}
	x, err := d.Dossier(both.Visit)
	if err != nil || len(x.Consents) != 2 {
		t.Fatal(x.Consents, err)
	}
	for i, p := range []consent.Purpose{consent.Assist, consent.Notify} {
		w := consent.Of(nil).Words(p, "en")
		if c := x.Consents[i]; c.Purpose != string(p) || c.Version != 1 || c.Hash != w.Hash() || c.Lang != "en" || c.How != "kiosk" || c.At.IsZero() || c.Guardian || !c.Withdrawn.IsZero() {
			t.Errorf("%+v", c)
		}
	}
}

// Of somebody under 16 nothing is kept by which they could be reached, and a
// guardian alone consents for them.
func TestUnder16(t *testing.T) {
	d := newHouse(t).door("East")
	for key, a := range map[string]Arrival{
		"minor.contact":  {Name: "Class 7B", Phone: "070", Under16: true, Guardian: true},
		"minor.guardian": {Name: "Class 7B", Assist: "a chair", Under16: true},
	} {
		var p *Problem
		if _, err := d.CheckIn(t.Context(), a); !errors.As(err, &p) || p.Key != key || p.Field == "" {
			t.Error(key, err)
		}
	}
	var p *Problem
	if _, err := d.CheckIn(t.Context(), Arrival{Name: "Class 7B", Email: "a@b.se", Under16: true}); !errors.As(err, &p) || p.Field != "email" {
		t.Error(err)
	}
	got := d.in(Arrival{Name: "Class 7B", Assist: "a chair", Under16: true, Guardian: true})
	if x, err := d.Dossier(got.Visit); err != nil || len(x.Consents) != 1 || !x.Consents[0].Guardian {
		t.Errorf("%+v %v", x.Consents, err)
	}
	if got := d.in(Arrival{Name: "Class 7C", Under16: true}); got.Visit.IsZero() {
		t.Error("a group was not taken in")
	}
}
