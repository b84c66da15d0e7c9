package record

import (
	"cmp"
	"slices"
)

// Invitation is what all known events say of one invitation. It is no visit:
// whoever comes by it is given a visit of their own, so that two who come by one
// are two on every list.
type Invitation struct {
	ID    VisitID
	Type  string
	Place Place
	// From and To are when the person is expected, in Unix seconds. Last is the
	// last day on which the invitation admits.
	From, To int64
	Last     Day
	// Times are the occasions of one that admits more than once, in order,
	// MaxTimes at most, those called off too; empty: From and To are the only one.
	Times []Occasion
	// Box opens the secret with the code; see Event.Box.
	Box []byte
	// Made is who invited and when, Off who called it off; zero where nobody has.
	Made, Off Fact
	// Approval is whether it is approved, where it needs that; By made it.
	Approval
	By string
	// Answers are what who is invited says of coming, the last word on each
	// occasion, in order of occasions; Answered is how many there were, in all.
	Answers  []Answer
	Answered int
	// Told and OffTold are when it was last written that somebody is invited, and
	// that it is called off: what must be known for longer than a day's document
	// is kept is written anew.
	Told, OffTold HLC
	// Instead is the invitation that this one stands instead of, if any.
	Instead VisitID
	// Uses are the visits that began by it, in order of time, MaxUses at most.
	Uses []Use
}

// Occasion is one time of an invitation, and who called it off, if anybody did.
type Occasion struct {
	Span
	Off Fact
}

// Answer is that somebody comes At, in Unix seconds, to the occasion that begins
// On; zero: not at all.
type Answer struct {
	On, At int64
	Fact
}

// MaxUses bounds Invitation.Uses, MaxTimes the occasions of one invitation.
const (
	MaxUses  = 256
	MaxTimes = 130
)

// Use is one arrival by an invitation.
type Use struct {
	Visit VisitID
	Fact
}

// OfInvitation reports whether the event is of an invitation.
func (e Event) OfInvitation() bool {
	return e.Kind == Invited || e.Kind == CalledOff || e.Kind == Welcomed || e.Kind == Skipped || e.Kind == Approved || e.Kind == Refused || e.Kind == Answered
}

// FoldInvitation folds all events of one invitation; false where nobody whose
// word counts has told of it. It depends on the set of events alone. Called off
// is called off, whichever is heard first, the whole or an occasion.
func FoldInvitation(events []Stated) (Invitation, bool) {
	events = slices.DeleteFunc(slices.Clone(events), func(s Stated) bool { return s.Standing != Counted || !s.Event.OfInvitation() })
	slices.SortFunc(events, func(a, b Stated) int {
		return cmp.Or(cmp.Compare(a.Event.At, b.Event.At), a.ID.Compare(b.ID))
	})
	events = slices.CompactFunc(events, func(a, b Stated) bool { return a.ID == b.ID })
	var i Invitation
	var skips []Stated
	for _, s := range events {
		e := s.Event
		i.ID = e.Visit
		switch e.Kind {
		case Invited:
			i.Told = e.At
			if i.Made.IsZero() {
				for _, t := range e.Times[:min(len(e.Times), MaxTimes)] {
					i.Times = append(i.Times, Occasion{Span: t})
				}
				i.Type, i.Place, i.From, i.To, i.Last, i.Box, i.Instead, i.Made = e.Type, e.Place, e.From, e.To, e.Ends, e.Box, e.Other, factOf(s)
				i.Needs, i.By = e.Needs, e.By
			}
		case CalledOff:
			i.OffTold = e.At
			if i.Off.IsZero() {
				i.Off = factOf(s)
			}
		case Approved, Refused:
			i.say(s)
		case Answered:
			i.Answered++
			i.Answers = slices.DeleteFunc(i.Answers, func(a Answer) bool { return a.On == e.To })
			i.Answers = append(i.Answers, Answer{e.To, e.From, factOf(s)})
		case Skipped:
			skips = append(skips, s)
		case Welcomed:
			if len(i.Uses) < MaxUses && !slices.ContainsFunc(i.Uses, func(u Use) bool { return u.Visit == e.Other }) {
				i.Uses = append(i.Uses, Use{e.Other, factOf(s)})
			}
		}
	}
	i.skip(skips)
	slices.SortFunc(i.Answers, func(a, b Answer) int { return cmp.Compare(a.On, b.On) })
	return i, len(events) > 0
}

// skip calls occasions off; skips come in order of time.
func (i *Invitation) skip(skips []Stated) {
	slices.SortStableFunc(i.Times, func(a, b Occasion) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	for n := range i.Times {
		o := &i.Times[n]
		for _, s := range skips {
			if o.Off.IsZero() && s.Event.From <= o.From && o.From <= s.Event.To {
				o.Off = factOf(s)
			}
		}
	}
}
