package rights

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// erasing has a house erase what it is told to, and count how often.
func (h *house) erasing() *int {
	calls := new(int)
	h.Service.cfg.Erase = func(_ context.Context, all ...record.VisitID) (record.ErasureID, error) {
		*calls++
		for _, v := range all {
			h.erased[v] = true
		}
		return record.ErasureID{byte(*calls)}, nil
	}
	return calls
}

func TestSearchLeavesOutWhoIsNeeded(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	if _, err := h.Search(ctx, Query{}); !errors.Is(err, ErrWide) {
		t.Error("everybody was found:", err)
	}
	for i := range byte(5) {
		h.came(i+1, "delivery", int(i)+1)
	}
	h.came(20, "visitor", 3)
	h.erased[record.VisitID{99, 2}] = true
	h.add(desk, record.Event{Kind: record.Restricted, Visit: record.VisitID{99, 3}, Case: record.CaseID{1}, Reason: "x"})
	if _, _, err := h.OpenCase(ctx, record.VisitID{99, 4}, Access, "asked"); err != nil {
		t.Fatal(err)
	}
	f, err := h.Search(ctx, Query{Type: "delivery"})
	if err != nil || len(f.Visits) != 2 || f.Erased != 1 || f.Kept != 2 || f.Inside != 0 || !f.First.Equal(noon.AddDate(0, 0, -5)) {
		t.Errorf("%+v %v", f, err)
	}
	f, err = h.Search(ctx, Query{NotSeenSince: noon.AddDate(0, 0, -2)})
	if err != nil || len(f.Visits) != 2 || f.Kept != 2 {
		t.Errorf("not seen for two days: %+v %v", f, err)
	}
	if f, err = h.Search(ctx, Query{NotSeenSince: noon.Add(time.Hour)}); err != nil || f.Inside != 1 {
		t.Errorf("who is inside: %+v %v", f, err)
	}
	if f, err = h.Search(ctx, Query{Host: " sVEN "}); err != nil || len(f.Visits) != 3 {
		t.Errorf("by host: %+v %v", f, err)
	}
	if f, err = h.Search(ctx, Query{Host: "Sven A"}); err != nil || len(f.Visits) != 0 {
		t.Errorf("by another host: %+v %v", f, err)
	}
	if f, err = h.Search(ctx, Query{Site: "South"}); err != nil || len(f.Visits) != 0 {
		t.Errorf("at another site: %+v %v", f, err)
	}
	h.members[0].Desk = false
	if _, err := h.Search(ctx, Query{Type: "delivery"}); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
}

func TestBulkTakesTwoSteps(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	calls := h.erasing()
	for i := range byte(3) {
		h.came(i+1, "delivery", 2)
	}
	q := Query{Type: "delivery"}
	for reason, want := range map[string]error{"": ErrNoReason, " ": ErrNoReason, "a\nb": ErrReasonLong} {
		if _, err := h.Prepare(ctx, q, reason); !errors.Is(err, want) {
			t.Errorf("%q: %v", reason, err)
		}
	}
	if _, err := h.Prepare(ctx, Query{Host: "Sven"}, "as Sven asked"); !errors.Is(err, ErrReasonNames) {
		t.Error(err)
	}
	if _, err := h.Prepare(ctx, Query{Type: "event"}, "over"); !errors.Is(err, ErrNobody) {
		t.Error(err)
	}
	b, err := h.Prepare(ctx, q, "the contract has ended")
	if err != nil || b.Second || len(b.Visits) != 3 || len(h.Bulks()) != 1 || *calls != 0 || h.onRecord("bulk.prepare") != 1 {
		t.Fatalf("%+v %v", b, err)
	}
	if _, err := h.Confirm(ctx, b.ID, 4); !errors.Is(err, ErrBulkCount) {
		t.Error(err)
	}
	if _, err := h.Confirm(ctx, record.ErasureID{7}, 3); !errors.Is(err, ErrBulkGone) {
		t.Error(err)
	}
	// One comes back before it is confirmed.
	h.add(desk, record.Event{Kind: record.Restricted, Visit: record.VisitID{99, 2}, Case: record.CaseID{1}, Reason: "x"})
	done, err := h.Confirm(ctx, b.ID, 3)
	if err != nil || done.Done != 2 || len(done.Erasures) != 1 || *calls != 1 || h.erased[record.VisitID{99, 2}] || !h.erased[record.VisitID{99, 1}] || h.onRecord("bulk.confirm") != 1 {
		t.Errorf("%+v %v", done, err)
	}
	if _, err := h.Confirm(ctx, b.ID, 3); !errors.Is(err, ErrBulkGone) || len(h.Bulks()) != 0 {
		t.Error("it is done twice:", err)
	}
	if b, err = h.Prepare(ctx, Query{NotSeenSince: noon}, "old"); err != nil {
		h.came(9, "visitor", 3)
		if b, err = h.Prepare(ctx, Query{NotSeenSince: noon}, "old"); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Cancel(ctx, b.ID); err != nil || h.onRecord("bulk.cancel") != 1 {
		t.Error(err)
	}
	if err := h.Cancel(ctx, b.ID); !errors.Is(err, ErrBulkGone) {
		t.Error(err)
	}
	if b, err = h.Prepare(ctx, Query{NotSeenSince: noon}, "old"); err != nil {
		t.Fatal(err)
	}
	h.clock = noon.Add(bulkFor + time.Second)
	if _, err := h.Confirm(ctx, b.ID, len(b.Visits)); !errors.Is(err, ErrBulkGone) {
		t.Error("what was prepared long ago is confirmed:", err)
	}
}

func TestManyTakeASecondPerson(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	calls := h.erasing()
	at := record.HLCOf(noon.AddDate(0, 0, -2))
	for i := range SecondAbove + 1 {
		v := record.VisitID{98, byte(i), byte(i >> 8), 1}
		h.add(desk, record.Event{Kind: record.Arrived, Visit: v, Type: "event", At: at})
		h.add(desk, record.Event{Kind: record.Left, Visit: v, At: at + 1})
	}
	b, err := h.As("operator a").Prepare(ctx, Query{Type: "event"}, "the fair is over")
	if err != nil || !b.Second || b.By != "operator a" {
		t.Fatalf("%+v %v", b.By, err)
	}
	if _, err := h.As("operator a").Confirm(ctx, b.ID, SecondAbove+1); !errors.Is(err, ErrBulkSecond) || *calls != 0 {
		t.Error("who prepared it confirms it:", err)
	}
	done, err := h.As("operator b").Confirm(ctx, b.ID, SecondAbove+1)
	if err != nil || done.Done != SecondAbove+1 || *calls != 1 {
		t.Errorf("%+v %v", done.Done, err)
	}
}
