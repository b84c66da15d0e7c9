package visits

import (
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Who was checked out at a node that turns out to have been revoked, and shows
// the badge at another door, has left by the word of that door; and left once.
func TestACheckOutOutlivesTheRevocationOfWhoWroteItFirst(t *testing.T) {
	fed := func(d *door, v record.VisitID) Departure {
		if err := d.LeaveAt(t.Context(), v, d.cfg.Place(), time.Time{}); err != nil {
			t.Fatal(err)
		}
		return Departure{Already: true}
	}
	scan := func(d *door, v record.VisitID) Departure { return d.out(v.QR()) }
	for name, out := range map[string]func(*door, record.VisitID) Departure{"a badge": scan, "a feed": fed} {
		h := newHouse(t)
		echo, west, south := h.door("Echo"), h.door("West"), h.door("South")
		got := west.in(Arrival{Name: "Astrid Ek"})
		echo.pull(west)
		h.advance(time.Hour)
		out(echo, got.Visit)
		west.pull(echo)
		h.advance(time.Hour)
		if x := out(west, got.Visit); !x.Already {
			t.Errorf("%s: %+v", name, x)
		}
		west.unchanged(func() {
			if x := out(west, got.Visit); !x.Already {
				t.Errorf("%s: %+v", name, x)
			}
		})
		south.pull(west)
		south.pull(echo)
		out(south, got.Visit)
		west.pull(south)
		for _, late := range []bool{false, true} {
			if late {
				h.revoke(echo, west, south)
			}
			for _, d := range []*door{west, south} {
				p, err := d.replica.Presence(got.Visit)
				if err != nil || p.Open() || len(p.Again) != 0 {
					t.Errorf("%s, revoked %v: %+v %v", name, late, p, err)
				}
				if where := p.Left.Place.Entrance; late && where != "West" || !late && where != "Echo" {
					t.Errorf("%s, revoked %v: left at %s", name, late, where)
				}
			}
		}
	}
}

// Whoever shows the badge again takes no mark back that was made by one who knew
// that they had left.
func TestACheckOutAgainJudgesNoMark(t *testing.T) {
	h := newHouse(t)
	east, west := h.door("East"), h.door("West")
	alarm := record.Evacuation{Starts: []record.Start{{ID: record.EvacID{1}}}}
	v := record.VisitID{1}
	east.arrived(v)
	east.write(record.Event{Kind: record.EvacStarted, Evac: record.EvacID{1}})
	h.advance(time.Second)
	east.out(v.String())
	west.pull(east)
	h.advance(time.Second)
	if x := west.out(v.String()); !x.Already {
		t.Errorf("%+v", x)
	}
	p, err := west.replica.Presence(v)
	if err != nil || len(p.Departures) != 2 || len(p.Departures[1].Over) != 1 || !p.Verdict(alarm).Left {
		t.Fatalf("%+v %v", p, err)
	}
	// A mark that names both stands, and one that names the first is disputed.
	for _, over := range [][]record.EventID{record.StillStanding(p.Marks, p.Departures), {p.Left.ID}} {
		w := record.VisitID{1}
		d := h.door("North " + string(rune('0'+len(over))))
		d.pull(west)
		d.write(record.Event{Kind: record.Marked, Visit: w, Mark: record.Inside, Starts: []record.EvacID{{1}}, Over: over})
		q, err := d.replica.Presence(w)
		if x := q.Verdict(alarm); err != nil || x.Mark != record.Inside || x.Disputed != (len(over) == 1) {
			t.Errorf("%+v %v", x, err)
		}
	}
}
