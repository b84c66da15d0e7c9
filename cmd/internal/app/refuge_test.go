package app

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/visits"
)

// Who waits at a refuge is told something, on the screen there and behind the link,
// and what they answer is known where it was said.
func TestRefugeIsAnsweredBothWays(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	site, refuge := record.SiteID(a.Node().Self().Site), points.Refuge
	book := a.Node().Points()
	for _, name := range []record.PointName{"Stair B", "Stair C"} {
		if _, err := book.Put(t.Context(), "", name, points.Edit{Kind: &refuge}); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.PutScreenAt(t.Context(), a.Node().Self().Name, "Stair B"); err != nil {
		t.Fatal(err)
	}
	got, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.Node().Alarm().Start(t.Context(), true, "")
	if err != nil {
		t.Fatal(err)
	}
	l := record.Link{Visit: got.Visit, Start: e.ID}
	if _, waits := a.waiting(l); waits {
		t.Fatal("who has said nothing waits")
	}
	by := sayer{a, a.Node().Alarm()}
	if err := by.Mark(t.Context(), l, "refuge", "", "link", [16]byte{1}); err != nil {
		t.Fatal(err)
	}
	// Nobody has said where: what is said at the site is for them.
	tell := func(p record.PointName, h record.Help) {
		t.Helper()
		if _, err := a.Node().Alarm().Tell(t.Context(), alarm.TellRequest{Point: p, Help: h}); err != nil {
			t.Fatal(err)
		}
	}
	tell("", record.HelpTold)
	if w, waits := a.waiting(l); !waits || w.Point != "" || len(w.Refuges) != 2 || w.Told == nil || w.Told.Help != "told" || w.Told.Role != "desk" {
		t.Fatalf("%+v", w)
	}
	if err := by.Mark(t.Context(), l, "refuge", "Stair B", "link", [16]byte{2}); err != nil {
		t.Fatal(err)
	}
	tell("Stair B", record.HelpComing)
	w, _ := a.waiting(l)
	door, _ := a.evacuation(site)
	if w.Told == nil || w.Told.Help != "coming" || door.Here == nil || door.Here.Talk.Told == nil || door.Here.Talk.Seen != w.Seen {
		t.Fatalf("%+v %+v", w, door.Here)
	}
	if err := by.Read(t.Context(), l, w.Seen); err != nil {
		t.Fatal(err)
	}
	if w, _ := a.waiting(l); !w.Read {
		t.Error("that it was read is not known")
	}
	tell("Stair B", record.HelpStay)
	// The screen still showed what was said before.
	if err := a.hear(t.Context(), alarm.HearRequest{Point: "Stair B", Count: 2, How: "screen"}, w.Seen); err != nil {
		t.Fatal(err)
	}
	door, _ = a.evacuation(site)
	if talk := door.Here.Talk; talk.Count != 2 || talk.Answered || talk.Told.Help != "stay" || len(talk.Before) != 1 {
		t.Errorf("%+v", talk)
	}
	if w, _ := a.waiting(l); w.Read {
		t.Error("they have read what was not before their eyes")
	}
	tell("Stair B", record.HelpFetched)
	if err := by.Mark(t.Context(), l, "refuge", "Stair B", "link", [16]byte{3}); err != nil {
		t.Fatal(err)
	}
	if w, waits := a.waiting(l); !waits || w.Told != nil {
		t.Errorf("who calls for help again is told that they were fetched: %+v", w.Told)
	}
}
