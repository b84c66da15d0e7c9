package rights

import (
	"context"
	"errors"
	"testing"
)

func TestTheWheelTurnsOnceAYear(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	of := func(id string) Review {
		for _, r := range h.Wheel() {
			if r.ID == id {
				return r
			}
		}
		t.Fatal("no", id)
		return Review{}
	}
	if len(h.Wheel()) != len(Reviews) || !of("drill").Overdue || !of("drill").Done.IsZero() {
		t.Errorf("%+v", h.Wheel())
	}
	if err := h.As("operator a").Reviewed(ctx, "drill"); err != nil {
		t.Fatal(err)
	}
	if r := of("drill"); r.Overdue || !r.Done.Equal(noon) || !r.Due.Equal(Months(noon, 12)) || r.By != "operator a" || r.Node != "Reception" || !of("restore").Overdue {
		t.Errorf("%+v", r)
	}
	h.clock = Months(noon, 12)
	if !of("drill").Overdue {
		t.Error("a year later it is not due")
	}
	if err := h.Reviewed(ctx, "drill"); err != nil || of("drill").Overdue || h.onRecord("wheel.done") != 2 {
		t.Error(err)
	}
	if err := h.Reviewed(ctx, "poem"); !errors.Is(err, ErrReview) {
		t.Error(err)
	}
	h.members[0].Desk = false
	if err := h.Reviewed(ctx, "drill"); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
}
