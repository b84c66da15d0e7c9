package rights

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Whoever has had something of a visit is to be told what became of it, until
// they have been.
func TestRecipientsAreToBeTold(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	tick := func() { h.clock = h.clock.Add(time.Minute) }
	for _, bad := range [][2]string{{"", "name"}, {"Polisen", ""}, {"a: b", "name"}, {"a\nb", "name"}, {"Polisen", string(make([]byte, 100))}} {
		if err := h.Disclose(ctx, aVis, bad[0], bad[1]); err == nil {
			t.Errorf("taken: %q", bad)
		}
	}
	if err := h.Disclose(ctx, aVis, "Astrid", "name"); !errors.Is(err, ErrReasonNames) {
		t.Error(err)
	}
	if err := h.Tell(ctx, aVis, "Polisen"); !errors.Is(err, ErrNotRecipient) {
		t.Error(err)
	}
	h.open(t, Restriction) // before: they had it restricted
	tick()
	if err := h.Disclose(ctx, aVis, "Polisen", "name and times"); err != nil {
		t.Fatal(err)
	}
	to := func() Recipient {
		t.Helper()
		all, err := h.Recipients(aVis)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return all[0]
	}
	if r := to(); r.Recipient != "Polisen" || r.What != "name and times" || len(r.ToTell) != 0 || !r.Outside {
		t.Errorf("%+v", r)
	}
	tick()
	h.acts = append(h.acts, record.Act{Kind: record.ActAudit, What: actRectify, Visits: []record.VisitID{aVis}, At: record.HLCOf(h.clock)})
	h.open(t, Objection)
	if r := to(); !slices.Equal(r.ToTell, []string{"corrected", "restricted"}) || !r.Told.IsZero() {
		t.Errorf("%+v", r)
	}
	tick()
	if err := h.Tell(ctx, aVis, "Polisen"); err != nil {
		t.Fatal(err)
	}
	if r := to(); len(r.ToTell) != 0 || !r.Told.Equal(h.clock) {
		t.Errorf("%+v", r)
	}
	tick()
	h.acts = append(h.acts, record.Act{Kind: record.ActShred, Visits: []record.VisitID{aVis}, At: record.HLCOf(h.clock)})
	if r := to(); !slices.Equal(r.ToTell, []string{"erased"}) {
		t.Errorf("%+v", r)
	}
	if x := h.export(t); len(x.Recipients) != 1 || len(x.Recipients[0].ToTell) != 1 {
		t.Errorf("%+v", x.Recipients)
	}
}
