package record

import (
	"cmp"
	"slices"
)

// Help is what those who wait at a refuge are told.
type Help string

const (
	// HelpTold: it is known that somebody waits there, and help has been asked for.
	HelpTold Help = "told"
	// HelpComing: help is on its way.
	HelpComing Help = "coming"
	// HelpStay: it is safer to stay than to leave; help comes later.
	HelpStay Help = "stay"
	// HelpFetched: whoever waited there has been fetched.
	HelpFetched Help = "fetched"
)

// Valid reports whether this release knows the word. Of those that it does not,
// nothing follows.
func (h Help) Valid() bool {
	return h == HelpTold || h == HelpComing || h == HelpStay || h == HelpFetched
}

// MaxHeard is the largest Count of a Call.
const MaxHeard = 99

// Call is one thing said to those who wait at a refuge, or by them.
type Call struct {
	Fact
	// Point is the refuge; empty for those at the site of Place of whom nobody has
	// said at which they wait.
	Point PointName
	// Help is what they are told; empty for what was heard from them.
	Help Help
	// Count is how many they say that they are; zero: only that they have read what
	// they were told.
	Count  int
	Starts []EvacID
	// Over are the calls that its writer had before it, the latest of each line of
	// talk.
	Over []EventID
}

// Calls are all retained, in order of time.
type Calls []Call

// FoldCalls folds the events that tell of refuges; others are passed over.
func FoldCalls(events []Stated) (out Calls) {
	for _, s := range events {
		e := s.Event
		if s.Standing != Counted || e.BadgeOf() != 0 || e.Kind != RefugeTold && e.Kind != RefugeHeard {
			continue
		}
		c := Call{Fact: factOf(s), Point: e.Point, Starts: e.Starts, Over: e.Over}
		if e.Kind == RefugeTold {
			if c.Help = e.Help; !c.Help.Valid() {
				continue
			}
		} else {
			c.Count = min(int(e.Count), MaxHeard)
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Call) int { return cmp.Or(cmp.Compare(a.At, b.At), a.ID.Compare(b.ID)) })
	return slices.CompactFunc(out, func(a, b Call) bool { return a.ID == b.ID })
}

// RefugeAt is where somebody waits: a refuge of a name, or, with none, somewhere
// at a site.
type RefugeAt struct {
	Point PointName
	Site  SiteID
}

// RefugeOf is the refuge of a name; where there is none, what is not said at a
// site. What has a name is one wherever it is spoken of.
func RefugeOf(p PointName, site SiteID) RefugeAt {
	if p != "" {
		site = ""
	}
	return RefugeAt{p, site}
}

// Talk is all that was said to and from one refuge in an evacuation.
type Talk struct {
	RefugeAt
	// Calls are all, in order of time; of more than MaxCalls the latest.
	Calls Calls
	// Stands is what those who wait are told, or the zero Call; Beside what else
	// they are told by who had not heard of it.
	Stands Call
	Beside Calls
	// Heard is the latest that was heard from there, or the zero Call; Read
	// whether something was heard that knew of what stands, and Known whether what
	// stands was said by who knew of what was heard last.
	Heard Call
	Read  bool
	Known bool
	// Still: they are told that they have been fetched, by who had not heard what
	// was heard from there.
	Still bool
}

// MaxCalls bounds Talk.Calls.
const MaxCalls = 256

// Of are the calls of an evacuation, in order of time.
func (all Calls) Of(e Evacuation) (out Calls) {
	for _, c := range all {
		if slices.ContainsFunc(e.Starts, func(x Start) bool { return x.Drill == e.Drill && slices.Contains(c.Starts, x.ID) }) {
			out = append(out, c)
		}
	}
	return out
}

// In is the talk of an evacuation, by refuge, in order of name and site. It
// depends on the set of calls alone.
func (all Calls) In(e Evacuation) (out []Talk) {
	by := map[RefugeAt]*Talk{}
	for _, c := range all.Of(e) {
		r := RefugeOf(c.Point, c.Place.Site)
		if by[r] == nil {
			by[r] = &Talk{RefugeAt: r}
		}
		by[r].Calls = append(by[r].Calls, c)
	}
	for _, t := range by {
		t.Calls = t.Calls[max(0, len(t.Calls)-MaxCalls):]
		t.judge()
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Talk) int { return cmp.Or(cmp.Compare(a.Point, b.Point), cmp.Compare(a.Site, b.Site)) })
	return out
}

// judge says what stands. Of two who had not heard of each other, who says that
// there is somebody left goes before who says that nobody is; else the later.
func (t *Talk) judge() {
	knew := t.Calls.knew()
	var told Calls
	for _, c := range t.Calls {
		if c.Help == "" {
			t.Heard = c
			continue
		}
		if !slices.ContainsFunc(t.Calls, func(x Call) bool { return x.Help != "" && knew[x.ID][c.ID] }) {
			told = append(told, c)
		}
	}
	for i, c := range told {
		if i == 0 || (c.Help == HelpFetched) == (t.Stands.Help == HelpFetched) || t.Stands.Help == HelpFetched {
			t.Stands = c
		}
	}
	if t.Stands.Help == "" {
		return
	}
	for _, c := range told {
		if c.ID != t.Stands.ID && c.Help != t.Stands.Help {
			t.Beside = append(t.Beside, c)
		}
	}
	t.Known = knew[t.Stands.ID][t.Heard.ID]
	for _, c := range t.Calls {
		if c.Help != "" {
			continue
		}
		t.Read = t.Read || knew[c.ID][t.Stands.ID]
		t.Still = t.Still || t.Stands.Help == HelpFetched && c.Count > 0 && !knew[t.Stands.ID][c.ID]
	}
}

// knew are the calls that the writer of each had before it, through those that
// it names.
func (all Calls) knew() map[EventID]map[EventID]bool {
	by := map[EventID]Call{}
	for _, c := range all {
		by[c.ID] = c
	}
	out := make(map[EventID]map[EventID]bool, len(all))
	for _, c := range all {
		had := map[EventID]bool{}
		for rest := c.Over; len(rest) > 0; {
			id := rest[len(rest)-1]
			rest = rest[:len(rest)-1]
			if !had[id] && id != c.ID {
				had[id] = true
				rest = append(slices.Clone(rest), by[id].Over...)
			}
		}
		out[c.ID] = had
	}
	return out
}

// Latest are those that no other names, at most MaxOver: what a new call names
// in Over. Where seen is not nil, what they are told counts only if it is that call
// or one that its writer had.
func (all Calls) Latest(seen *EventID) (ids []EventID) {
	knew := all.knew()
	var had Calls
	for _, c := range all {
		if c.Help == "" || seen == nil || c.ID == *seen || knew[*seen][c.ID] {
			had = append(had, c)
		}
	}
	for _, c := range slices.Backward(had) {
		if len(ids) < MaxOver && !slices.ContainsFunc(had, func(x Call) bool { return knew[x.ID][c.ID] }) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}
