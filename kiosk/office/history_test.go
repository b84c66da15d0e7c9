package office_test

import (
	"regexp"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
)

func TestHistoryOfSettings(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("Astrid Marker", operators.Admin)
	h.operator("desk", operators.Reception)
	r := h.reader()
	r.login("Astrid Marker")
	r.get("/admin/settings").is(200, "/admin/settings", "/admin/history")
	r.post("/admin/settings", "campus=Eken").is(200, "/admin/settings")
	r.post("/admin/settings", "campus=Udden").is(200, "/admin/settings")
	r.get("/admin/history").is(200, "/admin/history", "Ekudden", "Put back “Eken”", "Astrid Marker", "campus/name", "!argon2")
	id := regexp.MustCompile(`name="id" value="([a-z2-7]{16})"`).FindStringSubmatch(r.body)
	if id == nil {
		t.Fatal("nothing can be put back")
	}
	r.post("/admin/history", "id="+id[1], "key=campus/").is(200, "/admin/history", "Put back “Udden”", "!operator/")
	if h.node.CampusName() != "Eken" {
		t.Error(h.node.CampusName())
	}
	r.post("/admin/history", "id="+id[1]).is(422, "/admin/history", "set so already")
	// What was changed since goes once it has been asked, and not before.
	r.post("/admin/settings", "campus=Lunden").is(200, "/admin/settings")
	r.post("/admin/history", "id="+id[1], "key=campus/").is(422, "/admin/history", "changed again since", "Put it back all the same")
	over := regexp.MustCompile(`name="over" value="([a-z2-7]{16})"`).FindStringSubmatch(r.body)
	if over == nil || h.node.CampusName() != "Lunden" {
		t.Fatal("it is not asked first:", h.node.CampusName())
	}
	r.post("/admin/history", "id="+id[1], "key=campus/", "over="+over[1]).is(200, "/admin/history", "!all the same")
	if h.node.CampusName() != "Eken" {
		t.Error(h.node.CampusName())
	}
	r.get("/admin/history?key=operator/").is(200, "/admin/history", "Names and passwords are not put back", "Keys and revocations are not here")
	r.post("/admin/history", "id=nothing").is(422, "/admin/history", "no longer in the list")
	other := h.reader()
	other.login("desk")
	other.get("/admin/history").is(403, "/admin/history")
	other.post("/admin/history", "id="+id[1]).is(403, "/admin/history")
}
