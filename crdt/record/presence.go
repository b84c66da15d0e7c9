package record

import (
	"cmp"
	"slices"
)

// State is where the fold puts a visit.
type State string

const (
	// Present: arrived, and no evidence of leaving.
	Present State = "present"
	// Gone: there is evidence of leaving.
	Gone State = "left"
	// Timed: only the clock has signed the person out.
	Timed State = "timed_out"
	// Unknown: the person was seen, but no arrival is known here; or the
	// arrival was written by a node whose word does not count.
	Unknown State = "unknown"
)

// Fact is one piece of evidence.
type Fact struct {
	ID    EventID
	At    HLC
	Place Place
	How   string
}

// By is the node that wrote it.
func (f Fact) By() NodeID { return f.ID.Actor.Node() }

// IsZero reports whether there is no such fact.
func (f Fact) IsZero() bool { return f.At == 0 && f.ID.Seq == 0 }

// Presence is what all known events say of one visit.
type Presence struct {
	Visit VisitID
	State State
	Type  string
	Ends  Day
	// Since is when the visit began, also if it was carried over.
	Since HLC
	// Arrived is the earliest arrival or, when that is gone, carry-over.
	Arrived Fact
	// Left is the earliest evidence of leaving that counts.
	Left Fact
	// Timed is the earliest sign-out by the clock that counts.
	Timed Fact
	// Seen is the latest sighting: arrival or move. Its place is where the
	// person was last.
	Seen Fact
	// Doubtful marks a badge code that two open visits share: a check-out by
	// code alone was seen and could not be given to one of them.
	Doubtful bool
}

// Badge is the code of the visit's badge.
func (p Presence) Badge() BadgeCode { return p.Visit.Badge() }

// Open reports whether the person may be inside.
func (p Presence) Open() bool { return p.State != Gone }

// FoldBadge folds all events of one badge code (of all visits that share it,
// nearly always one) into presences, in order of visit id. It depends on the
// set of events alone. Departures known only by code, of a visit nobody has
// told of, give no presence: they wait in the log for their arrival.
//
// Leaving is a fact about the visit, not a moment in a sequence: a departure
// closes its visit whichever clock was ahead, and only a correction of that
// very event opens it again.
func FoldBadge(events []Stated) []Presence {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b Stated) int {
		return cmp.Or(cmp.Compare(a.Event.At, b.Event.At), a.ID.Compare(b.ID))
	})
	events = slices.CompactFunc(events, func(a, b Stated) bool { return a.ID == b.ID })

	void := map[EventID]bool{}
	for _, s := range events {
		if s.Event.Kind == Corrected && s.Event.Of != nil && s.Standing == Counted {
			void[*s.Event.Of] = true
		}
	}
	visits := map[VisitID]*Presence{}
	var byCode []Stated
	for _, s := range events {
		if void[s.ID] || s.Event.Kind == Corrected {
			continue
		}
		if s.Event.Visit.IsZero() {
			if s.Event.Kind == Left && s.Standing == Counted {
				byCode = append(byCode, s)
			}
			continue
		}
		p := visits[s.Event.Visit]
		if p == nil {
			p = &Presence{Visit: s.Event.Visit, State: Unknown}
			visits[s.Event.Visit] = p
		}
		p.take(s)
	}
	settleCodes(visits, byCode)

	out := make([]Presence, 0, len(visits))
	for _, p := range visits {
		p.settle()
		if !p.Seen.IsZero() || !p.Left.IsZero() {
			out = append(out, *p)
		}
	}
	slices.SortFunc(out, func(a, b Presence) int { return slices.Compare(a.Visit[:], b.Visit[:]) })
	return out
}

// take adds one event; events come in order of time.
func (p *Presence) take(s Stated) {
	e, fact := s.Event, Fact{ID: s.ID, At: s.Event.At, Place: s.Event.Place, How: s.Event.How}
	counted := s.Standing == Counted
	switch e.Kind {
	case Arrived, Carried:
		began := e.At
		if e.Kind == Carried {
			began = e.Since
		}
		if counted && began != 0 && (p.Arrived.IsZero() || began < p.Since) {
			p.Arrived, p.Since = fact, began
			p.Type = e.Type
		}
		p.Ends = max(p.Ends, e.Ends)
		// A carry-over repeats what was known; only an arrival is a sighting.
		if e.Kind == Arrived || p.Seen.IsZero() {
			p.see(fact)
		}
	case Moved:
		p.see(fact)
	case Left:
		if counted && p.Left.IsZero() {
			p.Left = fact
		}
	case TimedOut:
		if counted {
			p.Timed = fact
		}
	}
}

func (p *Presence) see(f Fact) {
	if f.At >= p.Seen.At {
		p.Seen = f
	}
}

// settleCodes gives each departure known only by its code to the one visit
// it can mean. With a single visit of that badge, time plays no part; with
// more, it closes the one that had arrived and not yet left, and none when two
// had: a doubtful departure removes nobody.
func settleCodes(visits map[VisitID]*Presence, byCode []Stated) {
	for _, s := range byCode {
		var open []*Presence
		for _, p := range visits {
			if !p.Left.IsZero() || p.Seen.IsZero() {
				continue
			}
			if len(visits) == 1 || p.Seen.At < s.Event.At {
				open = append(open, p)
			}
		}
		switch len(open) {
		case 0:
		case 1:
			open[0].Left = Fact{ID: s.ID, At: s.Event.At, Place: s.Event.Place, How: s.Event.How}
		default:
			for _, p := range open {
				p.Doubtful = true
			}
		}
	}
}

func (p *Presence) settle() {
	switch {
	case !p.Left.IsZero():
		p.State = Gone
	case p.Arrived.IsZero():
		p.State = Unknown
	case !p.Timed.IsZero() && p.Timed.At > p.Seen.At:
		p.State = Timed
	default:
		p.State = Present
	}
}
