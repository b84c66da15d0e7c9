package record

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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

// Property: whatever hosts and operators say on both sides of a split, in whatever
// order and however often it is heard, all nodes read the same; a refusal, by whom
// and for whatever reason, outweighs every approval, and no text but that of the
// list is read as a reason.
func TestARefusalByLinkOutweighs(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		events := []Stated{{ID: EventID{Doc: "day/20261122/0/s", Actor: ActorID{1}, Seq: 1}, Event: Event{Kind: Invited, At: 1, Visit: VisitID{1}, From: 5, To: 9, Needs: OneWord}}}
		refused := false
		for n := range 1 + r.IntN(6) {
			e := Event{Kind: Approved, At: HLC(2 + r.IntN(3)), Visit: VisitID{1}, By: []string{ByHost, "a", "b"}[r.IntN(3)], How: "link"}
			if r.IntN(3) == 0 {
				e.Kind, refused = Refused, true
			}
			e.Reason = []string{NoReason, NotExpected, AnotherTime, NotAllowed, "Lars is rude"}[r.IntN(5)]
			events = append(events, Stated{ID: EventID{Doc: "day/20261122/0/s", Actor: ActorID{byte(2 + r.IntN(2))}, Seq: uint64(n + 2)}, Event: e})
		}
		want, _ := FoldInvitation(events)
		if want.Denied() != refused || want.Waits() {
			t.Fatalf("seed %d: %+v", seed, want.Approval)
		}
		for _, w := range append(want.Approved, want.Refused...) {
			if !Reason(w.Reason) {
				t.Errorf("seed %d: %q is read", seed, w.Reason)
			}
		}
		for range 5 {
			events = append(events, events[r.IntN(len(events))])
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			if got, _ := FoldInvitation(events); !cmp.Equal(got, want) {
				t.Fatalf("seed %d: another order reads otherwise: %s", seed, cmp.Diff(want, got))
			}
		}
	}
}
