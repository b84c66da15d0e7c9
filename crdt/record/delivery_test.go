package record

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func deliveryEvent(actor ActorID, seq uint64, e Event) Stated {
	e.Visit = VisitID{1}
	return Stated{ID: EventID{Doc: "day/20261122/0/s", Actor: actor, Seq: seq}, Event: e}
}

// Neither order nor repetition matters, and of two who end one apart both are
// kept.
func TestFoldDelivery(t *testing.T) {
	a, b := ActorID{1}, ActorID{2}
	one, two, lost := VisitID{8}, VisitID{9}, VisitID{7}
	events := []Stated{
		deliveryEvent(a, 1, Event{Kind: Delivered, At: 10, Place: Place{Site: "s", Entrance: "East"}, By: "op"}),
		deliveryEvent(b, 1, Event{Kind: Lost, At: 15, Other: lost}),
		deliveryEvent(a, 2, Event{Kind: PickedUp, At: 20, Other: one, By: "op"}),
		deliveryEvent(b, 2, Event{Kind: PickedUp, At: 19, Other: two, By: "other"}),
		deliveryEvent(a, 3, Event{Kind: Delivered, At: 90, Since: 10, Place: Place{Site: "elsewhere"}, How: "carried"}),
		deliveryEvent(b, 3, Event{Kind: PickedUp, At: 91, Since: 20, Other: one, By: "op", How: "carried"}),
		deliveryEvent(b, 4, Event{Kind: Reminded, At: 30}),
		deliveryEvent(a, 4, Event{Kind: PutBack, At: 40, Other: two}),
		deliveryEvent(a, 5, Event{Kind: PutBack, At: 41, Other: two}),
		deliveryEvent(a, 6, Event{Kind: PickedUp, At: 42}),
		deliveryEvent(a, 7, Event{Kind: Arrived, At: 3}),
	}
	late := deliveryEvent(b, 9, Event{Kind: PickedUp, At: 2, Other: VisitID{3}})
	late.Standing = Late
	events = append(events, late)
	want, ok := FoldDelivery(events)
	if !ok || want.Begun != 10 || want.By != "op" || want.Place.Entrance != "East" || want.Told != 90 || want.Reminded != 30 || len(want.Endings) != 3 {
		t.Fatalf("%+v", want)
	}
	if x, ended := want.Ended(); !ended || x.ID != one || x.Told != 91 || len(want.Standing()) != 2 {
		t.Errorf("what was picked up is lost, or stands by what was put back: %+v", x)
	}
	for range 200 {
		events = append(events, events[rand.IntN(len(events))])
		rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if got, _ := FoldDelivery(events); !cmp.Equal(got, want) {
			t.Fatal("another order or a repetition gives another delivery:", cmp.Diff(want, got))
		}
	}
	if _, ok := FoldDelivery(events[:0]); ok {
		t.Error("nothing is a delivery")
	}
	for _, s := range events {
		if s.Event.OfDelivery() && len(FoldBadge([]Stated{s})) != 0 {
			t.Errorf("a delivery puts somebody on the list: %+v", s.Event)
		}
	}
}

// Any set of events gives the same whatever order its two halves come in, and
// endings only add up.
func TestFoldDeliveryOfAnyEvents(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	kinds := []Kind{Delivered, PickedUp, SentBack, Lost, PutBack, Reminded, Welcomed, "newer"}
	for range 500 {
		var all []Stated
		for n := range 1 + r.IntN(12) {
			e := Event{Kind: kinds[r.IntN(len(kinds))], At: HLC(1 + r.IntN(6)), Since: HLC(r.IntN(6)), By: string(rune('a' + r.IntN(3)))}
			if r.IntN(5) > 0 {
				e.Other = VisitID{byte(r.IntN(4))}
			}
			all = append(all, deliveryEvent(ActorID{byte(r.IntN(2))}, uint64(n), e))
		}
		want, _ := FoldDelivery(all)
		again := append(append([]Stated{}, all[len(all)/2:]...), all...)
		if got, _ := FoldDelivery(again); !cmp.Equal(got, want) {
			t.Fatal(cmp.Diff(want, got))
		}
		less, _ := FoldDelivery(all[:len(all)-1])
		for _, x := range less.Endings {
			found := false
			for _, y := range want.Endings {
				found = found || y.ID == x.ID
			}
			if !found {
				t.Fatalf("one more event takes an ending away: %+v", x)
			}
		}
	}
}
