package rights

import (
	"context"
	"errors"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

// came adds a visit that ended so many days ago.
func (h *house) came(v byte, kind string, daysAgo int) {
	at := record.HLCOf(noon.AddDate(0, 0, -daysAgo))
	visit := record.VisitID{99, v}
	h.add(desk, record.Event{Kind: record.Arrived, Visit: visit, How: "kiosk", Type: kind, At: at, Ends: record.DayOf(noon) - record.Day(daysAgo) + 30})
	h.add(desk, record.Event{Kind: record.Left, Visit: visit, At: at + 1})
}

func TestTermsSayWhatTheyDestroy(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.came(1, "visitor", 2)
	h.came(2, "visitor", 10)
	h.came(3, "delivery", 10)
	h.came(4, "visitor", 20)
	h.came(5, "visitor", 31) // dead already
	h.came(6, "visitor", 12)
	h.erased[record.VisitID{99, 6}] = true
	told := 0
	h.Service.cfg.TermsChanged = func() { told++ }
	p, err := h.SetTerms(ctx, terms.Card, "", 10, true)
	if err != nil || p.Destroyed != 3 || p.Shortened != 1 || p.Before.Card != 30 || p.After.Card != 10 || p.After.Contact != 10 {
		t.Errorf("%+v %v", p, err)
	}
	if len(h.settings) != 0 || h.onRecord("retention.set") != 0 || told != 0 {
		t.Error("a dry run changed something")
	}
	if p, err = h.SetTerms(ctx, terms.Card, "delivery", 5, false); err != nil || p.Destroyed != 1 || p.Shortened != 0 {
		t.Errorf("%+v %v", p, err)
	}
	if h.Terms().For("delivery").Card != 5 || h.Terms().For("visitor").Card != 30 || h.onRecord("retention.set") != 1 || told != 1 {
		t.Error("not set, not on record, or nobody was told")
	}
	if p, err = h.SetTerms(ctx, terms.Contact, "", 15, false); err != nil || p.Destroyed != 0 || p.Shortened != 3 {
		t.Errorf("the contact details alone: %+v %v", p, err)
	}
	if p, err = h.SetTerms(ctx, terms.Card, "delivery", 0, true); err != nil || p.Destroyed+p.Shortened != 0 || p.After.Card != 30 {
		t.Errorf("lengthened: %+v %v", p, err)
	}
	if _, err := h.SetTerms(ctx, terms.Card, "", 31, false); !errors.Is(err, terms.ErrDays) {
		t.Error(err)
	}
	h.members[0].Desk = false
	if _, err := h.SetTerms(ctx, terms.Card, "", 10, false); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
}
