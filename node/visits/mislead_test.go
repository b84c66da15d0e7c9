package visits

import (
	"context"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

func TestNamesThatMisleadAreRefusedAndNoOthers(t *testing.T) {
	d := newHouse(t).door("East")
	for _, mark := range []string{"\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff"} {
		_, err := d.CheckIn(context.Background(), Arrival{Name: record.Private("Astrid" + mark + "Ek")})
		problem(t, err, "text.control")
	}
	for _, name := range []record.Private{
		"Åsa Öberg", "محمد علی\u200cزاده", "דוד כהן", "\u200fדוד (IT)\u200e", "क्\u200dषितिज", "李小龍", "👩\u200d🚒 Ek", "Nguyễn", "O’Neil-Ek",
	} {
		got := d.in(Arrival{Name: name})
		if c, err := d.Card(got.Visit); err != nil || c.Name != name {
			t.Fatalf("a name of another script did not stay what it is: %v", err)
		}
	}
}

func TestNoBadgeHasTheCodeZero(t *testing.T) {
	d := newHouse(t).door("East")
	d.unchanged(func() {
		_, err := d.CheckOut(context.Background(), record.BadgeCode(0).String(), "kiosk")
		problem(t, err, "badge.malformed")
	})
}

// A badge scanned twice at a door that has not heard of the visit is one
// departure, at the time of the first, when the news meet.
func TestTwoDeparturesByCodeAreOne(t *testing.T) {
	h := newHouse(t)
	east, west := h.door("East"), h.door("West")
	got := east.in(Arrival{Name: "Astrid Ek"})
	h.advance(time.Hour)
	first := west.out(got.Badge.String())
	h.advance(time.Minute)
	west.out(got.Badge.String())
	west.pull(east)
	east.pull(west)
	for _, d := range []*door{east, west} {
		rows := d.list(false)
		if len(rows) != 1 || rows[0].State != record.Gone || rows[0].Left.At.Time().Sub(first.At).Abs() > time.Second {
			t.Fatalf("%s: %d rows, %+v", d.name, len(rows), rows[0].Left)
		}
	}
}
