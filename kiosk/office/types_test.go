package office_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk/badge"
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

// A sign and an escort stand on the type's page, on the badge and at the desk, and on
// nobody else's; what is no sign is refused, and what was chosen before stays.
func TestASignAndAnEscort(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Admin)
	r := h.reader()
	r.login("desk")
	at := "/admin/types/contractor"
	r.get(at).is(200, at, `name="mark"`, "Orange triangle", "!<polygon")
	r.post(at, "was-mark=", "mark=skull", "was-escort=", "escort=yes").is(422, at, "Choose one of the signs")
	r.post(at, "was-mark=", "mark=triangle", "was-escort=", "escort=yes").is(200, at, "Saved.", `<option value="triangle" selected>`, "<polygon")
	r.post(at, "was-mark=triangle", "mark=triangle", "was-escort=yes", "escort=yes", "was-name-en=Contractor", "name-en=Trade").is(200, at, "Saved.")
	if k, _ := h.node.Kinds().Get("contractor"); k.Mark != "triangle" || !k.Escort || k.Word("en") != "Trade" {
		t.Errorf("%+v", k)
	}
	r.get("/admin/types").is(200, "/admin/types", "<polygon", "Must be accompanied")
	for kind, not := range map[string]string{"contractor": "", "visitor": "!"} {
		form := formID.FindStringSubmatch(r.get("/desk/new").body)
		r.post("/desk/new", "form="+form[1], "name=Anna Marker", "type="+kind)
		r.is(200, r.at.Path, "Anna Marker", not+"<polygon", not+"Must be accompanied")
	}
	r.get("/desk").is(200, "/desk", "Must be accompanied")
	if n := strings.Count(r.body, "<polygon"); n != 1 {
		t.Errorf("%d signs on the desk's list", n)
	}
}

// Each sign that a type may have is drawn, and offered in words.
func TestEachSignIsDrawn(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Admin)
	page := h.reader().login("desk").get("/admin/types/contractor").body
	seen := map[string]bool{}
	for _, m := range kinds.Marks() {
		drawn, ok := badge.MarkOf(string(m))
		if !ok || drawn.SVG() == "" || seen[drawn.Colour] || seen[string(drawn.SVG())] {
			t.Errorf("%s: %+v", m, drawn)
		}
		seen[drawn.Colour], seen[string(drawn.SVG())] = true, true
		if !regexp.MustCompile(`<option value="` + string(m) + `">[A-Z][a-z]+ [a-z]+<`).MatchString(page) {
			t.Errorf("%s is not offered in words", m)
		}
	}
}
