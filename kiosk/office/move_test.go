package office_test

import (
	"context"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/visits"
)

// Somebody at a desk says in which other zone a visitor is; it is one event
// however often the button is pressed.
func TestIsNowElsewhere(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	guard := h.operator("guard", operators.Security)
	h.operator("audit", operators.Auditor)
	v := h.guest(visits.Arrival{Name: "Ana Marker"})
	at := "/desk/visit/" + v.String()
	seen := func() record.Place {
		t.Helper()
		p, err := h.node.Replica().Presence(v)
		if err != nil {
			t.Fatal(err)
		}
		return p.Seen.Place
	}
	r := h.reader()
	r.login("guard")
	r.get(at).is(200, at, "!Is in another place")
	for _, z := range []points.Duty{{Name: "Plan 2", Free: true, Zone: "Plan 2"}, {Name: "Lagret", Free: true, Zone: "Lagret", Site: "Norra"}} {
		if err := h.node.Points().Assign(context.Background(), "", z); err != nil {
			t.Fatal(err)
		}
	}
	r.get(at).is(200, at, "Is in another place", `<option value="">Choose a place`, `value="Norra/Plan 2"`, `value="Norra/Lagret"`, `!value="Norra/Hus A"`)
	for _, place := range []string{"", "Norra", "Norra/Källaren", "Södra/Plan 2"} {
		r.post(at+"/move", "place="+place).is(422, at+"/move", "There is no such place", `id="move" open`)
	}
	for range 2 {
		r.post(at+"/move", "place=Norra/Plan 2").is(200, at, "counts the visitor at the new place", "Plan 2", `value="Norra/Hus A"`)
	}
	all, err := h.node.Replica().Evidence(v.Badge())
	if got := seen(); err != nil || len(all) != 2 || got != (record.Place{Site: "Norra", Zone: "Plan 2"}) {
		t.Error(err, len(all), "events;", got)
	}
	h.recorded(node.ActMove, guard.ID.By())
	a := h.reader()
	a.login("audit")
	a.get(at).is(200, at, "!Is in another place")
	a.post(at+"/move", "place=Norra/Lagret").is(403, at+"/move")
	// Who is erased, or restricted, is on the list all the same, and may be moved.
	h.restrict(v)
	r.get(at).is(200, at, "Is in another place")
	r.post(at+"/move", "place=Norra/Lagret").is(200, at)
	if _, err := h.node.Erase(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	r.post(at+"/move", "place=Norra/Plan 2").is(200, at)
	// In an evacuation the warden's list says where somebody is.
	if _, err := h.node.Alarm().Start(context.Background(), true, ""); err != nil {
		t.Fatal(err)
	}
	r.get(at).is(200, at, "An evacuation is running. Say on", `!name="place"`)
	r.post(at+"/move", "place=Norra/Lagret").is(422, at+"/move", "An evacuation is running. Say on")
	if _, err := h.node.Alarm().End(context.Background(), "over"); err != nil {
		t.Fatal(err)
	}
	r.post(at+"/out").is(200, "/desk")
	r.get(at).is(200, at, "!Is in another place")
	r.post(at+"/move", "place=Norra/Lagret").is(422, at+"/move", "The visit is over")
	if got := seen(); got.Zone != "Plan 2" {
		t.Error(got)
	}
}
