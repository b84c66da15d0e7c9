package record

import (
	"cmp"
	"slices"
)

// Mark is what somebody says of a person during an evacuation.
type Mark string

const (
	// Safe: the person was seen out of danger.
	Safe Mark = "safe"
	// Missing: nobody here has seen the person.
	Missing Mark = "missing"
	// Inside: the person was seen, or is said, to be still inside.
	Inside Mark = "inside"
	// Refuge: the person waits at a refuge and must be helped out.
	Refuge Mark = "refuge"
)

// Valid reports whether this release knows the mark. Of those that it does
// not, nothing follows.
func (m Mark) Valid() bool { return m.danger() > 0 }

// Sighting reports whether somebody has seen the person: Missing says only
// that its writer has not, and never stands against a sighting that its writer
// had not heard of.
func (m Mark) Sighting() bool { return m != Missing }

// danger orders marks by what follows from believing a wrong one.
func (m Mark) danger() int {
	switch m {
	case Refuge:
		return 4
	case Inside:
		return 3
	case Safe:
		return 2
	case Missing:
		return 1
	}
	return 0
}

// PointName is the name of a muster point. One that nobody has set up is kept.
type PointName string

// MarkFact is one mark on a visit.
type MarkFact struct {
	Fact
	Mark  Mark
	Point PointName
	// Starts are the starts that its writer knew to run.
	Starts []EvacID
	// Over are the marks and the departure that its writer had before it and
	// judged anew: it stands instead of those and of no others.
	Over []EventID
	// Copies are the other events that tell of the same act: it was delivered
	// to several nodes, of which some may have been revoked since.
	Copies []EventID
	// Once is the id of the act, zero where it was not given one.
	Once OnceID
}

func (m MarkFact) isOver(over map[EventID]bool) bool {
	return over[m.ID] || slices.ContainsFunc(m.Copies, func(id EventID) bool { return over[id] })
}

// Departure is one piece of evidence of leaving, as marks see it.
type Departure struct {
	ID EventID
	At HLC
	// Said is when a system that lets people in and out by their badges says that
	// it was; zero where it was seen here and now.
	Said HLC
	// Over are the marks that its writer had before it, and the departures: those
	// it judges not anew, since it says the same.
	Over []EventID
}

// was is when the badge went out, by all that is said of it.
func (d Departure) was() HLC {
	if d.Said != 0 {
		return min(d.At, d.Said)
	}
	return d.At
}

// MaxOver bounds the Over of one mark.
const MaxOver = 64

// MaxMarks bounds Presence.Marks: of more, the latest are kept.
const MaxMarks = 256

// Verdict is where one evacuation's marks put a person.
type Verdict struct {
	// Mark is empty when no mark stands.
	Mark Mark
	// By is the mark that stands, or the zero fact.
	By MarkFact
	// Left: the person has left, and no mark stands instead.
	Left bool
	// Disputed: two who had not heard of each other saw different things. The
	// more dangerous stands.
	Disputed bool
}

// Counting are the marks that count in an evacuation: those whose writer knew
// of one of its starts, and, when it is real, of one that is no drill. Whoever
// was found in a drill, or in an evacuation that is over, must be found anew.
func (p Presence) Counting(e Evacuation) (out []MarkFact) {
	for _, m := range p.Marks {
		if m.Mark.Valid() && slices.ContainsFunc(e.Starts, func(s Start) bool { return s.Drill == e.Drill && slices.Contains(m.Starts, s.ID) }) {
			out = append(out, m)
		}
	}
	return out
}

// MarkedIn reports whether there are marks whose writer knew of one of an
// evacuation's starts, whether they count in it or not.
func (p Presence) MarkedIn(e Evacuation) bool {
	return slices.ContainsFunc(p.Marks, func(m MarkFact) bool {
		return slices.ContainsFunc(e.Starts, func(s Start) bool { return slices.Contains(m.Starts, s.ID) })
	})
}

// Verdict judges the marks that count in an evacuation. It depends on their
// set alone. A mark stands until one that knew of it says otherwise, or until
// it is corrected: merging two halves never takes a mark away.
func (p Presence) Verdict(e Evacuation) Verdict { return Judge(p.Counting(e), p.Departures) }

// judgedAnew are the ids of what stands no more because something that knew of
// it was said since. No departure stands instead of another.
func judgedAnew(marks []MarkFact, departures []Departure) map[EventID]bool {
	over := map[EventID]bool{}
	for _, d := range departures {
		for _, id := range d.Over {
			over[id] = true
		}
	}
	for _, d := range departures {
		delete(over, d.ID)
	}
	for _, m := range marks {
		for _, id := range m.Over {
			over[id] = true
		}
	}
	return over
}

// StillStanding are the ids of the marks and departures that nothing which knew of
// them stands instead of, the latest MaxOver: what a new mark names in Over.
func StillStanding(marks []MarkFact, departures []Departure) (ids []EventID) {
	over := judgedAnew(marks, departures)
	type at struct {
		id EventID
		at HLC
	}
	var all []at
	for _, m := range marks {
		if !m.isOver(over) {
			all = append(all, at{m.ID, m.At})
		}
	}
	for _, d := range departures {
		if !over[d.ID] {
			all = append(all, at{d.ID, d.At})
		}
	}
	slices.SortFunc(all, func(a, b at) int { return cmp.Or(cmp.Compare(b.at, a.at), a.id.Compare(b.id)) })
	for _, a := range all[:min(len(all), MaxOver)] {
		ids = append(ids, a.id)
	}
	return ids
}

// Judge is Verdict for marks that are known to count, of one person or of
// several visits that turned out to be one, and that person's departures. What a
// system tells of a badge counts for when the badge went out, and not for when
// that was told: it knows of no mark, and is no news to who missed or saw the
// person afterwards.
func Judge(marks []MarkFact, departures []Departure) (v Verdict) {
	over := judgedAnew(marks, departures)
	var left HLC // the latest that stands
	seen := false
	for _, d := range departures {
		if !over[d.ID] {
			left, seen = max(left, d.was()), seen || d.Said == 0
		}
	}
	for _, m := range marks {
		switch {
		case m.isOver(over):
			continue
		case v.Mark == "":
			v.Mark, v.By = m.Mark, m
			continue
		}
		v.Disputed = v.Disputed || m.Mark.Sighting() && v.Mark.Sighting() && m.Mark != v.Mark
		if c := cmp.Or(cmp.Compare(m.Mark.danger(), v.Mark.danger()), cmp.Compare(m.At, v.By.At), m.ID.Compare(v.By.ID)); c > 0 {
			v.Mark, v.By = m.Mark, m
		}
	}
	switch {
	case left == 0:
	case v.Mark == "", v.Mark == Missing && (seen || left > v.By.At):
		// Evidence of leaving that the one who misses the person lacked.
		return Verdict{Left: true}
	case v.Mark != Safe:
		// A badge went out; somebody else saw its bearer inside, or misses them
		// since.
		v.Disputed = true
	case left > v.By.At:
		return Verdict{Left: true}
	}
	return v
}

// Sweep is what was said of a zone: that it was searched, and whether it is
// clear of people.
type Sweep struct {
	Fact
	Clear  bool
	Starts []EvacID
}

// Sweeps are all retained, in order of time.
type Sweeps []Sweep

// FoldSweeps folds the events that tell of searched zones; others are passed
// over.
func FoldSweeps(events []Stated) (out Sweeps) {
	for _, s := range events {
		if s.Event.Kind == Swept && s.Event.BadgeOf() == 0 && s.Standing == Counted {
			out = append(out, Sweep{Fact: factOf(s), Clear: s.Event.Mark == Safe, Starts: s.Event.Starts})
		}
	}
	slices.SortFunc(out, func(a, b Sweep) int { return cmp.Or(cmp.Compare(a.At, b.At), a.ID.Compare(b.ID)) })
	return slices.CompactFunc(out, func(a, b Sweep) bool { return a.ID == b.ID })
}

// In are the sweeps of an evacuation, the latest of each place.
func (all Sweeps) In(e Evacuation) (out Sweeps) {
	for _, s := range all {
		if !slices.ContainsFunc(e.Starts, func(x Start) bool { return x.Drill == e.Drill && slices.Contains(s.Starts, x.ID) }) {
			continue
		}
		out = slices.DeleteFunc(out, func(was Sweep) bool { return was.Place.Site == s.Place.Site && was.Place.Zone == s.Place.Zone })
		out = append(out, s)
	}
	return out
}

func factOf(s Stated) Fact {
	return Fact{ID: s.ID, At: s.Event.At, Place: s.Event.Place, How: s.Event.How, Said: s.Event.Said}
}
