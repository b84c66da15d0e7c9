package visits

import (
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// A system that tells late of a badge has no mark before its eyes: it judges
// none anew, also those that this node knows.
func TestAFeedJudgesNoMark(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	alarm := record.Evacuation{Starts: []record.Start{{ID: record.EvacID{1}}}}
	staff := Arrival{Name: "Eva Ek", Type: "staff", How: record.HowFed}
	in := func(v record.VisitID) {
		t.Helper()
		if _, err := d.Enter(t.Context(), v, d.cfg.Place(), staff, h.clock()); err != nil {
			t.Fatal(err)
		}
	}
	d.write(record.Event{Kind: record.EvacStarted, Evac: record.EvacID{1}})
	for i, m := range []record.Mark{record.Missing, record.Safe, record.Inside, record.Refuge} {
		v := record.VisitID{byte(i + 1)}
		in(v)
		h.advance(time.Minute)
		out := h.clock()
		h.advance(time.Minute)
		d.write(record.Event{Kind: record.Marked, Visit: v, Mark: m, Starts: []record.EvacID{{1}}})
		h.advance(time.Minute)
		if err := d.LeaveAt(t.Context(), v, d.cfg.Place(), out); err != nil {
			t.Fatal(err)
		}
		p, err := d.replica.Presence(v)
		if err != nil {
			t.Fatal(err)
		}
		if x := p.Verdict(alarm); x.Mark != m || x.Left {
			t.Errorf("%s is gone: %+v", m, x)
		}
		if p.Left.How != record.HowFed || p.Left.Said != record.HLCOf(out) || p.Left.At.Time().Before(out.Add(2*time.Minute)) || len(p.Departures[0].Over) != 0 {
			t.Errorf("%s: %+v", m, p.Departures)
		}
		// Nor is it news of who has left already, and was marked by one who knew.
		d.write(record.Event{Kind: record.Marked, Visit: v, Mark: record.Inside, Starts: []record.EvacID{{1}}, Over: []record.EventID{p.Left.ID}})
		d.unchanged(func() {
			if err := d.LeaveAt(t.Context(), v, d.cfg.Place(), out); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The word of an arrival that is heard again is no arrival, also of who has left
// since.
func TestEnteredAgain(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	v := record.VisitID{1}
	enter := func() bool {
		t.Helper()
		already, err := d.Enter(t.Context(), v, d.cfg.Place(), Arrival{Name: "Eva Ek", How: record.HowFed}, h.clock())
		if err != nil {
			t.Fatal(err)
		}
		return already
	}
	if enter() {
		t.Error("it is new")
	}
	d.out(v.String())
	h.advance(time.Minute)
	d.unchanged(func() {
		if !enter() {
			t.Error("it is known")
		}
	})
	if n := len(d.list(true)); n != 0 {
		t.Errorf("%d inside", n)
	}
}

// What a source says that no clock shows is no evidence, and holds nothing up.
func TestAFeedsImpossibleTime(t *testing.T) {
	h := newHouse(t)
	d := h.door("East")
	v := record.VisitID{1}
	for _, said := range []time.Time{{}, time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -14*3600)), time.Unix(0, 0)} {
		if _, err := d.Enter(t.Context(), v, d.cfg.Place(), Arrival{Name: "Eva Ek", How: record.HowFed}, said); err != nil {
			t.Fatal(err)
		}
		if err := d.SeenAt(t.Context(), v, d.cfg.Place(), record.HowFed, said); err != nil {
			t.Fatal(err)
		}
		p, err := d.replica.Presence(v)
		if err != nil || p.Arrived.Said != 0 || p.Seen.Said != 0 {
			t.Fatal(p, err)
		}
	}
}
