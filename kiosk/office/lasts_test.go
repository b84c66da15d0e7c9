package office_test

import (
	"context"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

// A visit's page says when the clock signs the visitor out, and who may check people
// in has it count anew.
func TestStaysLonger(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	guard := h.operator("guard", operators.Security)
	h.operator("audit", operators.Auditor)
	v := h.guest(visits.Arrival{Name: "Ana Marker", Host: "karin@marker.test"})
	at := "/desk/visit/" + v.String()
	ends := func() time.Time {
		t.Helper()
		p, err := h.node.Replica().Presence(v)
		if err != nil {
			t.Fatal(err)
		}
		return h.node.SignsOutAt(p)
	}
	r := h.reader()
	r.login("guard")
	r.get(at).is(200, at, "!Signed out by the clock", "!Stays longer", "!is asked by e-mail")
	h.channels()
	r.get(at).is(200, at, "is asked by e-mail", "!Stays longer")
	if err := h.node.EditSetting(context.Background(), "", node.SignOutAfterSetting, "4"); err != nil {
		t.Fatal(err)
	}
	was := ends()
	r.get(at).is(200, at, "Signed out by the clock", was.Format("15:04")+"</dd>", "Stays longer", "is asked by e-mail")
	r.post(at+"/seen").is(200, at, "seen now", "Signed out by the clock")
	if now := ends(); !now.After(was) {
		t.Error("it does not count anew:", was, now)
	}
	h.recorded("visit.seen", guard.ID.By())
	a := h.reader()
	a.login("audit")
	a.get(at).is(200, at, "Signed out by the clock", "!Stays longer")
	a.post(at+"/seen").is(403, at+"/seen")
	// The clock counts for those whose data are restricted or erased, too.
	h.restrict(v)
	r.get(at).is(200, at, "Stays longer")
	if _, err := h.node.Erase(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	r.get(at).is(200, at, "Stays longer", "!is asked by e-mail")
	if _, err := h.node.Alarm().Start(context.Background(), true, ""); err != nil {
		t.Fatal(err)
	}
	r.get(at).is(200, at, "!Signed out by the clock", "!Stays longer")
	if _, err := h.node.Alarm().End(context.Background(), "over"); err != nil {
		t.Fatal(err)
	}
	r.post(at+"/out").is(200, "/desk")
	r.get(at).is(200, at, "!Signed out by the clock", "!Stays longer")
}
