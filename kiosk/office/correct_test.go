package office_test

import (
	"context"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// times is how often an act is on record.
func (h *house) times(what string) (n int) {
	h.t.Helper()
	if err := h.node.Audit().Sync(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	lines, err := h.node.AuditLines()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, l := range lines {
		if l.What == what {
			n++
		}
	}
	return n
}

// restrict has what is stored about a visit used for nothing.
func (h *house) restrict(v record.VisitID) {
	h.t.Helper()
	if _, _, err := h.node.Rights().OpenCase(context.Background(), v, rights.Restriction, "accuracy contested"); err != nil {
		h.t.Fatal(err)
	}
}

// A receptionist corrects what is stored on the visit's page: what was changed there
// and nothing else, once however often the button is pressed.
func TestCorrectAVisit(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	desk := h.operator("desk", operators.Reception)
	v := h.guest(visits.Arrival{Name: "Ana Marker", Company: "Bolaget", Host: "Karin Marker", Email: "ana@marker.test", Phone: "031-1"})
	at := "/desk/visit/" + v.String()
	was := []string{"was-name=Ana Marker", "was-company=Bolaget", "was-host=Karin Marker"}
	stands := func(name, company, host, email, phone record.Private) {
		t.Helper()
		c, d, err := h.node.Visits().ForSubject(v)
		if err != nil || c.Name != name || c.Company != company || c.Host != host || d.Email != email || d.Phone != phone {
			t.Errorf("%v: %q %q %q %q %q", err, c.Name.Reveal(), c.Company.Reveal(), c.Host.Reveal(), d.Email.Reveal(), d.Phone.Reveal())
		}
	}
	r := h.reader()
	r.login("desk")
	r.get(at).is(200, at, "Correct the details", `value="Ana Marker"`, `value="Karin Marker"`, "!ana@marker.test", "Left empty, what is kept stays")
	form := formID.FindStringSubmatch(r.body)
	if form == nil {
		t.Fatal("the form has no id")
	}
	send := func(fields ...string) *reader { return r.post(at+"/correct", append(fields, was...)...) }
	send("name=", "company=Bolaget AB", "host=Karin Marker").is(422, at+"/correct", "Write the visitor's name", "Bolaget AB", `aria-invalid="true"`, `id="correct" open`)
	send("name=Anna Marker", "company="+strings.Repeat("x", 201), "host=Karin Marker").is(422, at+"/correct", "Anna Marker", `id="company-fault"`)
	send("name=Ana Marker", "company=Bolaget", "host=Karin Marker").is(422, at+"/correct", "Write what is right.")
	stands("Ana Marker", "Bolaget", "Karin Marker", "ana@marker.test", "031-1")
	if n := h.times(privacy.ActRectify); n != 0 {
		t.Errorf("%d corrections are on record", n)
	}
	for range 2 {
		send("form="+form[1], "name=Anna Marker", "company=Bolaget", "host=", "phone=031-2").is(200, at, "The details are corrected.", `value="Anna Marker"`)
	}
	if strings.Contains(r.at.String(), "Marker") {
		t.Error("a name is in the address")
	}
	stands("Anna Marker", "Bolaget", "", "ana@marker.test", "031-2")
	if n := h.times(privacy.ActRectify); n != 1 {
		t.Errorf("%d corrections are on record", n)
	}
	h.recorded(privacy.ActRectify, desk.ID.By())
	// What another corrected meanwhile, and this page did not change, stays.
	send("name=Ana Marker", "company=Byrån", "host=Karin Marker").is(200, at)
	stands("Anna Marker", "Byrån", "", "ana@marker.test", "031-2")
	// Contact details that were asked for can be taken away.
	r.post(at+"/dossier").is(200, at+"/dossier", `name="was-email" value="ana@marker.test"`, `name="email" value="ana@marker.test"`, "!Left empty")
	r.post(at+"/correct", "name=Anna Marker", "was-name=Anna Marker", "was-email=ana@marker.test", "email=", "contact=yes").is(200, at)
	stands("Anna Marker", "Byrån", "", "", "031-2")
	// Also once they have left.
	r.post(at+"/out").is(200, "/desk")
	r.get(at).is(200, at, "Correct the details")
	r.post(at+"/correct", "name=Anna Marker", "was-name=Anna Marker", "company=Bolaget", "was-company=Byrån").is(200, at, "The details are corrected.")
	stands("Anna Marker", "Bolaget", "", "", "031-2")
}

func TestWhoseDetailsAreNotCorrected(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Reception)
	h.operator("guard", operators.Security)
	one, two := h.guest(visits.Arrival{Name: "Ana Marker"}), h.guest(visits.Arrival{Name: "Bo Marker"})
	at, other := "/desk/visit/"+one.String(), "/desk/visit/"+two.String()
	g := h.reader()
	g.login("guard")
	g.get(at).is(200, at, "!Correct the details")
	g.post(at+"/correct", "name=Anna Marker").is(403, at+"/correct")
	r := h.reader()
	r.login("desk")
	h.restrict(one)
	r.get(at).is(200, at, "is restricted", "!Correct the details", "!Ana Marker")
	r.post(at+"/correct", "name=Anna Marker").is(422, at+"/correct", "is restricted", "!Ana Marker")
	if _, err := h.node.Erase(context.Background(), two); err != nil {
		t.Fatal(err)
	}
	r.get(other).is(200, other, "has been erased", "!Correct the details")
	r.post(other+"/correct", "name=Bo Ek").is(422, other+"/correct", "cannot be opened here")
	r.post("/desk/visit/nonsense/correct", "name=Bo Ek").is(404, "/desk/visit/nonsense/correct")
	if n := h.times(privacy.ActRectify); n != 0 {
		t.Errorf("%d corrections are on record", n)
	}
}
