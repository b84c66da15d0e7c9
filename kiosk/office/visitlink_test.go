package office_test

import (
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// An officer mails the person of a visit a link from the page with the evidence.
func TestALinkIsMailedFromAVisit(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	lina := h.operator("lina", operators.Officer)
	h.operator("front", operators.Reception)
	at := "/desk/visit/" + h.guest(visits.Arrival{Name: "Astrid Marker", Email: "astrid@marker.test"}).String()
	bare := "/desk/visit/" + h.guest(visits.Arrival{Name: "Bo Marker"}).String()
	r := h.reader()
	r.login("lina")
	r.get(at).is(200, at, "Mail a link")
	r.post(at+"/link").is(200, at+"/link", "This desk sends no mail")
	if err := h.node.ChangeNotices(func(s *notify.Settings) error {
		s.Link = "https://ekudden.test"
		s.SMTP = &notify.SMTP{Host: "127.0.0.1", Port: 1, From: "upprop@ekudden.test", TLS: "none"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	r.post(bare+"/link").is(200, bare+"/link", "No e-mail address is kept")
	// Where it is known that there is no address, no link is offered.
	h.operator("adam", operators.Admin)
	admin := h.reader()
	admin.login("adam")
	admin.get(bare).is(200, bare, "Mail a link")
	admin.post(bare+"/dossier").is(200, bare+"/dossier", "left no contact details", "!Mail a link")
	admin.post(at+"/dossier").is(200, at+"/dossier", "astrid@marker.test", "Mail a link")
	r.post(at+"/link").is(200, at+"/link", "is on its way", "!astrid@marker.test")
	r.post(at+"/link").is(200, at+"/link", "less than an hour ago")
	h.recorded(rights.ActLink, lina.ID.By())
	front := h.reader()
	front.login("front")
	front.get(at).is(200, at, "!Mail a link")
	front.post(at+"/link").is(403, at+"/link")
}
