package evac

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Sample is what the news of one entrance was worth from a time on, as one node
// saw it; it holds until the entrance's next.
type Sample struct {
	At   time.Time     `json:"at"`
	Node record.NodeID `json:"node"`
	News News          `json:"news"`
	// LastHeard is when the entrance was last known to live; zero: never.
	LastHeard time.Time `json:"last_heard,omitzero"`
}

// Sample is what the news of an entrance is worth now; false for one that writes
// no presences.
func (e Entrance) Sample(now time.Time) (Sample, bool) {
	if e.Role == relay {
		return Sample{}, false
	}
	d := e.judge(now)
	return Sample{now, e.Node, d.News, d.LastHeard}, true
}

// Course is how the news of one entrance went in the course of an evacuation.
type Course struct {
	Node  record.NodeID
	Name  string
	Spans []Span
}

// Span is a time in which the news was worth the same. LastHeard is when the
// entrance had last been heard as it began.
type Span struct {
	From, To  time.Time
	News      News
	LastHeard time.Time
}

// Lost is a node that fell silent in the course of an evacuation.
type Lost struct {
	Node record.NodeID
	Name string
	// LastHeard is when it was last heard before, Back when it was heard again;
	// zero: not until the end.
	LastHeard, Back time.Time
}

// course lays out what was seen of entrances between two times. Entrances of
// other sites are passed over.
func (in Input) course(from, to time.Time) (all []Course, lost []Lost) {
	samples := slices.Clone(in.Samples)
	slices.SortStableFunc(samples, func(a, b Sample) int { return a.At.Compare(b.At) })
	of := map[record.NodeID][]Span{}
	for _, s := range samples {
		if s.At.After(to) {
			continue
		}
		spans := of[s.Node]
		at := s.At
		if at.Before(from) {
			at = from
		}
		if n := len(spans); n > 0 {
			spans[n-1].To = at
			if !spans[n-1].From.Before(at) {
				spans = spans[:n-1]
			}
		}
		of[s.Node] = append(spans, Span{From: at, News: s.News, LastHeard: s.LastHeard})
	}
	for _, e := range in.Entrances {
		spans := of[e.Node]
		if len(spans) == 0 || !in.holds(e.Site) {
			continue
		}
		spans[len(spans)-1].To = to
		// What follows another of the same worth is one with it: a restart looks
		// anew.
		merged := spans[:1]
		for _, s := range spans[1:] {
			if last := &merged[len(merged)-1]; last.News == s.News {
				last.To = s.To
				continue
			}
			merged = append(merged, s)
		}
		all = append(all, Course{e.Node, e.Name, merged})
		lost = append(lost, lostIn(e, merged)...)
	}
	slices.SortFunc(all, func(a, b Course) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), bytes.Compare(a.Node[:], b.Node[:]))
	})
	slices.SortFunc(lost, func(a, b Lost) int {
		return cmp.Or(a.LastHeard.Compare(b.LastHeard), cmp.Compare(a.Name, b.Name))
	})
	return all, lost
}

// lostIn are the times that a node fell silent after it had been heard.
func lostIn(e Entrance, spans []Span) (out []Lost) {
	heard := false
	for i, s := range spans {
		switch s.News {
		case Here, Fresh, Stale:
			heard = true
		case Silent:
			if heard {
				l := Lost{Node: e.Node, Name: e.Name, LastHeard: s.LastHeard}
				if i+1 < len(spans) {
					l.Back = spans[i+1].From
				}
				out = append(out, l)
			}
			heard = false
		}
	}
	return out
}
