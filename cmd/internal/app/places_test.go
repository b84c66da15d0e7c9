package app

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/points"
)

// The kiosk names the muster points of its own site, the nearest first, in an
// evacuation that covers it.
func TestWhatTheKioskSays(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	here := record.SiteID(a.Node().Self().Site)
	book, refuge, nowhere := a.Node().Points(), points.Refuge, record.SiteID("")
	for _, x := range []struct {
		name record.PointName
		edit points.Edit
	}{
		{"Far", points.Edit{At: ptr("57.710,11.900")}},
		{"Near", points.Edit{At: ptr("57.700,11.902"), Position: ptr("by the oak")}},
		{"Unknown", points.Edit{}},
		{"Stairs", points.Edit{Kind: &refuge, Site: &nowhere}},
	} {
		if _, err := book.Put(t.Context(), "", x.name, x.edit); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.PutScreen(t.Context(), a.Node().Self().Name, "57.700,11.900", ptr(45)); err != nil {
		t.Fatal(err)
	}
	if _, on := a.evacuation(here); on {
		t.Fatal("nothing runs")
	}
	if _, err := a.Node().Alarm().Start(t.Context(), true, here); err != nil {
		t.Fatal(err)
	}
	e, on := a.evacuation(here)
	if !on || !e.Drill || len(e.Points) != 4 {
		t.Fatalf("%+v", e)
	}
	near, far := e.Points[0], e.Points[1]
	if near.Name != "Near" || near.Way.Metres != 119 || near.Way.Degrees != 45 || near.Way.NorthUp || near.Position != "by the oak" {
		t.Errorf("%+v %+v", near, near.Way)
	}
	if far.Name != "Far" || far.Way.Degrees != 315 || e.Points[2].Way != nil {
		t.Errorf("%+v %+v", far, far.Way)
	}
	if got := a.pointsFor("Elsewhere"); len(got) != 1 || !got[0].Refuge {
		t.Errorf("another site's kiosk names the points of this one: %+v", got)
	}
	if _, on := a.evacuation("Elsewhere"); on {
		t.Error("it runs at another site")
	}
}

func ptr[T any](v T) *T { return &v }
