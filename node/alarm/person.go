package alarm

import (
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// person is whom a code means: by the visit or, where nobody has told of one,
// by the badge code alone.
type person struct {
	visit record.VisitID
	badge record.BadgeCode
	// known: this node has heard of the visit, and not from a mark alone.
	known bool
	// all is what is known of the person: of the visit, of those that were
	// joined with it, and what was said of the badge code alone.
	all []record.Presence
}

// find finds whom a code means. A badge code that two of those share who may be
// inside, or else of those who left, means neither. Errors: *Problem.
func (s *Service) find(code record.Code) (person, error) {
	p := person{visit: code.Visit, badge: code.Badge}
	if code.QR != nil && s.cfg.Forged(*code.QR) {
		return p, errForged
	}
	known, err := s.cfg.Replica.ByBadge(code.Badge)
	if err != nil {
		return p, cause(err)
	}
	var open, left, stray []record.Presence
	for _, q := range known {
		switch {
		case q.Visit.IsZero():
			stray = append(stray, q)
		case !code.Visit.IsZero() && q.Visit != code.Visit:
		case q.Open():
			open = append(open, q)
		default:
			left = append(left, q)
		}
	}
	if len(open) == 0 {
		open = s.lately(left)
	}
	switch len(open) {
	case 0:
		p.all = stray
		return p, nil
	case 1:
		p.visit, p.known = open[0].Visit, open[0].Heard()
		p.all, err = s.joined(open[0])
		return p, err
	}
	return p, ambiguous(open)
}

// lately are those who left since what runs began, if any of these did, or
// else all.
func (s *Service) lately(left []record.Presence) []record.Presence {
	e, on := s.Running("")
	if !on || len(left) < 2 {
		return left
	}
	since := slices.DeleteFunc(slices.Clone(left), func(p record.Presence) bool { return p.Left.At < e.Starts[0].At })
	if len(since) > 0 {
		return since
	}
	return left
}

// joined are a visit and all that turned out to be the same person.
func (s *Service) joined(p record.Presence) ([]record.Presence, error) {
	all, seen := []record.Presence{p}, map[record.VisitID]bool{p.Visit: true}
	for i := 0; i < len(all); i++ {
		next := s.cfg.Replica.JoinedTo(all[i].Visit)
		if to := all[i].Joined; !to.IsZero() && !seen[to] {
			of, err := s.cfg.Replica.ByBadge(to.Badge())
			if err != nil {
				return nil, cause(err)
			}
			next = append(next, slices.DeleteFunc(of, func(q record.Presence) bool { return q.Visit != to })...)
		}
		for _, q := range next {
			if !seen[q.Visit] {
				seen[q.Visit] = true
				all = append(all, q)
			}
		}
	}
	return all, nil
}

// concerns reports whether what runs concerns the person. Of whom nothing is
// known may be anywhere.
func (s *Service) concerns(p person) bool {
	if len(p.all) == 0 {
		_, on := s.Running("")
		return on
	}
	return slices.ContainsFunc(p.all, func(q record.Presence) bool {
		_, on := s.Running(q.Seen.Place.Site)
		return on
	})
}

// standing is what a new mark stands instead of.
func (p person) standing() []record.EventID {
	var marks []record.MarkFact
	var departures []record.Departure
	for _, q := range p.all {
		marks, departures = append(marks, q.Marks...), append(departures, q.Departures...)
	}
	return record.StillStanding(marks, departures)
}

// verdict is where the evacuation that runs puts the person.
func (s *Service) verdict(p person) record.Verdict {
	var marks []record.MarkFact
	var departures []record.Departure
	for _, q := range p.all {
		departures = append(departures, q.Departures...)
		if e, on := s.Running(q.Seen.Place.Site); on {
			marks = append(marks, q.Counting(e)...)
		}
	}
	return record.Judge(marks, departures)
}

// about makes an event one about the person.
func (p person) about(e record.Event) record.Event {
	if e.Visit = p.visit; e.Visit.IsZero() {
		e.Badge = p.badge
	}
	return e
}
