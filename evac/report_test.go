package evac_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

// drillNight is a house after an evacuation that ended at minute 9: four were
// on the list, one was added, one had left before, and one came later.
func drillNight() *house {
	h := newHouse()
	h.hear(
		evac.Entrance{Node: node(1), Name: "Här", Site: "Norra", Here: true, CompleteAsOf: at},
		evac.Entrance{Node: node(2), Name: "Östra grinden", Site: "Norra", Role: "entrance", CompleteAsOf: after(4).Time(), LastHeard: after(4).Time()},
		evac.Entrance{Node: node(4), Name: "Alfa", Site: "Norra", Role: "warden", CompleteAsOf: at, LastHeard: at},
	)
	s := alarmAt("", false, 1)
	s.Ended, s.Reason = after(9), "all found"
	h.evacuate(s)
	wrong := mark(4, 2, after(1), record.Safe)
	h.add(at9(1, 1, func(p *record.Presence) { p.Marks = []record.MarkFact{mark(4, 1, after(2), record.Safe)} }), nil)
	h.add(at9(2, 1, func(p *record.Presence) {
		p.Marks = []record.MarkFact{wrong, mark(4, 3, after(3), record.Missing, wrong), mark(5, 1, after(8), record.Safe)}
	}), nil)
	h.add(at9(3, 2, func(*record.Presence) {}), nil)
	h.add(at9(4, 2, func(p *record.Presence) {
		p.State, p.Added, p.Arrived, p.Since, p.Seen.At = record.Unknown, true, record.Fact{}, 0, after(5)
	}), nil)
	h.add(at9(7, 1, func(p *record.Presence) { p.Since, p.Arrived.At, p.Seen.At = after(9)+1, after(9)+1, after(9)+1 }), nil)
	out := at9(5, 1, func(p *record.Presence) { leaves(p, 1, after(4)) })
	before := at9(6, 1, func(p *record.Presence) {
		leaves(p, 2, began-1)
		p.Marks = []record.MarkFact{mark(4, 4, after(4), record.Missing)}
	})
	home := at9(8, 1, func(p *record.Presence) { leaves(p, 1, began-9) })
	h.left = []record.Presence{out, before, home}
	h.sweeps = record.Sweeps{{Fact: record.Fact{ID: record.EventID{Seq: 1}, At: after(6), Place: record.Place{Site: "Norra", Zone: "Källare"}}, Clear: true, Starts: []record.EvacID{{1}}}}
	return h
}

func TestReport(t *testing.T) {
	h := drillNight()
	s, _ := muster(t, h)
	r, err := s.Report(record.EvacID{}, "")
	if err != nil {
		t.Fatal(err)
	}
	want := evac.Counts{Inside: 1, Safe: 2, Left: 2, Unconfirmed: 1, Total: 6}
	got := r.Counts
	got.NotSure = 0
	if got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	if r.AtStart != 4 || r.Ended.IsZero() || r.Reason != "all found" {
		t.Errorf("%+v", r)
	}
	// Of four, one was found in the second minute, one left in the fourth, one
	// was found for good in the eighth, and one was not.
	for i, want := range []time.Duration{4 * time.Minute, 0, 0} {
		if r.Accounted[i].After != want || r.Accounted[i].At.IsZero() != (want == 0) {
			t.Errorf("%d per cent: %+v", r.Accounted[i].Percent, r.Accounted[i])
		}
	}
	if diff := cmp.Diff([]evac.Within{{5, 2}, {15, 3}}, r.Within); diff != "" {
		t.Error(diff)
	}
	if len(r.Missed) != 1 || r.Missed[0].Visit != visitOf(4) || len(r.Gone) != 1 || r.Gone[0].Visit != visitOf(6) || r.Gone[0].Node != "Östra grinden" {
		t.Errorf("list errors: %+v %+v", r.Missed, r.Gone)
	}
	if len(r.Silent) != 1 || r.Silent[0].Name != "Östra grinden" {
		t.Errorf("silent: %+v", r.Silent)
	}
	if diff := cmp.Diff([]evac.PointCount{{"Parkeringen", true, 2}}, r.Points); diff != "" {
		t.Error(diff)
	}
	if len(r.Sweeps) != 1 || !r.Sweeps[0].Clear {
		t.Errorf("%+v", r.Sweeps)
	}
	var states []string
	for _, m := range r.Timeline {
		states = append(states, string(m.State))
	}
	if line := strings.Join(states, " "); line != "safe safe missing left missing safe" {
		t.Error(line)
	}
	if _, err := s.Report(record.EvacID{1}, "Norra"); err != nil {
		t.Error(err)
	}
	if _, err := s.Report(record.EvacID{2}, ""); err == nil {
		t.Error("a report of nothing")
	}
}

// A badge that was seen again after the end takes away nothing of how its bearer
// stood then.
func TestWhoIsLetOutAgainAfterTheEnd(t *testing.T) {
	report := func(again bool) evac.Report {
		h := drillNight()
		h.left = append(h.left, at9(9, 1, func(p *record.Presence) {
			leaves(p, 1, after(4))
			p.Marks = []record.MarkFact{mark(4, 9, after(6), record.Safe)}
			if again {
				p.Departures = append(p.Departures, record.Departure{ID: record.EventID{Seq: 99}, At: after(12), Over: []record.EventID{p.Left.ID}})
			}
		}))
		s, _ := muster(t, h)
		r, err := s.Report(record.EvacID{}, "")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if d := cmp.Diff(report(false), report(true)); d != "" {
		t.Error(d)
	}
}

func TestReportInTheInterface(t *testing.T) {
	h := drillNight()
	h.cards[visitOf(1)] = record.Card{Name: "Markernamn"}
	mux := api(t, h)
	body := get(t, mux, "/api/v1/evacuation/report").Body.String()
	var r struct {
		Kind      string
		AtStart   int `json:"at_start"`
		Accounted []struct{ Seconds *float64 }
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil || r.Kind != "real" || r.AtStart != 4 || *r.Accounted[0].Seconds != 240 || r.Accounted[2].Seconds != nil {
		t.Errorf("%s %v", body, err)
	}
	w := get(t, mux, "/api/v1/evacuation/report?format=csv")
	if lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n"); len(lines) != 7 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") ||
		lines[1] != "2026-11-22T08:53:14.000Z,60.000,"+visitOf(2).Badge().String()+","+visitOf(2).String()+",safe,Parkeringen,Alfa" {
		t.Errorf("%q", lines)
	}
	if strings.Contains(body+w.Body.String(), "Marker") {
		t.Error("a report names a person")
	}
	for path, want := range map[string]int{"?id=nonsense": 400, "?format=pdf": 400, "?id=" + (record.EvacID{9}).String(): 404, "?site=Norra": 200} {
		if w := get(t, mux, "/api/v1/evacuation/report"+path); w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := get(t, api(t, newHouse()), "/api/v1/evacuation/report"); w.Code != 404 {
		t.Error(w.Code)
	}
}

// Drills are kept apart: what was said in one is in no report of an alarm.
func TestReportsOfDrillsAreTheirOwn(t *testing.T) {
	h := drillNight()
	drill := alarmAt("", true, 7)
	drill.At, drill.Ended = after(9)+2, after(9)+5
	all := append(slices.Clone(h.Evacuations()), drill)
	h.evacuate(all...)
	s, _ := muster(t, h)
	r, err := s.Report(record.EvacID{}, "")
	if err != nil || !r.Evacuation.Drill || len(r.Timeline) != 0 || r.Counts.Safe != 0 {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := s.Report(record.EvacID{1}, ""); err != nil || r.Evacuation.Drill || r.Counts.Safe != 2 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestReportsAreOfSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawEvacuation(t)
		for i := range in.Evacuations {
			in.Evacuations[i].Ended = record.HLC(rapid.IntRange(0, 8).Draw(t, "ended"))
		}
		all := in.Evacuations.Each("")
		if len(all) == 0 {
			return
		}
		want := evac.FoldReport(in, all[0], nil)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
		in.Presences = slices.Clone(in.Presences)
		r.Shuffle(len(in.Presences), func(i, j int) { in.Presences[i], in.Presences[j] = in.Presences[j], in.Presences[i] })
		if diff := cmp.Diff(want, evac.FoldReport(in, all[0], nil)); diff != "" {
			t.Fatalf("the order of what came in shows:\n%s", diff)
		}
		if c := want.Counts; len(want.Accounted) != 3 || c.Inside+c.Missing+c.Refuge+c.Unconfirmed+c.ProbablyLeft+c.Safe+c.Left != c.Total {
			t.Fatalf("%+v", want)
		}
	})
}
