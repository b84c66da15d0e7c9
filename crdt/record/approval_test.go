package record

import "testing"

// What was said of who is inside for long outlives its day: who was approved
// does not wait again, who was not still does.
func TestApprovalIsCarriedOver(t *testing.T) {
	v := VisitID{1, 2, 3, 4, 5}
	at := func(seq uint64, e Event) Stated {
		e.Visit = v
		return Stated{ID: EventID{Doc: "day/20261122/0/s", Actor: ActorID{1}, Seq: seq}, Event: e}
	}
	came := at(1, Event{Kind: Arrived, At: 10, Type: "contractor", Needs: OneWord})
	yes, no := at(2, Event{Kind: Approved, At: 11, By: "a"}), at(3, Event{Kind: Refused, At: 12, By: "b"})
	for what, c := range map[string]struct {
		events []Stated
		waits  bool
	}{"nobody said": {[]Stated{came}, true}, "approved": {[]Stated{came, yes}, false}, "refused too": {[]Stated{came, yes, no}, true}} {
		var after []Stated
		for n, e := range CarryOver(c.events, func(EventID) bool { return false }) {
			if e.At == 0 {
				e.At = 100
			}
			after = append(after, Stated{ID: EventID{Doc: "day/20261222/0/s", Actor: ActorID{1}, Seq: uint64(n + 1)}, Event: e})
		}
		if ps := FoldBadge(after); len(ps) != 1 || ps[0].Waits() != c.waits || ps[0].State != Present {
			t.Errorf("%s: %+v", what, ps)
		}
	}
}
