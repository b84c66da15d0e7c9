package office_test

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/operators"
)

func TestTypesOfVisitors(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("guard", operators.Security)
	h.reader().login("guard").get("/admin/types").is(403, "/admin/types")
	r := h.reader()
	r.login("desk")
	r.get("/admin/types").is(200, "/admin/types", "Contractor", "At the doors")
	r.post("/admin/types", "id=Skolklass!", "name=Class").is(422, "/admin/types", "That code cannot be used", `value="Class"`)
	r.post("/admin/types", "id=visitor", "name=Class").is(422, "/admin/types", "exists already")
	r.post("/admin/types", "id=class", "name=<script>alert(1)</script>").is(200, "/admin/types/class", "<script>alert(1)</script>")
	if k, ok := h.node.Kinds().Get("class"); !ok || k.Name["en"] != "<script>alert(1)</script>" {
		t.Errorf("%+v", k)
	}
	h.recorded("type.set", admin.ID.By())

	// Two operators have the page before them: what each changes stands.
	page := []string{"was-name-en=Contractor", "name-en=Contractor", "was-name-sv=Entreprenör", "name-sv=Entreprenör", "was-ask-phone=no", "ask-phone=no", "was-ask-company=may", "ask-company=may", "was-unattended=yes", "unattended=yes"}
	with := func(change ...string) []string { return append(append([]string{}, page...), change...) }
	r.post("/admin/types/contractor", with("ask-phone=must")...).is(200, "/admin/types/contractor", "Saved.")
	r.post("/admin/types/contractor", with("ask-company=must", "unattended=")...).is(200, "/admin/types/contractor", "Saved.")
	if k, _ := h.node.Kinds().Get("contractor"); k.Ask["phone"] != kinds.Must || k.Ask["company"] != kinds.Must || k.Unattended || k.Word("sv") != "Entreprenör" {
		t.Errorf("one of two edits is gone: %+v", k)
	}
	r.post("/admin/types/contractor", with("name-en="+strings.Repeat("x", 10000))...).is(422, "/admin/types/contractor", "too long")
	r.post("/admin/types/visitor", "was-off=", "off=yes", "was-ask-assist=may", "ask-assist=must").is(422, "/admin/types/visitor", "Choose one of the options")

	// What the house has to say to such visitors.
	r.post("/admin/types/contractor", with("note-en=Park at P2.\nCoffee.", "network=Guest", "password=short")...).is(422, "/admin/types/contractor", "8 to 63 letters", "Park at P2.")
	r.post("/admin/types/contractor", with("note-en=Park at P2.\nCoffee.", "network=Guest", "password=rowan lake 26")...).is(200, "/admin/types/contractor", "Saved.", "Park at P2.\nCoffee.", `value="rowan lake 26"`)
	if k, _ := h.node.Kinds().Get("contractor"); k.Note["en"] != "Park at P2.\nCoffee." || k.Wifi != (kinds.Wifi{Network: "Guest", Password: "rowan lake 26"}) {
		t.Errorf("%+v", k)
	}

	// The desk offers it, lists it and puts it on the badge.
	r.post("/admin/types/contractor", with("was-badge-en=", "badge-en=ON SITE WORK")...)
	form := formID.FindStringSubmatch(r.get("/desk/new").is(200, "/desk/new", ">Contractor<").body)
	r.post("/desk/new", "form="+form[1], "name=Anna Marker", "type=contractor")
	r.is(200, r.at.Path, "ON SITE WORK", "Anna Marker")
	r.get("/desk").is(200, "/desk", `<span class="kind">Contractor</span>`)
}
