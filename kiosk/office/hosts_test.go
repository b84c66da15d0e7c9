package office_test

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
)

func TestHostsAreLookedAfter(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	h.reader().login("reception").get("/admin/hosts").is(403, "/admin/hosts")
	r := h.reader()
	r.login("desk")
	r.get("/admin/hosts").is(200, "/admin/hosts", "0 hosts are known")
	r.post("/admin/hosts", "name=Bo").is(422, "/admin/hosts", "three letters or more")
	r.post("/admin/hosts", "name=Karin Marker", "unit=Plan 3", "mail=karin@Marker.se").is(200, "/admin/hosts", "Saved.", "1 host is known", "!karin@Marker.se")
	h.recorded("host.set", admin.ID.By())
	r.post("/admin/hosts", "do=import", "csv=name,mail\n<script>alert(1)</script> Marker,\nAnna Marker,anna@Marker.se").is(200, "/admin/hosts", "Taken in: 2 set")
	r.post("/admin/hosts", "do=import", "csv=name\n=SUM(1)\nEva Marker\n\x22").is(422, "/admin/hosts", "could not be read")
	r.post("/admin/hosts", "do=import", "csv=name\n=SUM(1)\nEva Marker").is(422, "/admin/hosts", "Row 2:", "formula", "Eva Marker")
	r.post("/admin/hosts/find", "q=ma").is(200, "/admin/hosts/find", "Nobody fits", "!Karin Marker")
	r.post("/admin/hosts/find", "q=marker").is(200, "/admin/hosts/find", "Karin Marker", "karin@Marker.se", "<script>alert(1)</script> Marker")
	_, rest, _ := strings.Cut(r.body, "/admin/hosts/")
	for !strings.Contains(rest, "Karin Marker") {
		_, rest, _ = strings.Cut(rest, "/admin/hosts/")
		if rest == "" {
			t.Fatal("no link to a host")
		}
	}
	found, _ := h.node.Hosts().Find("karin")
	r.get("/admin/hosts/"+found[0].ID).is(200, "/admin/hosts/"+found[0].ID, `value="Plan 3"`)
	r.post("/admin/hosts", "id="+found[0].ID, "name=Karin Marker", "unit=Plan 4", "mail=karin@Marker.se").is(200, "/admin/hosts", "Saved.", "3 hosts are known")
	r.post("/admin/hosts", "do=remove", "id="+found[0].ID).is(200, "/admin/hosts", "Removed.", "2 hosts are known")
}
