package record

import (
	"cmp"
	"slices"
	"time"
)

// Start is one start of an evacuation.
type Start struct {
	ID    EvacID
	At    HLC
	Drill bool
	// Site is where it is for; empty for the whole campus.
	Site SiteID
	// By is the node that wrote it: of several that carry it over, or tell of it
	// after they had heard of it, the one whose event is the first.
	By NodeID
	// Told are the nodes whose word it is, By among them, in order: each by itself
	// keeps it going when others turn out to have been revoked.
	Told []NodeID
	// Ended is when it was ended, zero while it runs; Reason why.
	Ended  HLC
	Reason string
	// Cuts are the links that a drill cuts, for CutFor.
	Cuts   []Cut
	CutFor time.Duration
}

// Evacuation is what runs at one time: all starts that have not been ended,
// whoever made them. Two halves of a campus that both sound the alarm are one
// evacuation when they meet.
type Evacuation struct {
	// ID and At are those of its earliest start, of a real one where there is
	// any: an alarm that a drill became has an id and a beginning of its own.
	ID EvacID
	At HLC
	// Drill is false while any of its starts is a real alarm.
	Drill bool
	// Sites are where it is for, in order; none for the whole campus.
	Sites  []SiteID
	Starts []Start
}

// Covers reports whether people at a site are in it; who is at no known site
// always is.
func (e Evacuation) Covers(site SiteID) bool {
	return len(e.Sites) == 0 || site == "" || slices.Contains(e.Sites, site)
}

// Kind says in a word whether it is "real" or a "drill".
func (e Evacuation) Kind() string {
	if e.Drill {
		return "drill"
	}
	return "real"
}

// Evacuations are all retained starts, in order of time. Do not change it: it
// is shared.
type Evacuations []Start

// Running is the evacuation that concerns a site, or, where site is empty, any
// at all; false when none does.
func (all Evacuations) Running(site SiteID) (Evacuation, bool) {
	var starts []Start
	for _, s := range all {
		if s.Ended == 0 && s.concerns(site) {
			starts = append(starts, s)
		}
	}
	return evacuationOf(starts), len(starts) > 0
}

// Each are all retained evacuations that concern a site, or, where site is
// empty, any, over or not, in order of time: starts of which one came before
// the other was over are of one.
func (all Evacuations) Each(site SiteID) (out []Evacuation) {
	var starts []Start
	var over HLC // of those in starts, the last; zero while one runs
	for _, s := range all {
		if !s.concerns(site) {
			continue
		}
		if len(starts) > 0 && over != 0 && s.At >= over {
			out, starts, over = append(out, evacuationOf(starts)), nil, 0
		}
		if len(starts) == 0 {
			over = s.Ended
		} else if s.Ended == 0 || over == 0 {
			over = 0
		} else {
			over = max(over, s.Ended)
		}
		starts = append(starts, s)
	}
	if len(starts) > 0 {
		out = append(out, evacuationOf(starts))
	}
	return out
}

func (s Start) concerns(site SiteID) bool { return site == "" || s.Site == "" || s.Site == site }

// Ended is when the last of its starts was ended; zero while one runs.
func (e Evacuation) Ended() (at HLC) {
	for _, s := range e.Starts {
		if s.Ended == 0 {
			return 0
		}
		at = max(at, s.Ended)
	}
	return at
}

// IDs are the ids of its starts.
func (e Evacuation) IDs() []EvacID {
	out := make([]EvacID, len(e.Starts))
	for i, s := range e.Starts {
		out[i] = s.ID
	}
	return out
}

// evacuationOf are starts, in order of time, that are one evacuation.
func evacuationOf(starts []Start) Evacuation {
	e := Evacuation{Starts: starts, Drill: !slices.ContainsFunc(starts, func(s Start) bool { return !s.Drill })}
	campus := false
	for _, s := range starts {
		if e.ID.IsZero() && s.Drill == e.Drill {
			e.ID, e.At = s.ID, s.At
		}
		campus = campus || s.Site == ""
		e.Sites = append(e.Sites, s.Site)
	}
	slices.Sort(e.Sites)
	e.Sites = slices.Compact(e.Sites)
	if campus {
		e.Sites = nil
	}
	return e
}

// FoldEvacuations folds the events that are of evacuations; others are passed
// over. It depends on the set of events alone. An end ends the starts that it
// names and no other, whichever clock was ahead; what a revoked node wrote
// after the last that counts neither starts nor ends anything.
func FoldEvacuations(events []Stated) Evacuations {
	events = slices.DeleteFunc(slices.Clone(events), func(s Stated) bool { return s.Standing != Counted || !s.Event.OfEvacuation() })
	slices.SortFunc(events, func(a, b Stated) int {
		return cmp.Or(cmp.Compare(a.began(), b.began()), cmp.Compare(a.Event.Since, b.Event.Since), a.ID.Compare(b.ID))
	})
	starts := map[EvacID]*Start{}
	for _, s := range events {
		e := s.Event
		if e.Kind != EvacStarted || e.Evac.IsZero() {
			continue
		}
		was := starts[e.Evac]
		if was == nil {
			was = &Start{ID: e.Evac, At: s.began(), Drill: e.Drill, Site: e.Scope, By: s.ID.Actor.Node()}
			if e.Drill {
				was.Cuts, was.CutFor = e.Cuts, time.Duration(e.CutFor)*time.Second
			}
			starts[e.Evac] = was
		}
		by := s.ID.Actor.Node()
		if i, told := slices.BinarySearchFunc(was.Told, by, func(a, b NodeID) int { return slices.Compare(a[:], b[:]) }); !told {
			was.Told = slices.Insert(was.Told, i, by)
		}
		// One id on two different starts is no honest node's doing; the wider
		// and the real one stands.
		if was.Drill = was.Drill && e.Drill; !was.Drill {
			was.Cuts, was.CutFor = nil, 0
		}
		if was.Site != e.Scope {
			was.Site = ""
		}
	}
	for _, s := range events {
		if s.Event.Kind != EvacEnded {
			continue
		}
		for _, id := range s.Event.Starts {
			if start := starts[id]; start != nil && start.Ended == 0 {
				start.Ended, start.Reason = s.began(), s.Event.Reason
			}
		}
	}
	out := make(Evacuations, 0, len(starts))
	for _, s := range starts {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Start) int { return cmp.Or(cmp.Compare(a.At, b.At), slices.Compare(a.ID[:], b.ID[:])) })
	return out
}

// began is when what the event tells of began.
func (s Stated) began() HLC {
	if s.Event.OfEvacuation() && s.Event.Since != 0 {
		return s.Event.Since
	}
	return s.Event.At
}

// CarryEvacuations is what must be written anew so that what runs goes on, and
// what is over stays so, when the events that do not stay are dropped.
func CarryEvacuations(events []Stated, stays func(EventID) bool) (out []Event) {
	var rest []Stated
	for _, s := range events {
		if stays(s.ID) {
			rest = append(rest, s)
		}
	}
	after := map[EvacID]Start{}
	for _, s := range FoldEvacuations(rest) {
		after[s.ID] = s
	}
	for _, s := range FoldEvacuations(events) {
		left, told := after[s.ID]
		switch {
		case s.Ended == 0 && (!told || left.At != s.At || left.Drill != s.Drill || left.Site != s.Site):
			out = append(out, s.started())
		case s.Ended != 0 && told && left.Ended == 0:
			out = append(out, s.ended())
		}
	}
	return out
}

// Anew are the events that tell of an evacuation that is over: its end first, so that
// it runs nowhere for the moment between them.
func (s Start) Anew() []Event { return []Event{s.ended(), s.started()} }

func (s Start) started() Event {
	return Event{Kind: EvacStarted, Evac: s.ID, Since: s.At, Drill: s.Drill, Scope: s.Site, How: "carried"}
}

func (s Start) ended() Event {
	return Event{Kind: EvacEnded, Starts: []EvacID{s.ID}, Since: s.Ended, Reason: s.Reason, How: "carried"}
}
