package record

import (
	"testing"

	"pgregory.net/rapid"
)

// However events are divided into those that are dropped and those that stay,
// with what is carried over the list says the same of everyone: who may be
// inside, as what, since when, and who has left.
func TestCarryOverKeepsTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		visit := func(label string) VisitID {
			return VisitID{8: byte(rapid.IntRange(1, 3).Draw(t, label))} // one badge
		}
		kinds := []Kind{Arrived, Arrived, Left, Moved, TimedOut, Corrected, Carried, Added, Marked}
		var events []Stated
		for i := range rapid.IntRange(1, 12).Draw(t, "n") {
			s := Stated{
				ID:       EventID{Doc: "day", Actor: ActorID{1}, Seq: uint64(i + 1)},
				Event:    Event{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), At: HLC(rapid.IntRange(1, 40).Draw(t, "at")), Visit: visit("visit")},
				Standing: Standing(rapid.IntRange(0, 5).Draw(t, "standing") / 5),
			}
			switch s.Event.Kind {
			case Corrected:
				of := EventID{Doc: "day", Actor: ActorID{1}, Seq: uint64(rapid.IntRange(1, 12).Draw(t, "of"))}
				s.Event.Of = &of
			case Carried:
				s.Event.Since = HLC(rapid.IntRange(0, 20).Draw(t, "since"))
			case Marked:
				s.Event.Mark = Safe
			}
			events = append(events, s)
		}
		kept := map[EventID]bool{}
		for _, s := range events {
			kept[s.ID] = rapid.Bool().Draw(t, "stays")
		}
		stays := func(id EventID) bool { return kept[id] || id.Doc == "today" }
		var after []Stated
		for _, s := range events {
			if stays(s.ID) {
				after = append(after, s)
			}
		}
		now := HLC(100)
		for i, e := range CarryOver(events, stays) {
			now++
			if e.At == 0 {
				e.At = now
			}
			after = append(after, Stated{ID: EventID{Doc: "today", Actor: ActorID{1}, Seq: uint64(i + 1)}, Event: e})
		}
		was, is := open(FoldBadge(events)), open(FoldBadge(after)) // but for who is known by marks alone
		if len(was) != len(is) {
			t.Fatalf("%d visits may be inside, %d after the drop\n%+v\n%+v", len(was), len(is), was, is)
		}
		for id, p := range was {
			if q := is[id]; q.State != p.State || q.Since != p.Since {
				t.Fatalf("%+v became %+v", p, q)
			}
		}
		if again := CarryOver(after, stays); len(again) > 0 {
			t.Fatalf("carried over twice: %+v", again)
		}
	})
}

// Who is known by marks alone is for as long as these are kept, and not for
// ever where a mark was taken back, or its writer revoked.
func TestMarksGoWithTheirDay(t *testing.T) {
	counts := marked(1, 1, 5, Refuge)
	late := counts
	late.Standing = Late
	undo := stated(2, 1, Event{Kind: Corrected, At: 6, Visit: visit(1), Of: &counts.ID})
	for name, events := range map[string][]Stated{"counts": {counts}, "a revoked node wrote": {late}, "was taken back": {counts, undo}} {
		if over := CarryOver(events, func(EventID) bool { return false }); len(over) > 0 {
			t.Errorf("a mark that %s is carried over: %+v", name, over)
		}
	}
}

// Who was added at an evacuation, and is marked long after, is on the list for more
// than the mark: what was told of them first is carried over all the same.
func TestWhoWasAddedIsMoreThanAMark(t *testing.T) {
	added, later := stated(1, 1, Event{Kind: Added, At: 5, Visit: visit(1), Ends: 90}), marked(2, 1, 50, Safe)
	over := CarryOver([]Stated{added, later}, func(id EventID) bool { return id == later.ID })
	if len(over) != 1 || over[0].Kind != Carried || over[0].Visit != visit(1) || over[0].Ends != 90 {
		t.Errorf("carried over: %+v", over)
	}
}

func open(ps []Presence) map[VisitID]Presence {
	out := map[VisitID]Presence{}
	for _, p := range ps {
		if p.Open() && !p.MarkedOnly {
			out[p.Visit] = p
		}
	}
	return out
}
