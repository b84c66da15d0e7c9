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
	// Said is when the device, or the system, that tells of it says that it was;
	// zero: at At.
	Said HLC
}

// By is the node that wrote it.
func (f Fact) By() NodeID { return f.ID.Actor.Node() }

// IsZero reports whether there is no such fact.
func (f Fact) IsZero() bool { return f.At == 0 && f.ID.Seq == 0 }

// Presence is what all known events say of one visit.
type Presence struct {
	// Visit is zero where marks are known by a badge code alone, and no visit
	// that carries it; then Code is that code.
	Visit VisitID
	Code  BadgeCode
	State State
	Type  string
	Ends  Day
	// Since is when the visit began, also if it was carried over.
	Since HLC
	// Arrived is the earliest arrival or, when that is gone, carry-over.
	Arrived Fact
	// Left is the earliest evidence of leaving that counts.
	Left Fact
	// Departures are all that count, in order of time, MaxMarks at most.
	Departures []Departure
	// Timed is the earliest sign-out by the clock that counts.
	Timed Fact
	// Seen is the latest sighting: arrival or move. Its place is where the
	// person was last.
	Seen Fact
	// Doubtful marks a badge code that two open visits share: a check-out by
	// code alone was seen and could not be given to one of them.
	Doubtful bool
	// Again are departures that other nodes wrote than that of Left, the first
	// of each, in order of time, MaxAgain at most: the badge, or a picture of
	// it, was used where no departure had been heard of.
	Again []Fact
	// Added: the person was added at an evacuation, and no arrival is known.
	// Joined is the visit that the person turned out to be, if any.
	Added  bool
	Joined VisitID
	// Marks are those that were not corrected, in order of time.
	Marks []MarkFact
	// MarkedOnly: nobody has told of the visit but in marks, which may have been
	// taken back, or not count.
	MarkedOnly bool
	// BadgeBack is the earliest word that counts of the badge having been handed back;
	// zero: none is known. It changes nothing on any list.
	BadgeBack Fact
	// Approval is whether who came without an invitation that was approved is
	// approved, where the type needs that. It changes nothing on any list.
	Approval
	// Restricted are the restrictions that stand, in order of time,
	// MaxRestrictions at most.
	Restricted []Restriction
}

// Heard reports whether more is known of the visit than what was said of its
// bearer in an evacuation.
func (p Presence) Heard() bool { return !p.Visit.IsZero() && !p.MarkedOnly }

// MaxAgain bounds Presence.Again.
const MaxAgain = 8

// Badge is the code of the visit's badge.
func (p Presence) Badge() BadgeCode {
	if p.Visit.IsZero() {
		return p.Code
	}
	return p.Visit.Badge()
}

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
//
// A mark that is taken back still tells that there is such a visit, whose
// arrival may never be heard of: nobody leaves a list by an undo. Nor by a
// revocation: one by a node whose word counts no more says nothing else of the
// person. Not so one by a badge code alone, which may have been mistyped.
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
	visits, named := map[VisitID]*Presence{}, map[VisitID]Fact{}
	var byCode, marked []Stated
	copies := copiesOf(events, void)
	restricted := restrictions(events, void)
	for _, s := range events {
		if s.Event.Kind == Marked && (void[s.ID] || s.Standing != Counted) && !s.Event.Visit.IsZero() {
			named[s.Event.Visit] = factOf(s)
		}
		if void[s.ID] || s.Event.Kind == Corrected {
			continue
		}
		if s.Event.Visit.IsZero() {
			switch {
			case s.Standing != Counted:
			case s.Event.Kind == Left:
				byCode = append(byCode, s)
			case s.Event.Kind == Marked:
				marked = append(marked, s)
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
	for v := range named {
		if visits[v] == nil {
			visits[v] = &Presence{Visit: v, State: Unknown}
		}
	}
	settleCodes(visits, named, byCode)
	stray := settleMarks(visits, marked)
	if stray != nil {
		if len(visits) == 0 {
			stray.leaveBy(byCode)
		}
		stray.copied(copies)
		stray.settle(Fact{})
	}

	out := make([]Presence, 0, len(visits))
	for _, p := range visits {
		p.copied(copies)
		p.settle(named[p.Visit])
		p.Restricted = restricted[p.Visit]
		if p.told() {
			out = append(out, *p)
		}
	}
	if stray != nil {
		out = append(out, *stray)
	}
	slices.SortFunc(out, func(a, b Presence) int { return slices.Compare(a.Visit[:], b.Visit[:]) })
	return out
}

// take adds one event; events come in order of time.
func (p *Presence) take(s Stated) {
	e, fact := s.Event, factOf(s)
	counted := s.Standing == Counted
	switch e.Kind {
	case Arrived, Carried:
		began := e.At
		if e.Kind == Carried {
			began = e.Since
		}
		if counted && began != 0 && (p.Arrived.IsZero() || began < p.Since) {
			p.Arrived, p.Since = fact, began
			p.Type, p.Needs = e.Type, e.Needs
		}
		p.Ends = max(p.Ends, e.Ends)
		// A carry-over repeats what was known; only an arrival is a sighting.
		if e.Kind == Arrived || p.Seen.IsZero() {
			p.see(fact)
		}
	case Moved:
		p.see(fact)
	case Left:
		if counted {
			p.leave(fact, e.Over)
		}
	case TimedOut:
		if counted {
			p.Timed = fact
		}
	case Added:
		p.Added = p.Added || counted
		p.Ends = max(p.Ends, e.Ends)
		p.Type = cmp.Or(p.Type, e.Type)
		p.see(fact)
	case Joined:
		if counted && e.Other != p.Visit {
			p.Joined = e.Other
		}
	case Approved, Refused:
		if counted {
			p.say(s)
		}
	case BadgeBack:
		if counted && p.BadgeBack.IsZero() {
			p.BadgeBack = fact
		}
	case Marked:
		if counted {
			p.mark(s)
		}
	}
}

// leave adds a departure; departures come in order of time, those by code
// after the others.
func (p *Presence) leave(f Fact, over []EventID) {
	p.Departures = append(p.Departures, Departure{f.ID, f.At, f.Said, over})
	if p.Left.IsZero() {
		p.Left = f
		return
	}
	// A carry-over repeats what was known.
	repeats := f.At == p.Left.At && f.Place == p.Left.Place
	if repeats || f.By() == p.Left.By() || slices.ContainsFunc(p.Again, func(g Fact) bool {
		return g.By() == f.By() || g.At == f.At && g.Place == f.Place
	}) {
		return
	}
	p.Again = append(p.Again, f)
}

// repeats reports whether the writer of a departure had heard of another, or the
// one of Left of it.
func (p *Presence) repeats(f Fact) bool {
	return slices.ContainsFunc(p.Departures, func(d Departure) bool {
		if d.ID == p.Left.ID {
			return slices.Contains(d.Over, f.ID)
		}
		return d.ID == f.ID && slices.ContainsFunc(p.Departures, func(of Departure) bool { return slices.Contains(d.Over, of.ID) })
	})
}

// told reports whether anything says that there is such a visit.
func (p *Presence) told() bool { return !p.Seen.IsZero() || !p.Left.IsZero() || len(p.Marks) > 0 }

func (p *Presence) see(f Fact) {
	if f.At >= p.Seen.At {
		p.Seen = f
	}
}

// settleCodes gives each departure known only by its code to the one visit
// it can mean. With a single visit of that badge, time plays no part; with
// more, it closes the one that had arrived and not yet left, and none when two
// had: a doubtful departure removes nobody.
func settleCodes(visits map[VisitID]*Presence, named map[VisitID]Fact, byCode []Stated) {
	for _, s := range byCode {
		fact := factOf(s)
		if len(visits) == 1 {
			for _, p := range visits {
				if _, spoken := named[p.Visit]; spoken || p.told() {
					p.leave(fact, s.Event.Over)
				}
			}
			continue
		}
		var open []*Presence
		for _, p := range visits {
			if !p.Left.IsZero() || p.Seen.IsZero() {
				continue
			}
			if p.Seen.At < s.Event.At {
				open = append(open, p)
			}
		}
		switch len(open) {
		case 0:
		case 1:
			open[0].leave(fact, s.Event.Over)
		default:
			for _, p := range open {
				p.Doubtful = true
			}
		}
	}
}

// settle draws the conclusions; named is the latest mark on the visit that was
// taken back or does not count, if any.
func (p *Presence) settle(named Fact) {
	p.MarkedOnly = p.Seen.IsZero() && p.Left.IsZero()
	switch {
	case !p.Seen.IsZero():
	case len(p.Marks) > 0:
		// Nothing else is known of where the person was.
		p.Seen = p.Marks[len(p.Marks)-1].Fact
	case p.Left.IsZero():
		// Nor that there is one, but that somebody named the very visit.
		p.Seen = named
	}
	slices.SortFunc(p.Marks, func(a, b MarkFact) int { return cmp.Or(cmp.Compare(a.At, b.At), a.ID.Compare(b.ID)) })
	p.Again = slices.DeleteFunc(p.Again, p.repeats)
	slices.SortFunc(p.Departures, func(a, b Departure) int { return cmp.Or(cmp.Compare(a.At, b.At), a.ID.Compare(b.ID)) })
	p.Departures = p.Departures[:min(len(p.Departures), MaxMarks)]
	p.Marks = p.Marks[max(0, len(p.Marks)-MaxMarks):]
	slices.SortFunc(p.Again, func(a, b Fact) int { return cmp.Or(cmp.Compare(a.At, b.At), a.ID.Compare(b.ID)) })
	p.Again = p.Again[:min(len(p.Again), MaxAgain)]
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
