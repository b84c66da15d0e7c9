package record

import (
	"cmp"
	"slices"
)

// CaseID names one case of a person's rights: 128 random bits.
type CaseID [16]byte

const saltCase = 6

func (id CaseID) String() string { return encode(id[:], 128, saltCase) }

// IsZero reports whether id names no case.
func (id CaseID) IsZero() bool { return id == CaseID{} }

// MarshalText writes the form of String.
func (id CaseID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form of String.
func (id *CaseID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseCaseID(string(b))
	return err
}

// ParseCaseID reads the text form of a case id. Errors match ErrCode.
func ParseCaseID(s string) (id CaseID, err error) {
	err = decode(s, id[:], 128, saltCase, "this case id")
	return id, err
}

// MaxRestrictions bounds Presence.Restricted.
const MaxRestrictions = 16

// Restriction is one restriction of a visit that stands.
type Restriction struct {
	Case CaseID
	// Since is when it began, also if it was carried over; Reason names nobody.
	Since  HLC
	Reason string
	// By is the node that wrote it: of several that carry it over, the one
	// whose event is the first.
	By NodeID
}

// restrictions are those that stand, by visit. It depends on the set of events
// alone. One is over when an Unrestricted that counts names its case, whichever
// is the earlier; one that its writer had not heard of stands. A restriction
// that is void in one of its events is so in all.
func restrictions(events []Stated, void map[EventID]bool) map[VisitID][]Restriction {
	type of struct {
		visit VisitID
		id    CaseID
	}
	over := map[of]bool{}
	first := map[of]Stated{}
	for _, s := range events {
		e := s.Event
		if s.Standing != Counted || e.Visit.IsZero() {
			continue
		}
		switch e.Kind {
		case Restricted:
			k := of{e.Visit, e.Case}
			over[k] = over[k] || void[s.ID]
			if was, ok := first[k]; !ok || cmp.Or(cmp.Compare(e.At, was.Event.At), s.ID.Compare(was.ID)) < 0 {
				first[k] = s
			}
		case Unrestricted:
			for _, id := range e.Cases {
				k := of{e.Visit, id}
				over[k] = over[k] || !void[s.ID]
			}
		}
	}
	var out map[VisitID][]Restriction
	for k, s := range first {
		if over[k] {
			continue
		}
		if out == nil {
			out = map[VisitID][]Restriction{}
		}
		out[k.visit] = append(out[k.visit], Restriction{k.id, s.Event.At, s.Event.Reason, s.ID.Actor.Node()})
	}
	for v, all := range out {
		slices.SortFunc(all, func(a, b Restriction) int {
			return cmp.Or(cmp.Compare(a.Since, b.Since), slices.Compare(a.Case[:], b.Case[:]))
		})
		out[v] = all[:min(len(all), MaxRestrictions)]
	}
	return out
}

// carryRestrictions are the events that make the visits which are on a list
// after what does not stay is dropped restricted as they were. after is what
// stays and what is carried over besides.
func carryRestrictions(events []Stated, stays func(EventID) bool, after []Stated) (out []Event) {
	if !slices.ContainsFunc(events, func(s Stated) bool {
		return !stays(s.ID) && (s.Event.Kind == Restricted || s.Event.Kind == Unrestricted || s.Event.Kind == Corrected)
	}) {
		return nil
	}
	was := map[VisitID][]Restriction{}
	for _, p := range FoldBadge(events) {
		was[p.Visit] = p.Restricted
	}
	for _, q := range FoldBadge(after) {
		had, has := was[q.Visit], q.Restricted
		for _, r := range had {
			if !slices.ContainsFunc(has, r.same) {
				out = append(out, Event{Kind: Restricted, Visit: q.Visit, At: r.Since, Case: r.Case, Reason: r.Reason, How: "carried"})
			}
		}
		var over []CaseID
		for _, r := range has {
			if !slices.ContainsFunc(had, r.same) {
				over = append(over, r.Case)
			}
		}
		if len(over) > 0 {
			out = append(out, Event{Kind: Unrestricted, Visit: q.Visit, Cases: over, How: "carried"})
		}
	}
	return out
}

func (r Restriction) same(o Restriction) bool { return r.Case == o.Case }

// written are events as they will stand once they are written, nobody knows
// where; those without a time are later than all.
func written(events []Event) (out []Stated) {
	for i, e := range events {
		if e.At == 0 {
			e.At = 1<<63 - 1
		}
		out = append(out, Stated{ID: EventID{Doc: "", Seq: uint64(i + 1)}, Event: e})
	}
	return out
}
