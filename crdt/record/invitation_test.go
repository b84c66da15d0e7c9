package record

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFoldInvitation(t *testing.T) {
	id, v1, v2 := VisitID{1}, VisitID{2}, VisitID{3}
	a, b := ActorID{1}, ActorID{2}
	at := func(actor ActorID, seq uint64, e Event) Stated {
		e.Visit = id
		return Stated{ID: EventID{Doc: "day/20261122/0/s", Actor: actor, Seq: seq}, Event: e}
	}
	events := []Stated{
		at(a, 1, Event{Kind: Invited, At: 10, Type: "contractor", From: 100, To: 200, Ends: 5, Box: []byte("x"), Other: VisitID{9}}),
		at(b, 1, Event{Kind: Welcomed, At: 20, Other: v1}),
		at(a, 2, Event{Kind: Welcomed, At: 19, Other: v2}),
		at(b, 2, Event{Kind: CalledOff, At: 21}),
		at(a, 3, Event{Kind: CalledOff, At: 30}),
		at(a, 4, Event{Kind: Invited, At: 40, Type: "visitor", From: 1, To: 2, Ends: 9}),
		at(a, 5, Event{Kind: Arrived, At: 3}),
		{ID: EventID{Doc: "day/20261122/0/s", Actor: a, Seq: 6}, Event: Event{Kind: Invited, At: 1, Visit: id, Type: "forged"}, Standing: Late},
	}
	want, ok := FoldInvitation(events)
	if !ok || want.Type != "contractor" || want.Last != 5 || want.Off.At != 21 || want.Instead != (VisitID{9}) ||
		len(want.Uses) != 2 || want.Uses[0].Visit != v2 || want.Uses[1].By() != b.Node() {
		t.Fatalf("%+v", want)
	}
	for range 100 {
		events = append(events, events[rand.IntN(len(events))])
		rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if got, _ := FoldInvitation(events); !cmp.Equal(got, want) {
			t.Fatal("another order or a repetition gives another invitation:", cmp.Diff(want, got))
		}
	}
	if _, ok := FoldInvitation(events[:0]); ok {
		t.Error("nothing is an invitation")
	}
	// It is no visit: nobody is on a list by it.
	if all := FoldBadge([]Stated{events[0]}); len(all) != 0 && events[0].Event.OfInvitation() {
		t.Errorf("an invitation puts somebody on the list: %+v", all)
	}
}
