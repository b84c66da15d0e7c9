package visits

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// sounding writes a badge code as it may be typed: lower case, no dash, and
// the letters that 0 and 1 are taken for.
func sounding(code string) string {
	return strings.NewReplacer("-", "", "0", "o", "1", "l").Replace(strings.ToLower(code))
}

// withZero is a visit whose badge has a 0 and a 1 in it.
func withZero(t *testing.T) record.VisitID {
	for i := range 1 << 16 {
		v := record.VisitID{0x9c, byte(i >> 8), byte(i), 5, 6, 7, 8}
		if s := v.Badge().String(); strings.Contains(s, "0") && strings.Contains(s, "1") {
			return v
		}
	}
	t.Fatal("no badge has both")
	return record.VisitID{}
}

func TestEveryWayToWriteACode(t *testing.T) {
	v := withZero(t)
	badge := v.Badge().String()
	for what, text := range map[string]string{
		"badge":                 badge,
		"as typed":              sounding(badge),
		"capital O":             strings.ReplaceAll(badge, "0", "O"),
		"capital I":             strings.ReplaceAll(badge, "1", "I"),
		"spaces":                " " + strings.ReplaceAll(badge, "-", " ") + "\n",
		"QR":                    v.QR(),
		"QR in lower case":      strings.ToLower(v.QR()),
		"visit":                 v.String(),
		"visit as typed":        sounding(v.String()),
		"visit with line break": v.String()[:10] + "\r\n" + v.String()[10:],
	} {
		t.Run(what, func(t *testing.T) {
			h := newHouse(t)
			d := h.door("East")
			d.arrived(v)
			h.advance(time.Hour)
			x := d.out(text)
			if x.Visit != v || x.Badge != v.Badge() || !x.Known || x.Already || !x.At.Equal(h.clock()) {
				t.Fatalf("%+v", x)
			}
			p, err := d.replica.Presence(v)
			if err != nil || p.State != record.Gone || p.Left.How != "kiosk" || p.Left.Place.Entrance != "East" {
				t.Fatalf("%+v %v", p, err)
			}
			if len(d.list(true)) != 0 || len(d.list(false)) != 1 {
				t.Fatal("the lists disagree with the check-out")
			}
		})
	}
}

func TestSecondCheckOutChangesNothing(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	got := d.in(Arrival{Name: "Astrid Ek"})
	h.advance(time.Hour)
	first := d.out(got.Badge.String())
	h.advance(time.Hour)
	for _, code := range []string{got.Badge.String(), got.QR, got.Visit.String()} {
		d.unchanged(func() {
			x := d.out(code)
			if !x.Already || !x.Known || x.Visit != got.Visit || x.At.Sub(first.At).Abs() > time.Second {
				t.Fatalf("%+v after %+v", x, first)
			}
		})
	}
}

// A badge checks its bearer out at a door that has never heard of the visit,
// whichever news travels first.
func TestOutBeforeTheNewsOfTheArrival(t *testing.T) {
	for what, code := range map[string]func(Receipt) string{
		"badge": func(r Receipt) string { return r.Badge.String() },
		"QR":    func(r Receipt) string { return r.QR },
		"visit": func(r Receipt) string { return r.Visit.String() },
	} {
		t.Run(what, func(t *testing.T) {
			h := newHouse(t)
			east, west := h.door("East"), h.door("West")
			got := east.in(Arrival{Name: "Astrid Ek"})
			other := east.in(Arrival{Name: "Björn Al"})
			h.advance(time.Hour)
			x := west.out(code(got))
			if x.Known || x.Already || x.Badge != got.Badge {
				t.Fatalf("%+v", x)
			}
			west.pull(east)
			east.pull(west)
			for _, d := range []*door{east, west} {
				rows := d.list(true)
				if len(rows) != 1 || rows[0].Visit != other.Visit {
					t.Fatalf("%s: %d inside", d.name, len(rows))
				}
				p, err := d.replica.Presence(got.Visit)
				if err != nil || p.State != record.Gone || p.Left.Place.Entrance != "West" {
					t.Fatalf("%s: %+v %v", d.name, p, err)
				}
				again := func() {
					if x := d.out(got.Badge.String()); !x.Already || x.Visit != got.Visit {
						t.Fatalf("%s: %+v", d.name, x)
					}
				}
				if d == east {
					again() // now it is its word too
				}
				d.unchanged(again)
			}
		})
	}
}

// Two visits that share a badge code: the code alone closes neither, the QR
// closes its own.
func TestAmbiguousBadge(t *testing.T) {
	d := newHouse(t).door("East")
	a, b := record.VisitID{1, 2, 3, 4, 5, 6}, record.VisitID{1, 2, 3, 4, 5, 7}
	if a.Badge() != b.Badge() {
		t.Fatal("the two do not share a badge")
	}
	d.arrived(a)
	d.arrived(b)
	d.unchanged(func() {
		_, err := d.CheckOut(context.Background(), a.Badge().String(), "kiosk")
		problem(t, err, "badge.ambiguous")
		silent(t, err, a.Badge().String())
	})
	if n := len(d.list(true)); n != 2 {
		t.Fatalf("%d inside", n)
	}
	if x := d.out(b.QR()); x.Visit != b || !x.Known || x.Already {
		t.Fatalf("%+v", x)
	}
	if rows := d.list(true); len(rows) != 1 || rows[0].Visit != a {
		t.Fatal("the QR closed the wrong visit")
	}
	// Now the code can mean only one.
	if x := d.out(a.Badge().String()); x.Visit != a || x.Already {
		t.Fatalf("%+v", x)
	}
	if len(d.list(true)) != 0 {
		t.Fatal("somebody is still inside")
	}
}

func TestMalformedCodes(t *testing.T) {
	d := newHouse(t).door("East")
	v := record.VisitID{9, 9, 9, 9}
	badge := v.Badge().String()
	wrong := []byte(badge)
	wrong[0] = map[bool]byte{true: 'A', false: 'B'}[wrong[0] == 'B']
	for _, text := range []string{"", " ", "-", "Zq7", "ABCD", string(wrong), badge + "0", v.String()[:26], "UP1", "UP1" + badge, "UP2" + v.String(), "UPX" + v.String(), "\xff\xfe", strings.Repeat("Z", 1<<20)} {
		d.unchanged(func() {
			_, err := d.CheckOut(context.Background(), text, "kiosk")
			if p := problem(t, err, "badge.malformed"); p.Field != "code" || len(p.Hint) > 300 {
				t.Errorf("%+v", p)
			}
		})
	}
	_, err := d.CheckOut(context.Background(), "UP3"+v.String(), "kiosk")
	problem(t, err, "badge.newer")
}

// A person may type a name where a code is asked for: no error repeats it.
func TestWhatIsTypedForACodeIsNeverRepeated(t *testing.T) {
	d := newHouse(t).door("East")
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.String().Draw(r, "before") + "Zq7~" + rapid.String().Draw(r, "after")
		_, err := d.CheckOut(context.Background(), text, "kiosk")
		if err == nil {
			r.Fatal("a code with a ~ was taken")
		}
		silent(t, err, "Zq7")
		var p *Problem
		if !errors.As(err, &p) || p.Key != "badge.malformed" && p.Key != "badge.newer" {
			r.Fatal(err)
		}
	})
}

func TestCheckOutThatIsNotSaved(t *testing.T) {
	for key, cause := range map[string]error{"disk.full": store.ErrFull, "store.broken": store.ErrBroken} {
		d := newHouse(t).door("East")
		got := d.in(Arrival{Name: "Astrid Ek"})
		d.disk.fail(cause)
		d.unchanged(func() {
			_, err := d.CheckOut(context.Background(), got.Badge.String(), "kiosk")
			problem(t, err, key)
		})
		if rows := d.list(true); len(rows) != 1 || rows[0].State != record.Present {
			t.Fatalf("%s: somebody left without it being saved", key)
		}
	}
}

// Whoever is let out during an evacuation is let out in spite of what was said
// of them before, and of nothing that this door had not heard of.
func TestCheckOutDuringAnEvacuation(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	alarm := record.Evacuation{Starts: []record.Start{{ID: record.EvacID{1}}}}
	says := func(v record.VisitID, m record.Mark, over ...record.EventID) {
		t.Helper()
		d.write(record.Event{Kind: record.Marked, Visit: v, Mark: m, Starts: []record.EvacID{{1}}, Over: over})
		h.advance(time.Second)
	}
	stands := func(v record.VisitID) record.Verdict {
		t.Helper()
		p, err := d.replica.Presence(v)
		if err != nil {
			t.Fatal(err)
		}
		return p.Verdict(alarm)
	}
	a, b := record.VisitID{1}, record.VisitID{2}
	d.arrived(a)
	d.arrived(b)
	d.write(record.Event{Kind: record.EvacStarted, Evac: record.EvacID{1}})
	says(a, record.Refuge)
	d.out(a.String())
	if v := stands(a); !v.Left {
		t.Errorf("%+v", v)
	}
	// Seen inside by one who knew that the badge went out, and then let out.
	p, err := d.replica.Presence(a)
	if err != nil {
		t.Fatal(err)
	}
	says(a, record.Inside, p.Left.ID)
	if v := stands(a); v.Mark != record.Inside {
		t.Errorf("%+v", v)
	}
	if x := d.out(a.String()); x.Already || !x.Known {
		t.Errorf("%+v", x)
	}
	if v := stands(a); !v.Left {
		t.Errorf("%+v", v)
	}
	if x := d.out(a.String()); !x.Already {
		t.Errorf("a third time: %+v", x)
	}
	// A mark that this door has not heard of is not taken back by it.
	other := h.door("West")
	other.write(record.Event{Kind: record.Marked, Visit: b, Mark: record.Refuge, Starts: []record.EvacID{{1}}})
	d.out(b.String())
	d.pull(other)
	if v := stands(b); v.Mark != record.Refuge || !v.Disputed {
		t.Errorf("%+v", v)
	}
	// A badge code that was marked, and of which no visit is known.
	c := record.VisitID{3}
	d.write(record.Event{Kind: record.Marked, Badge: c.Badge(), Mark: record.Inside, Starts: []record.EvacID{{1}}})
	if x := d.out(c.Badge().String()); x.Known || !x.Visit.IsZero() {
		t.Errorf("%+v", x)
	}
	for _, present := range []bool{true, false} {
		for _, row := range d.list(present) {
			if row.Visit.IsZero() {
				t.Errorf("a code is listed as a visit: %+v", row)
			}
		}
	}
}
