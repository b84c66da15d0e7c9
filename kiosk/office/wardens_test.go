package office_test

import (
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/points"
)

func TestWardensAreAssigned(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	const at = "/admin/wardens"
	h.reader().login("reception").get(at).is(403, at)
	h.reader().login("reception").post(at, "duty=Floor 2", "zone=Plan 2").is(403, at)
	r := h.reader()
	r.login("desk")
	r.get(at).is(200, at, "Nobody is assigned yet", "Wardens on duty")
	book, site := h.node.Points(), h.node.Self().Site
	if _, err := book.Put(t.Context(), "", "Car park", points.Edit{}); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range [][]string{
		{"duty=Floor 2", "", "Choose a point, write a zone, or both"},
		{"duty=", "point=Car park", "That cannot name a duty"},
		{"who=Nobody", "point=Car park", "not known here"},
		{"duty=Floor 2", "zone=a/b", "That cannot name a zone"},
		{"duty=Floor 2", "point=Lawn", "no longer there"},
	} {
		r.post(at, wrong[0], wrong[1], "site="+site).is(422, at, wrong[2], "Nobody is assigned yet")
	}
	r.post(at, "who="+h.node.Self().Name, "point=Car park").is(422, at, "no warden")
	r.post(at, "who=Warden 1", "duty=Floor 2", "point=Car park").is(422, at, "not both")
	r.post(at, "duty=Floor 2", "point=Car park", "zone=Plan 2", "site="+site).is(200, at, "Floor 2 is assigned.", "Car park", site+", Plan 2")
	h.recorded("warden.assign", admin.ID.By())

	// Another operator assigns and removes a place meanwhile: what this page did not
	// show stays, and what is no more is said.
	if err := book.Assign(t.Context(), "", points.Duty{Name: "Floor 2", Free: true, Zone: "Plan 3"}); err != nil {
		t.Fatal(err)
	}
	if err := book.Remove(t.Context(), "", "Car park"); err != nil {
		t.Fatal(err)
	}
	r.get(at).is(200, at, "no such place any more", "Plan 3")
	r.post(at, "do=remove", "who=duty:Floor 2", "name=Floor 2", "at=point:Car park").is(200, at, "Floor 2: removed", "Plan 2", "Plan 3", "!Car park")
	h.recorded("warden.remove", admin.ID.By())
	r.post(at, "do=remove", "who=duty:Floor 2", "name=Floor 2", "at=zone:"+site+"/Plan 2").is(200, at, "Plan 3")
	if all := book.Wardens(); len(all) != 1 || len(all[0].Zones) != 1 || all[0].Zones[0].Zone != "Plan 3" {
		t.Errorf("%+v", all)
	}
	r.post(at, "do=remove", "who=duty:Floor 2", "name=Floor 2", "at=point:Car park").is(422, at, "removed already")
}
