package visits

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const dayLong = 24 * time.Hour

func parsed(t *testing.T, text string) record.QR {
	t.Helper()
	q, err := record.ParseQR(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Whoever shows the QR is greeted by name where the key record is, and by the
// code alone nowhere.
func TestBearerIsGreeted(t *testing.T) {
	h := newHouse(t)
	east, west := h.door("East"), h.door("West")
	got := east.in(Arrival{Name: "Astrid Ek"})
	q := parsed(t, got.QR)
	if q.Kind != record.BadgeQR || q.Visit != got.Visit || q.Last != record.DayOf(h.clock())+Retention {
		t.Fatalf("%v until %s", q, q.Last)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", got, got.QR), "Astrid") {
		t.Fatal("the payload has the name in clear")
	}
	if x := west.out(got.QR); x.Known || x.Name != "" || x.Visit != got.Visit {
		t.Fatalf("at a node that has not heard: %+v", x)
	}
	other := east.in(Arrival{Name: "Björn Al"})
	if x := east.out(other.Badge.String()); x.Name != "" {
		t.Fatal("a badge code opened a name")
	}
	if x := east.out(other.QR); !x.Already || x.Name != "Björn Al" {
		t.Fatalf("%+v", x)
	}
	west.pull(east)
	if x := west.out(got.QR); !x.Known || x.Name != "Astrid Ek" {
		t.Fatalf("after the news: %+v", x)
	}
	east.shred(got.Visit, record.BearerAudience)
	west.pull(east)
	if x := west.out(got.QR); x.Name != "" {
		t.Fatal("the paper beats a shred")
	}
}

func TestForgedQRIsRefused(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	got := d.in(Arrival{Name: "Astrid Ek"})
	q := parsed(t, got.QR)
	forge := func(edit func(*record.QR), sign func([]byte) []byte) string {
		c := q
		edit(&c)
		text, err := record.SignQR(c, sign)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	old := func([]byte) []byte { return q.Sig[:] }
	_, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"another visit":  forge(func(c *record.QR) { c.Visit[3]++ }, old),
		"another secret": forge(func(c *record.QR) { c.Secret[3]++ }, old),
		"a later day":    forge(func(c *record.QR) { c.Last++ }, old),
		"another kind":   forge(func(c *record.QR) { c.Kind = record.InvitationQR }, old),
		"another's key":  forge(func(*record.QR) {}, func(b []byte) []byte { return ed25519.Sign(priv, b) }),
	} {
		d.unchanged(func() {
			_, err := d.CheckOut(context.Background(), text, "kiosk")
			if p := problem(t, err, "badge.forged"); p.Field != "code" {
				t.Errorf("%s: %+v", what, p)
			}
			silent(t, err, text[3:40])
			_, err = d.Invited(text)
			problem(t, err, "badge.forged")
		})
	}
	if n := len(d.list(true)); n != 1 {
		t.Fatalf("%d inside", n)
	}
}

// A node that nobody here has heard of yet: its badges do, without a name.
func TestUnknownIssuersBadgeChecksOut(t *testing.T) {
	h := newHouse(t)
	east, new := h.door("East"), h.door("New")
	got := new.in(Arrival{Name: "Astrid Ek"})
	h.stranger = new.id
	if x := east.out(got.QR); x.Name != "" || x.Visit != got.Visit || x.Known {
		t.Fatalf("%+v", x)
	}
	east.pull(new)
	if p, err := east.replica.Presence(got.Visit); err != nil || p.State != record.Gone {
		t.Fatalf("%+v %v", p, err)
	}
}

func TestExpired(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	got := d.in(Arrival{Name: "Astrid Ek"})
	sign := func(kind record.QRKind, last record.Day) string {
		text, err := d.cfg.SignQR(record.QR{Kind: kind, Visit: record.VisitID{9, 9}, Last: last})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	today := record.DayOf(h.clock())
	for last, key := range map[record.Day]string{today - 2: "invitation.expired", today - 1: "", today: "", today + 5: ""} {
		_, err := d.Invited(sign(record.InvitationQR, last))
		if key != "" {
			problem(t, err, key)
		} else if err != nil {
			t.Errorf("valid until %s: %v", last, err)
		}
	}
	_, err := d.Invited(sign(record.BadgeQR, today))
	problem(t, err, "invitation.none")
	_, err = d.Invited("K7M4-2QXP")
	problem(t, err, "badge.malformed")
	h.advance(40 * dayLong)
	if x := d.out(got.QR); x.Visit != got.Visit || x.Already || x.Name != "" {
		t.Fatalf("evidence of leaving, on a badge that is over: %+v", x)
	}
	if len(d.list(true)) != 0 {
		t.Fatal("still inside")
	}
	h.stranger = d.id
	_, err = d.Invited(sign(record.InvitationQR, today+50))
	problem(t, err, "invitation.unknown")
}

// A clock that is wrong ends no invitation, and gives no badge more time.
func TestExpiryGoesByMoreThanAClock(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	got := d.in(Arrival{Name: "Astrid Ek"})
	date := record.DayOf(h.clock())
	d.cfg.Date = func() record.Day { return date }
	text, err := d.cfg.SignQR(record.QR{Kind: record.InvitationQR, Visit: record.VisitID{9, 9}, Last: date})
	if err != nil {
		t.Fatal(err)
	}
	h.advance(400 * dayLong)
	if _, err := d.Invited(text); err != nil {
		t.Error("a clock alone ends an invitation:", err)
	}
	date += 40
	h.advance(-400 * dayLong)
	_, err = d.Invited(text)
	problem(t, err, "invitation.expired")
	if x := d.out(got.QR); x.Name != "" {
		t.Error("a clock that has gone back makes a badge good again")
	}
}

// What a badge opens is opened by nobody from its date on, while its key waits to die:
// the grace is for the paper, not for the name.
func TestABadgeOpensNoNameFromItsDateOn(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	first, second := d.in(Arrival{Name: "Astrid Ek"}), d.in(Arrival{Name: "Bo Ek"})
	q, err := record.ParseQR(first.QR)
	if err != nil {
		t.Fatal(err)
	}
	h.advance(time.Duration(q.Last-record.DayOf(h.clock())-1) * dayLong)
	if x := d.out(first.QR); x.Name != "Astrid Ek" {
		t.Errorf("the day before: %+v", x)
	}
	h.advance(dayLong)
	if x := d.out(second.QR); x.Name != "" || x.Visit != second.Visit || x.Already {
		t.Errorf("on its date: %+v", x)
	}
}

// A photographed badge that is used in two halves is noticed when they meet,
// the same at every node and in any order.
func TestUsedTwiceIsNoticedOnMerge(t *testing.T) {
	h := newHouse(t)
	east, west, south := h.door("East"), h.door("West"), h.door("South")
	got := east.in(Arrival{Name: "Astrid Ek"})
	west.pull(east)
	h.advance(time.Hour)
	west.out(got.QR)
	h.advance(time.Minute)
	south.out(got.Badge.String()) // which has heard of nothing
	h.advance(time.Minute)
	east.out(got.QR)
	doors := []*door{east, west, south}
	for range 2 {
		for _, d := range doors {
			for _, from := range doors {
				d.pull(from)
			}
		}
	}
	for _, d := range doors {
		rows := d.list(false)
		if len(rows) != 1 || rows[0].State != record.Gone || rows[0].Left.Place.Entrance != "West" || len(rows[0].Again) != 2 {
			t.Fatalf("%s: %+v", d.name, rows)
		}
		for i, want := range []record.EntranceID{"South", "East"} {
			if f := rows[0].Again[i]; f.Place.Entrance != want || f.How != "kiosk" || f.By() == rows[0].Left.By() {
				t.Errorf("%s: again at %+v, want %s", d.name, f, want)
			}
		}
	}
}
