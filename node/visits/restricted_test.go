package visits

import (
	"context"
	"errors"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// restrict writes a restriction as a desk would.
func (d *door) restrict(v record.VisitID, id record.CaseID) {
	d.t.Helper()
	e := record.Event{Kind: record.Restricted, Visit: v, Case: id, Reason: "accuracy contested"}
	if _, err := d.replica.Commit(context.Background(), crdt.Draft{Event: &e}); err != nil {
		d.t.Fatal(err)
	}
}

func TestRestrictedIsHiddenFromAllUse(t *testing.T) {
	d := newHouse(t).door("Reception")
	alarm := false
	d.cfg.Access = func() Access {
		return Access{
			Card: func(record.SiteID) bool { return true }, Dossiers: true,
			Alarm: func(record.SiteID) bool { return alarm },
		}
	}
	v := d.in(Arrival{Name: "Astrid Marker", Email: "a@marker.test"}).Visit
	if _, err := d.Card(v); err != nil {
		t.Fatal(err) // it is in memory now
	}
	d.restrict(v, record.CaseID{1})

	rows := d.list(false)
	if len(rows) != 1 || rows[0].Card != nil || len(rows[0].Restricted) != 1 {
		t.Errorf("%+v", rows)
	}
	if _, err := d.Card(v); !errors.Is(err, ErrRestricted) {
		t.Error("a card of a restricted visit:", err)
	}
	if len(d.cards.all()) != 0 {
		t.Error("a restricted card is kept in memory")
	}
	if _, err := d.Dossier(v); !errors.Is(err, ErrRestricted) {
		t.Error("a dossier of a restricted visit:", err)
	}
	if c, x, err := d.ForSubject(v); err != nil || c.Name != "Astrid Marker" || x.Email != "a@marker.test" {
		t.Error("the person does not get what is stored:", err)
	}

	// A life is at stake: the muster shows the name, the list does not.
	alarm = true
	if c, err := d.CardOf(d.replica.Open()[0]); err != nil || c.Name != "Astrid Marker" {
		t.Error("the muster has no name for somebody who is restricted:", err)
	}
	if rows := d.list(true); rows[0].Card != nil {
		t.Error("the list shows a restricted name while an alarm runs")
	}
	if len(d.cards.all()) != 0 {
		t.Error("a restricted card is kept in memory")
	}
	alarm = false

	over := record.Event{Kind: record.Unrestricted, Visit: v, Cases: []record.CaseID{{1}}}
	if _, err := d.replica.Commit(context.Background(), crdt.Draft{Event: &over}); err != nil {
		t.Fatal(err)
	}
	if rows := d.list(false); rows[0].Card == nil {
		t.Error("lifted, and still hidden")
	}
}

func TestForSubjectIsForDesks(t *testing.T) {
	d := newHouse(t).door("Alfa")
	v := d.in(Arrival{Name: "Astrid Marker"}).Visit
	d.cfg.Access = func() Access { return Access{Card: func(record.SiteID) bool { return true }} }
	if _, _, err := d.ForSubject(v); !errors.Is(err, ErrNotForUs) {
		t.Error(err)
	}
}
