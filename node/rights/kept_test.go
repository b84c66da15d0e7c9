package rights

import (
	"context"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

// What is restricted, or has a case that is open, is erased neither by a search
// nor by the terms, also where it became so after it was found.
func TestWhatIsKeptForThePersonIsErasedByNothing(t *testing.T) {
	for name, keep := range map[string]func(*house, record.VisitID){
		"restricted": func(h *house, v record.VisitID) {
			h.add(desk, record.Event{Kind: record.Restricted, Visit: v, Case: record.CaseID{1}, Reason: "x"})
		},
		"a case": func(h *house, v record.VisitID) {
			if _, _, err := h.OpenCase(context.Background(), v, Access, "asked"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		h, ctx := newHouse(t), context.Background()
		h.erasing()
		kept, other := record.VisitID{99, 1}, record.VisitID{99, 2}
		h.came(1, "delivery", 9)
		h.came(2, "delivery", 9)
		b, err := h.Prepare(ctx, Query{Type: "delivery"}, "over")
		if err != nil || len(b.Visits) != 2 {
			t.Fatal(b.Visits, err)
		}
		keep(h, kept)
		if p, err := h.SetTerms(ctx, terms.Card, "", 5, true); err != nil || p.Destroyed != 1 {
			t.Errorf("%s: the preview ends %d; %v", name, p.Destroyed, err)
		}
		if done, err := h.Confirm(ctx, b.ID, 2); err != nil || done.Done != 1 || h.erased[kept] || !h.erased[other] {
			t.Errorf("%s: a search erased it: %d, %v", name, done.Done, err)
		}
		if n, err := h.EraseOver(ctx, []record.VisitID{kept, other}); err != nil || n != 0 || h.erased[kept] {
			t.Errorf("%s: the terms erased %d; %v", name, n, err)
		}
		h.came(3, "delivery", 9)
		if n, err := h.EraseOver(ctx, []record.VisitID{kept, {99, 3}, aVis}); err != nil || n != 1 || !h.erased[record.VisitID{99, 3}] {
			t.Errorf("%s: the terms erased %d; %v", name, n, err)
		}
	}
}
