package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/deliveries"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

// The days of what has dates of its own beside those of visits.
const (
	photoDays    = 10
	deliveryDays = 9
)

// beside is what has dates of its own in the simulated years: photographs of who
// agreed to one, and deliveries that are picked up, erased, or wait for good.
type beside struct {
	w         *town
	desk      *house
	shot      record.Picture
	all       []past
	due, idle []record.VisitID
	// came is the day on which one came that nobody picks up.
	came map[record.VisitID]record.Day
}

func newBeside(w *town) *beside {
	w.t.Helper()
	a := &beside{w: w, desk: w.houses[0], shot: snapped(w.t), came: map[record.VisitID]record.Day{}}
	ctx := context.Background()
	for class, days := range map[terms.Class]int{terms.Photos: photoDays, terms.Deliveries: deliveryDays} {
		if _, err := a.desk.Rights().SetTerms(ctx, class, "", days, false); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := a.desk.Kinds().Put(ctx, "", "visitor", kinds.Edit{Ask: map[string]kinds.Asked{kinds.Photo: kinds.May}}); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(time.Minute)
	return a
}

// picture is of a visitor of some days: the first and the third who come.
func (a *beside) picture(i int) record.Picture {
	if day, nth := i/10, i%10; day > 0 && nth%2 == 0 && (day%3 == 0 || day%10 < 4) {
		return a.shot
	}
	return nil
}

func (a *beside) taken(in visits.Receipt) {
	if len(in.Photo) > 0 {
		a.all = append(a.all, past{record.PhotoID(in.Visit), record.DayOf(a.desk.now()) + photoDays})
	}
}

// ends says that what is filed under an id is over by a day.
func (a *beside) ends(id record.VisitID, by record.Day) {
	for i, p := range a.all {
		if p.visit == id {
			a.all[i].until = min(p.until, by)
			return
		}
	}
	a.w.t.Errorf("nothing is filed under %v", id)
}

// day takes deliveries in and hands them out.
func (a *beside) day(day int, today record.Day) {
	t, ctx, d := a.w.t, context.Background(), a.desk.Deliveries()
	t.Helper()
	switch day % 6 {
	case 0:
		for i := range 2 {
			name := record.Private(fmt.Sprint(marker, " parcel ", day, " ", i))
			got, err := d.Take(ctx, "", deliveries.Request{For: name, From: name, Kept: name, Note: name, Mail: marker + "@example.org"})
			if err != nil {
				t.Fatal(err)
			}
			if a.all = append(a.all, past{got.ID, today + deliveries.MaxWait}); i == 0 {
				a.due = append(a.due, got.ID)
			} else {
				a.idle, a.came[got.ID] = append(a.idle, got.ID), today
			}
		}
	case 3:
		for _, id := range a.due {
			at := a.w.houses[2]
			if at.Node == nil {
				at = a.desk
			}
			if err := at.Deliveries().End(ctx, "", id, deliveries.PickedUp, record.Private(fmt.Sprint(marker, " taker ", day))); err != nil {
				t.Fatal(err)
			}
			x, err := at.Deliveries().Get(id)
			if err != nil || len(x.Ends) != 1 {
				t.Fatal(len(x.Ends), err)
			}
			a.ends(id, today+deliveryDays)
			a.all = append(a.all, past{x.Ends[0].ID, today + deliveryDays})
		}
		a.due = nil
	case 5:
		if day%30 == 5 && len(a.idle) > 1 { // it was a mistake
			id := a.idle[len(a.idle)-2]
			if _, err := a.desk.Erase(ctx, id); err != nil {
				t.Fatal(err)
			}
			delete(a.came, id)
			a.ends(id, today)
		}
	}
}

// stands reports what should be on the list of deliveries at both desks and is not.
func (a *beside) stands(t *testing.T, day int) {
	t.Helper()
	today, waiting := record.DayOf(a.desk.now()), 0
	for _, h := range a.w.houses {
		if h.Self().Role != identity.RoleDesk {
			continue
		}
		for id, came := range a.came {
			if today-came >= deliveries.MaxWait-1 {
				continue
			}
			waiting++
			if x, err := h.Deliveries().Get(id); err != nil || x.Parcel == nil || x.State != deliveries.Waiting {
				t.Errorf("day %d: %s has lost what has waited for %d days: %v %v", day, h.name, today-came, x.State, err)
			}
		}
	}
	if waiting == 0 {
		t.Errorf("day %d: no delivery waits: nothing is proved", day)
	}
}
