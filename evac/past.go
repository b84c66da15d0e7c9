package evac

import (
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// only makes a judge judge by one evacuation, over or not.
func (j judge) only(e record.Evacuation) {
	all := slices.Clone(e.Starts)
	for i := range all {
		all[i].Ended = 0
	}
	j.runs[""] = &e
	for _, p := range j.in.Presences {
		site := p.Seen.Place.Site
		if _, done := j.runs[site]; done {
			continue
		}
		j.runs[site] = nil
		if at, on := record.Evacuations(all).Running(site); on {
			j.runs[site] = &at
		}
	}
}

// asOf is somebody as they stood at the end of an evacuation: who left after it
// had not. What was said of them counts whenever it was said.
func asOf(p record.Presence, end record.HLC) record.Presence {
	later := func(d record.Departure) bool { return d.At > end }
	if slices.ContainsFunc(p.Departures, later) {
		p.Departures = slices.DeleteFunc(slices.Clone(p.Departures), later)
	}
	if p.Left.At <= end && p.Timed.At <= end {
		return p
	}
	if p.Timed.At > end && p.State == record.Timed {
		p.State, p.Timed = record.Present, record.Fact{}
	}
	if p.Left.At <= end {
		return p
	}
	p.Left = record.Fact{}
	p.State = record.Present
	switch {
	case p.Arrived.IsZero():
		p.State = record.Unknown
	case !p.Timed.IsZero() && p.Timed.At > p.Seen.At:
		p.State = record.Timed
	}
	return p
}

// listedAt reports whether the person was on the list at a time.
func (b bearer) listedAt(at record.HLC) bool {
	return slices.ContainsFunc(b, func(p record.Presence) bool {
		return !p.Arrived.IsZero() && p.Since <= at && (p.Left.IsZero() || p.Left.At >= at)
	})
}

// moments are the marks that count and the departures of a person.
func (j judge) moments(b bearer) (out []Moment) {
	for _, p := range b {
		e := j.concerns(p.Seen.Place.Site)
		if e == nil {
			continue
		}
		m := Moment{Visit: p.Visit, Badge: p.Badge()}
		for _, f := range p.Counting(*e) {
			m.At, m.State, m.Point, m.By = f.At.Time(), stateOf(f.Mark), f.Point, j.name(f.By())
			out = append(out, m)
		}
		if !p.Left.IsZero() && p.Left.At >= e.At {
			m.At, m.State, m.Point, m.By = p.Left.At.Time(), Left, "", j.name(p.Left.By())
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b Moment) int { return a.At.Compare(b.At) })
	return out
}

// since is from when somebody was accounted for, and stayed so.
func since(moments []Moment, q Person) (at time.Time) {
	for _, m := range moments {
		switch {
		case m.State != Safe && m.State != Left:
			at = time.Time{}
		case at.IsZero():
			at = m.At
		}
	}
	switch {
	case !at.IsZero():
		return at
	case q.State == Left:
		return q.LeftAt
	}
	return q.MarkedAt
}
