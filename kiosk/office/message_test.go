package office_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// channels gives the house a mail server and a gateway that nobody answers at.
func (h *house) channels() {
	h.t.Helper()
	if err := h.node.ChangeNotices(func(s *notify.Settings) error {
		s.SMTP = &notify.SMTP{Host: "127.0.0.1", Port: 1, From: "upprop@ekudden.test", TLS: "none"}
		s.SMS = &notify.SMS{Gateway: notify.Elks, User: "u", Password: notify.Secret{Env: "PATH"}, From: "Upprop", URL: "http://127.0.0.1:1"}
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
}

// waiting is how many messages the outbox holds that are not sent or given up.
func (h *house) waiting() int { return h.node.Notices().Status().Pending }

// Somebody at a desk writes to a visitor or the host, where there is a way: once
// however often the button is pressed, and on record without a word of it.
func TestAMessageFromAVisit(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	guard := h.operator("guard", operators.Security)
	h.operator("audit", operators.Auditor)
	v := h.guest(visits.Arrival{Name: "Ana Marker", Phone: "070-123 45 67", Host: "Karin Marker <karin@marker.test>"})
	at := "/desk/visit/" + v.String()
	bare := "/desk/visit/" + h.guest(visits.Arrival{Name: "Bo Marker", Phone: "växeln"}).String()
	r := h.reader()
	r.login("guard")
	r.get(at).is(200, at, "Send a message", "neither e-mail nor text messages", `!name="message"`)
	r.post(at+"/message", "way=visitor sms", "message=Din taxi").is(422, at+"/message", "this desk does not send in that way")
	h.channels()
	r.get(bare).is(200, bare, "No address is kept that", `!name="message"`)
	r.get(at).is(200, at, "as a text message", "The host, by e-mail", "!The visitor, by e-mail", "!123 45 67")
	form := formID.FindStringSubmatch(r.body)
	if form == nil {
		t.Fatal("the form has no id")
	}
	r.post(at+"/message", "way=visitor sms", "message= \r\n ").is(422, at+"/message", "Write the message.", `id="message-fault"`, `id="say" open`)
	long := strings.Repeat("Marker ", 60)
	r.post(at+"/message", "way=host smtp", "message="+long).is(422, at+"/message", "at most 300 characters", strings.TrimSpace(long), `value="host smtp" selected`)
	for _, way := range []string{"visitor smtp", "webhook", ""} {
		r.post(at+"/message", "way="+way, "message=Markertaxi").is(422, at+"/message", `id="way-fault"`, "Markertaxi")
	}
	if n := h.waiting(); n != 0 || h.times(node.ActMessage) != 0 {
		t.Fatal(n, "messages")
	}
	for range 2 {
		r.post(at+"/message", "form="+form[1], "way=visitor sms", "message=Din Markertaxi\r\när här").is(200, at, "The message is on its way", "!Markertaxi")
	}
	if n := h.waiting(); n != 1 || h.times(node.ActMessage) != 1 {
		t.Error(n, "messages wait,", h.times(node.ActMessage), "are on record")
	}
	r.post(at+"/message", "way=host smtp", "message=Markertaxi").is(200, at)
	h.recorded(node.ActMessage, guard.ID.By())
	lines, err := h.node.AuditLines()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if strings.Contains(l.Note, "arker") || l.What == node.ActMessage && l.Note != "visitor sms" && l.Note != "host smtp" {
			t.Errorf("%q is on record", l.Note)
		}
	}
	// The person is told that they were written to.
	x, err := h.node.Rights().Export(context.Background(), v, "text")
	if err != nil || !slices.ContainsFunc(x.Events, func(e rights.Event) bool { return e.What == "message sent" }) {
		t.Error("the extract tells of no message:", err)
	}
	a := h.reader()
	a.login("audit")
	a.get(at).is(200, at, "!Send a message")
	a.post(at+"/message", "way=visitor sms", "message=Din taxi").is(403, at+"/message")
}

// Nothing is sent about a visit that is over, erased or restricted.
func TestNoMessageAboutAVisit(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.channels()
	h.operator("desk", operators.Reception)
	r := h.reader()
	r.login("desk")
	v := h.guest(visits.Arrival{Name: "Ana Marker", Phone: "070-123 45 67"})
	at := "/desk/visit/" + v.String()
	r.post(at+"/out").is(200, "/desk")
	r.get(at).is(200, at, "!Send a message")
	r.post(at+"/message", "way=visitor sms", "message=Din taxi").is(422, at+"/message", "is over")
	v = h.guest(visits.Arrival{Name: "Ana Marker", Phone: "070-123 45 67"})
	at = "/desk/visit/" + v.String()
	h.restrict(v)
	r.get(at).is(200, at, "!Send a message")
	r.post(at+"/message", "way=visitor sms", "message=Din taxi").is(422, at+"/message", "is restricted")
	v = h.guest(visits.Arrival{Name: "Ana Marker", Phone: "070-123 45 67"})
	at = "/desk/visit/" + v.String()
	r.post(at+"/message", "way=visitor sms", "message=Din taxi").is(200, at)
	if _, err := h.node.Erase(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	r.get(at).is(200, at, "!Send a message")
	r.post(at+"/message", "way=visitor sms", "message=Din taxi").is(422, at+"/message", "No address is kept")
}
