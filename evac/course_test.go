package evac_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

func TestCourse(t *testing.T) {
	began := at.Add(-20 * time.Minute)
	over := began.Add(10 * time.Minute)
	e := record.Evacuation{At: record.HLCOf(began), Starts: []record.Start{{At: record.HLCOf(began), Ended: record.HLCOf(over)}}}
	min := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	s := func(n byte, m int, news evac.News, heard int) evac.Sample {
		return evac.Sample{At: min(m), Node: node(n), News: news, LastHeard: min(heard)}
	}
	in := evac.Input{
		Now: at, Evacuations: record.Evacuations(e.Starts),
		Entrances: []evac.Entrance{{Node: node(1), Name: "East", Here: true, CompleteAsOf: at}, {Node: node(2), Name: "West", Site: "North"}, {Node: node(3), Name: "South", Site: "South"}},
		Samples: []evac.Sample{
			s(1, 0, evac.Here, 0), s(2, 0, evac.Fresh, 0), s(3, 0, evac.Never, -99),
			s(2, 3, evac.Stale, 2), s(2, 4, evac.Silent, 2), s(2, 5, evac.Silent, 2), // a restart looks anew
			s(2, 7, evac.Fresh, 7), s(2, 8, evac.Silent, 7), s(2, 11, evac.Fresh, 11), // when it was over
		},
	}
	for range 5 {
		r := evac.FoldReport(in, e, nil)
		want := []evac.Lost{{Node: node(2), Name: "West", LastHeard: min(2), Back: min(7)}, {Node: node(2), Name: "West", LastHeard: min(7)}}
		if d := cmp.Diff(want, r.Lost); d != "" {
			t.Fatal(d)
		}
		var names []string
		for _, c := range r.Courses {
			names = append(names, c.Name)
			if c.Spans[0].From != began || c.Spans[len(c.Spans)-1].To != over {
				t.Errorf("%s: %+v", c.Name, c.Spans)
			}
			for i, x := range c.Spans[1:] {
				if x.From != c.Spans[i].To || x.News == c.Spans[i].News {
					t.Errorf("%s: %+v", c.Name, c.Spans)
				}
			}
		}
		if got := strings.Join(names, " "); got != "East South West" || len(r.Courses[2].Spans) != 5 {
			t.Fatalf("%s %+v", got, r.Courses)
		}
		in.Samples = append(in.Samples[1:], in.Samples[0]) // in any order
	}
	r := evac.FoldReport(in, e, nil)
	b, err := r.JSON()
	if err != nil || !strings.Contains(string(b), `"lost":[{"node":"`+node(2).String()+`","name":"West","last_heard":"2026-11-22T08:44:14.000Z","back_at":"2026-11-22T08:49:14.000Z"}`) {
		t.Errorf("%s %v", b, err)
	}
	var csv bytes.Buffer
	if err := r.CSV(&csv); err != nil || !strings.Contains(csv.String(), "2026-11-22T08:46:14.000Z,240.000,,,entrance_silent,,West\n") || !strings.HasPrefix(csv.String(), "time,seconds,") {
		t.Errorf("%s %v", csv.String(), err)
	}
	in.Site = "South"
	if r := evac.FoldReport(in, e, nil); len(r.Courses) != 2 || len(r.Lost) != 0 {
		t.Errorf("%+v", r.Courses)
	}
	in.Samples = nil
	if r := evac.FoldReport(in, e, nil); r.Courses != nil || r.Lost != nil {
		t.Errorf("%+v", r.Courses)
	}
}
