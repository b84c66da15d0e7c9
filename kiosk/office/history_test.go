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
	r.post("/admin/history", "id=nothing").is(422, "/admin/history", "no longer in the list")
	other := h.reader()
	other.login("desk")
	other.get("/admin/history").is(403, "/admin/history")
	other.post("/admin/history", "id="+id[1]).is(403, "/admin/history")
}
