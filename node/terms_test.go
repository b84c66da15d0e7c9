package node

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

// told has a visitor arrive who tells all there is, by type.
func (h *house) told(name record.Private, kind string) record.VisitID {
	h.town.t.Helper()
	r, err := h.Visits().CheckIn(context.Background(), visits.Arrival{
		Name: name, Type: kind, How: "kiosk", Company: "Bolaget", Host: "Sven", Email: "a@marker.test", Phone: "0701234567", Assist: "a chair",
	})
	if err != nil {
		h.town.t.Fatal(err)
	}
	return r.Visit
}

// dies is how many days from today what stands of a part dies at a house.
func (h *house) dies(v record.VisitID, a record.Audience) int {
	p, err := h.replica.Sealed(record.PartKey{Visit: v, Audience: a})
	if err != nil {
		return -1
	}
	return int(p.Until - record.DayOf(h.now()))
}

// Shorter terms hold for what is stored, on every node, also on one that was cut
// off and on what it took in meanwhile; longer ones for new visits alone.
func TestTermsReachEveryNode(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		south := w.join("South desk", identity.RoleDesk)
		w.join("Warden", identity.RoleWarden)
		desk, east, warden := w.houses[0], w.houses[1], w.houses[3]
		ctx := context.Background()
		old := east.told("Old Marker", "visitor")
		time.Sleep(time.Minute)
		south.leave(old)
		w.sleep(5)
		fresh, parcel := east.told("Fresh Marker", "visitor"), east.told("Parcel Marker", "delivery")
		inside := east.told("Inside Marker", "visitor")
		time.Sleep(time.Minute)
		desk.leave(fresh)
		desk.leave(parcel)
		time.Sleep(5 * time.Minute)
		for _, h := range []*house{south, east} {
			w.net.Cut(memnet.Closing, h.key.ID(), desk.key.ID())
			w.net.Cut(memnet.Closing, h.key.ID(), warden.key.ID())
		}
		p, err := desk.Rights().SetTerms(ctx, terms.Card, "", 4, false)
		if err != nil || p.Destroyed != 1 || p.Shortened != 2 {
			t.Fatalf("%+v %v", p, err)
		}
		if _, err = desk.Rights().SetTerms(ctx, terms.Contact, "", 2, false); err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Rights().SetTerms(ctx, terms.Card, "delivery", 1, false); err != nil {
			t.Fatal(err)
		}
		meanwhile := east.told("Meanwhile Marker", "visitor")
		east.leave(meanwhile)
		time.Sleep(5 * time.Minute)
		if east.dies(meanwhile, record.CardAudience) != 30 {
			t.Error("who was cut off has heard of it")
		}
		w.net.Heal()
		time.Sleep(5 * time.Minute)
		for _, h := range []*house{desk, south} {
			h.resealer.Wake() // else within the hour
			time.Sleep(time.Minute)
		}
		time.Sleep(5 * time.Minute)
		after := desk.told("After Marker", "visitor")
		desk.leave(after)
		time.Sleep(5 * time.Minute)
		for _, h := range []*house{desk, south, east, warden} {
			if !h.replica.Shredded(old) {
				t.Error(h.name, "keeps what is over")
			}
			for v, days := range map[record.VisitID]int{fresh: 4, parcel: 1, meanwhile: 4, after: 4, inside: 30} {
				if got := h.dies(v, record.CardAudience); got != days {
					t.Errorf("%s: a name dies in %d days, want %d", h.name, got, days)
				}
			}
			for v, days := range map[record.VisitID]int{fresh: 2, parcel: 1, meanwhile: 2, after: 2, inside: 30} {
				if got := h.dies(v, record.DossierAudience); got != days {
					t.Errorf("%s: contact details die in %d days, want %d", h.name, got, days)
				}
			}
		}
		if x, err := south.Rights().Export(ctx, fresh, "json"); err != nil || x.Particulars.KeptUntil != record.DayOf(w.houses[0].now())+4 {
			t.Errorf("%+v %v", x.Particulars, err)
		}
		// Longer: what is stored keeps its date.
		if _, err := south.Rights().SetTerms(ctx, terms.Card, "", 20, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if got := east.told("Last Marker", "visitor"); east.dies(got, record.CardAudience) != 20 || east.dies(got, record.DossierAudience) != 2 {
			t.Error("longer terms do not hold for new visits")
		}
		if got := east.dies(fresh, record.CardAudience); got != 4 {
			t.Error("longer terms hold for what is stored:", got)
		}

		w.sleep(3)
		for _, h := range []*house{desk, south} {
			if c, d, err := h.Visits().ForSubject(fresh); err != nil || c.Name != "Fresh Marker" || d.Phone != "" {
				t.Errorf("%s: the name alone is to be left: %v", h.name, err)
			}
			if x, err := h.Rights().Export(ctx, fresh, "json"); err != nil || x.Particulars.Status != rights.Stored || x.Particulars.Email != "" {
				t.Errorf("%s: %+v %v", h.name, x.Particulars.Status, err)
			}
		}
		w.sleep(2)
		all := []record.VisitID{old, fresh, parcel, meanwhile, after}
		for _, h := range []*house{desk, south, warden} {
			if err := h.AllowExpiry(ctx, record.DayOf(h.now())); err != nil {
				t.Fatal(err)
			}
			d := h.seize()
			d.open(t, desk.now, all...).check(t, "the disk of "+h.name+" after its terms", nil, nil)
			time.Sleep(time.Minute)
		}
		for _, h := range []*house{desk, south} {
			if c, _, err := h.Visits().ForSubject(inside); err != nil || c.Name != "Inside Marker" {
				t.Error(h.name, "has lost who is inside:", err)
			}
		}
	})
}

// A desk whose clock has jumped ahead and that hears nobody destroys nothing by
// its terms, and nothing is lost to it or to others when the clock is right again.
func TestTermsDoNotGoByAClockAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk, east := w.houses[0], w.houses[1]
		ctx := context.Background()
		v := east.told("Astrid Marker", "visitor")
		time.Sleep(time.Minute)
		east.leave(v)
		time.Sleep(5 * time.Minute)
		for _, c := range []terms.Class{terms.Card, terms.Contact} {
			if _, err := desk.Rights().SetTerms(ctx, c, "", 5, false); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Minute)
		if got := desk.dies(v, record.CardAudience); got != 5 {
			t.Fatal("the terms do not hold:", got)
		}
		// What came in by the gate meanwhile has not been looked at by the terms.
		w.net.Cut(memnet.Closing, east.key.ID(), desk.key.ID())
		late := east.told("Bo Marker", "visitor")
		east.leave(late)
		desk.ahead.Store(int64(4 * 24 * time.Hour))
		if _, err := desk.Rights().SetTerms(ctx, terms.Card, "", 3, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		desk.resealer.Wake()
		time.Sleep(10 * time.Minute)
		if desk.replica.Shredded(v) {
			t.Fatal("destroyed by a clock alone")
		}
		desk.ahead.Store(0)
		w.net.Heal()
		time.Sleep(5 * time.Minute)
		desk.resealer.Wake()
		time.Sleep(5 * time.Minute)
		for _, x := range []record.VisitID{v, late} {
			if got := desk.dies(x, record.CardAudience); got != 3 {
				t.Errorf("once the clock is right a name dies in %d days, want 3", got)
			}
			if _, _, err := desk.Visits().ForSubject(x); err != nil {
				t.Error("lost:", err)
			}
		}
		w.sleep(3)
		if err := desk.AllowExpiry(ctx, record.DayOf(desk.now())); err != nil {
			t.Fatal(err)
		}
		if _, _, err := desk.Visits().ForSubject(v); err == nil {
			t.Error("kept beyond its date")
		}
	})
}

// Shorter terms leave what is restricted, or has a case that is open, until that
// is over.
func TestTermsLeaveWhatIsKeptForThePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception")
		defer w.close()
		desk, ctx := w.houses[0], context.Background()
		restricted, asked, other := desk.told("Astrid Marker", "visitor"), desk.told("Bo Marker", "visitor"), desk.told("Cia Marker", "visitor")
		time.Sleep(time.Minute)
		for _, v := range []record.VisitID{restricted, asked, other} {
			desk.leave(v)
		}
		w.sleep(3)
		if err := desk.AllowExpiry(ctx, record.DayOf(desk.now())); err != nil { // the clock is right
			t.Fatal(err)
		}
		if _, _, err := desk.Rights().OpenCase(ctx, restricted, rights.Restriction, "asked"); err != nil {
			t.Fatal(err)
		}
		c, _, err := desk.Rights().OpenCase(ctx, asked, rights.Access, "asked")
		if err != nil {
			t.Fatal(err)
		}
		if p, err := desk.Rights().SetTerms(ctx, terms.Card, "", 2, false); err != nil || p.Destroyed != 1 {
			t.Fatalf("%+v %v", p, err)
		}
		time.Sleep(5 * time.Minute)
		if !desk.replica.Shredded(other) || desk.dies(restricted, record.DossierAudience) != 27 || desk.dies(asked, record.CardAudience) != 27 {
			t.Error("ended:", desk.replica.Shredded(other), desk.dies(restricted, record.DossierAudience), desk.dies(asked, record.CardAudience))
		}
		if _, err := desk.Rights().Decide(ctx, c.ID, rights.Granted, ""); err != nil {
			t.Fatal(err)
		}
		desk.resealer.Wake()
		time.Sleep(5 * time.Minute)
		if !desk.replica.Shredded(asked) || desk.replica.Shredded(restricted) {
			t.Error("after the decision:", desk.replica.Shredded(asked), desk.replica.Shredded(restricted))
		}
	})
}
