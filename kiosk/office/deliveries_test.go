package office_test

import (
	"context"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/deliveries"
	"github.com/upprop/upprop/node/hosts"
	"github.com/upprop/upprop/node/operators"
)

func TestDeliveriesAtTheDesk(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	desk := h.operator("desk", operators.Reception)
	h.operator("audit", operators.Auditor)
	r := h.reader()
	r.login("desk")
	r.get("/desk/deliveries").is(200, "/desk/deliveries", "Nothing waits to be picked up", "Take in a delivery")
	form := func() string {
		return formID.FindStringSubmatch(r.get("/desk/delivery").is(200, "/desk/delivery").body)[1]
	}
	with := func(more ...string) []string {
		return append([]string{"for=Åsa Marker", "from=PostNord", "items=2", "kept=Shelf <b>3</b>", "note=Fragile", "cold=yes"}, more...)
	}
	r.post("/desk/delivery", with("form="+form(), "for=")...).is(422, "/desk/delivery", "Write whom it is for", `value="PostNord"`, `name="cold" value="yes" checked`)
	for _, items := range []string{"0", "two", "5000"} {
		r.post("/desk/delivery", with("form="+form(), "items="+items)...).is(422, "/desk/delivery", "from 1 to 999")
	}
	r.post("/desk/delivery", with("form="+form(), "mail=asa")...).is(422, "/desk/delivery", "no e-mail address")
	id := form()
	r.post("/desk/delivery", with("form="+id)...)
	page := r.at.Path
	r.is(200, page, "Åsa Marker", "Shelf <b>3</b>", "Waits", "Must be kept cold", "Fragile")
	if !strings.HasPrefix(page, "/desk/delivery/") || strings.Contains(r.at.String(), "Marker") {
		t.Fatal(r.at)
	}
	r.post("/desk/delivery", with("form="+id)...).is(200, page) // once
	h.recorded("delivery.take", desk.ID.By())
	r.post("/desk/deliveries", "q=asa").is(200, "/desk/deliveries", "1 found", "Åsa Marker", "PostNord")
	r.post("/desk/deliveries", "q=bengt").is(200, "/desk/deliveries", "0 found", "!Åsa Marker")

	r.post(page, "do=dance").is(422, page, "Choose how it ended")
	r.post(page, "do=picked_up", "to=Bo Marker").is(200, page, "Picked up", "Bo Marker", "It waits after all")
	h.recorded("delivery.pick_up", desk.ID.By())
	r.post(page, "do=lost").is(422, page, "picked up or returned already")
	r.get("/desk/deliveries").is(200, "/desk/deliveries", "Nothing waits", "Picked up, returned or lost")
	r.post(page, "do=put_back").is(200, page, "Waits", "!Bo Marker")
	r.post(page, "do=returned", "to=Bo Marker").is(200, page, "Returned", "!Bo Marker")
	h.recorded("delivery.return", desk.ID.By())
	if d := h.node.Deliveries().List("")[0]; d.State != deliveries.Returned {
		t.Errorf("%+v", d.State)
	}
	r.get("/desk/delivery/nonsense").is(404, "/desk/delivery/nonsense")

	// An auditor sees what is there, and does nothing about it.
	a := h.reader()
	a.login("audit")
	a.get("/desk/deliveries").is(200, "/desk/deliveries", "Åsa Marker", "!Take in a delivery")
	a.get(page).is(200, page, "!It waits after all")
	a.post(page, "do=put_back").is(403, page)
	a.get("/desk/delivery").is(403, "/desk/delivery")
	a.post("/desk/hosts", "q=sven").is(403, "/desk/hosts")
}

// Whom a delivery is for is found as at a door, and never with an address.
func TestHostsAreFoundForADelivery(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Reception)
	if _, err := h.node.Hosts().Put(context.Background(), "", hosts.Host{Name: "Sven Marker", Unit: "Plan 3", Mail: "sven@marker.example"}); err != nil {
		t.Fatal(err)
	}
	r := h.reader()
	r.login("desk")
	r.post("/desk/hosts", "q=sve").is(200, "/desk/hosts", `"name":"Sven Marker"`, `"unit":"Plan 3"`, "1 suggestion", "!marker.example")
	r.post("/desk/hosts", "q=sv").is(200, "/desk/hosts", `"hosts":[]`)
}

func TestDaysOfDeliveriesAreSet(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("admin", operators.Admin)
	r := h.reader()
	r.login("admin")
	r.get("/admin/settings").is(200, "/admin/settings", `name="remind" value="3"`)
	r.post("/admin/settings", "remind=400").is(422, "/admin/settings", "between 1 and 90", `value="400"`)
	r.post("/admin/settings", "remind=5").is(200, "/admin/settings", `name="remind" value="5"`)
	if n := h.node.RemindDelivery(); n != 5 {
		t.Error(n)
	}
	r.post("/admin/retention", "class=delivery", "days=7", "type=visitor").is(422, "/admin/retention", "kept for the same time")
	r.post("/admin/retention", "class=delivery", "days=7", "sure=yes").is(200, "/admin/retention", "Deliveries")
	if n := h.node.Rights().Terms().Delivery(); n != 7 {
		t.Error(n)
	}
}
