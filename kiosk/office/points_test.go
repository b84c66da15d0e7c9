package office_test

import (
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/points"
)

func ptr[T any](v T) *T { return &v }

func TestPointsAreLookedAfter(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	h.reader().login("reception").get("/admin/points").is(403, "/admin/points")
	r := h.reader()
	r.login("desk")
	const at = "/admin/points"
	r.get(at).is(200, at, "No muster point is set")
	for _, wrong := range [][2]string{
		{"name=-x", "That name cannot be used"},
		{"capacity=many", "in figures"},
		{"capacity=-4", "in figures"},
		{"at=by the oak", "cannot be read"},
		{"kind=tent", "Choose muster point or refuge"},
		{"site=Nowhere", "That site is not known"},
	} {
		r.post(at, "name=Car park", "kind=point", "position=by the oak", wrong[0]).is(422, at, wrong[1], "No muster point is set", `value="by the oak"`)
	}
	r.post(at, "name=Car park", "kind=point", "position=by the <oak>", "capacity=200", "at=57.7069, 11.9378", "en=Stand on the grass.").
		is(200, at, "Car park is saved.", "by the <oak>", ">200<", "!no place on the map")
	h.recorded("point.add", admin.ID.By())
	r.post(at, "name=Car park", "kind=refuge").is(422, at, "a place of that name already")
	r.post(at, "name=CAR PARK", "kind=refuge").is(422, at, "differs in capitals only")
	r.post(at, "do=show", "name=Car park").is(200, at, "Change Car park", `value="by the <oak>"`, `value="200"`, `value="57.706900,11.937800"`, `value="Stand on the grass."`)
	r.post(at, "old=yes", "name=Car park", "kind=point", "position=by the gate", "en=Stand still.").is(200, at, "Car park is saved.", "by the gate", "no place on the map")
	h.recorded("point.change", admin.ID.By())
	if all := h.node.Points().List(); len(all) != 1 || all[0].Kind != points.Muster || all[0].Capacity != 0 || all[0].At != nil || all[0].Text["en"] != "Stand still." || all[0].Text["sv"] != "" {
		t.Fatalf("%+v", all)
	}
	r.post(at, "do=remove", "name=Car park").is(200, at, "Car park is removed.", "No muster point is set")
	h.recorded("point.remove", admin.ID.By())
	r.post(at, "do=remove", "name=Car park").is(422, at, "no longer there")
	h.reader().login("reception").post(at, "name=Car park", "kind=point").is(403, at)
	if len(h.node.Points().List()) != 0 {
		t.Error("a receptionist has set up a point")
	}
}
