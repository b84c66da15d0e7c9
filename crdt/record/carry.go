package record

import "slices"

// CarryOver is what must be written anew so that a badge's visits stay what
// they are when the events that do not stay are dropped: who may be inside
// stays on the list, who has left stays away, and what was voided stays void.
// It is empty when what stays says the same already, whoever wrote it. A zero
// time means that of writing.
func CarryOver(events []Stated, stays func(EventID) bool) (out []Event) {
	var rest []Stated
	void := map[EventID]bool{}
	for _, s := range events {
		if stays(s.ID) {
			rest = append(rest, s)
			if s.Event.Kind == Corrected && s.Event.Of != nil && s.Standing == Counted {
				void[*s.Event.Of] = true
			}
		}
	}
	for _, s := range events {
		e := s.Event
		if e.Kind != Corrected || e.Of == nil || s.Standing != Counted || stays(s.ID) || !stays(*e.Of) || void[*e.Of] {
			continue
		}
		void[*e.Of] = true
		out = append(out, Event{Kind: Corrected, Visit: e.Visit, Badge: e.Badge, Of: e.Of, How: "carried"})
		rest = append(rest, s)
	}
	after := FoldBadge(rest)
	for _, p := range FoldBadge(events) {
		var q Presence
		if i := slices.IndexFunc(after, func(q Presence) bool { return q.Visit == p.Visit }); i >= 0 {
			q = after[i]
		}
		switch {
		case p.Visit.IsZero(), !p.Joined.IsZero(), p.MarkedOnly:
			// Marks go with their day, whether they count or not; who turned out to be another is on that visit.
		case p.State == q.State && !q.MarkedOnly && (!p.Open() || p.Since == q.Since):
		case p.Open():
			out = append(out, p.carried(q)...)
		case q.State != "":
			out = append(out, Event{Kind: Left, Visit: p.Visit, At: p.Left.At, Place: p.Left.Place, How: p.Left.How, Said: p.Left.Said})
		}
	}
	return append(out, carryRestrictions(events, stays, append(rest, written(out)...))...)
}

// carried are the events that make q, which is what stays of an open visit,
// into p again.
func (p Presence) carried(q Presence) []Event {
	out := []Event{{
		Kind: Carried, Visit: p.Visit, Place: p.Seen.Place, Type: p.Type, Since: p.Since, Ends: p.Ends, How: "carried", Needs: p.Lacks(),
	}}
	switch {
	case p.State == Timed:
		out = append(out, Event{Kind: TimedOut, Visit: p.Visit, How: "carried"})
	case p.State == Present && !q.Timed.IsZero():
		// Seen after the clock had signed the person out.
		out = append(out, Event{Kind: Moved, Visit: p.Visit, At: p.Seen.At, Place: p.Seen.Place, How: p.Seen.How})
	}
	if q.State == Gone {
		// A departure by code that was doubtful while more was known.
		of := q.Left.ID
		out = append(out, Event{Kind: Corrected, Visit: p.Visit, Of: &of, How: "carried"})
	}
	return out
}
