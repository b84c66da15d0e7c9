package record

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Whatever else is known of a visit, and in whatever order: a badge that is handed
// back moves nobody, makes no visit, and is known as of the earliest word that counts.
func TestABadgeHandedBackMovesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := drawRestricted(t)
		events := slices.Clone(plain)
		first := map[VisitID]HLC{}
		for i := range rapid.IntRange(1, 6).Draw(t, "backs") {
			s := stated(2, uint64(i+1), Event{Kind: BadgeBack, At: HLC(rapid.IntRange(1, 40).Draw(t, "back at")), Visit: VisitID{8: byte(rapid.IntRange(1, 2).Draw(t, "of"))}})
			s.Standing = Standing(rapid.IntRange(0, 5).Draw(t, "counts") / 5)
			if at, known := first[s.Event.Visit]; s.Standing == Counted && (!known || s.Event.At < at) {
				first[s.Event.Visit] = s.Event.At
			}
			events = append(events, s)
		}
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		got := FoldBadge(events)
		for i, p := range got {
			if p.BadgeBack.At != first[p.Visit] {
				t.Fatalf("handed back at %d, want %d", p.BadgeBack.At, first[p.Visit])
			}
			got[i].BadgeBack = Fact{}
		}
		if d := cmp.Diff(FoldBadge(plain), got); d != "" {
			t.Fatalf("a badge that was handed back changed the list:\n%s", d)
		}
	})
}
