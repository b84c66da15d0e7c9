package office_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
	"github.com/upprop/upprop/node/watch"
)

// arrived checks somebody in and waits until the desk has compared them.
func (h *house) arrived(a visits.Arrival, met bool) visits.Receipt {
	h.t.Helper()
	got, err := h.node.Visits().CheckIn(h.t.Context(), a)
	if err != nil {
		h.t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); met; time.Sleep(20 * time.Millisecond) {
		if _, ok := h.node.Alerts().Alert(got.Visit); ok {
			break
		}
		if time.Now().After(end) {
			h.t.Fatal("nobody is alerted")
		}
	}
	return got
}

func TestWatchListOnTheScreens(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	guard := h.operator("vakten", operators.Security)
	clerk := h.operator("kansliet", operators.Reception)
	h.operator("chefen", operators.Admin)
	h.operator("granskaren", operators.Auditor)
	s := h.reader().login("vakten")
	s.get("/desk/watch").is(200, "/desk/watch", "Nobody is on the list.", "!Days at most")
	s.post("/desk/watch", "name=Gunnar Marker").is(422, "/desk/watch", "why the desk should know", "Gunnar Marker")
	s.post("/desk/watch", "reason=x").is(422, "/desk/watch", "without one nobody is found")
	s.post("/desk/watch", "name=Gunnar Marker", "reason=x", "until=2001-01-01").is(422, "/desk/watch", "365 days ahead at most")
	s.post("/desk/watch", "name=Gunnar Marker", "reason=x", "until=soon").is(422, "/desk/watch")
	s.post("/desk/watch", "name=Gunnar Marker; G. Markör", "phone=070-123 45 67", "reason=Threats of <Marker>", "advice=call security", "wait=yes").
		is(200, "/desk/watch", "Entrances know it", "Also", "Threats of <Marker>", "vakten", "is asked to wait")
	h.recorded("watch.add", guard.ID.By())
	s.post("/desk/watch", "do=terms", "days=10", "most=20").is(403, "/desk/watch")
	admin := h.reader().login("chefen")
	admin.post("/desk/watch", "do=terms", "days=90", "most=20").is(422, "/desk/watch", "no more than the most")
	admin.post("/desk/watch", "do=terms", "days=10", "most=20").is(200, "/desk/watch", "Saved.", "20 days ahead at most")

	met := h.arrived(visits.Arrival{Name: "Gunnar Marker", Email: "x@marker.example", How: "kiosk"}, true)
	h.arrived(visits.Arrival{Name: "Bo Ek"}, false)
	page := "/desk/watch/" + met.Visit.String()
	// Who works at the desk is asked, and told what to do; not why.
	d := h.reader().login("kansliet")
	d.get("/desk/watch").is(403, "/desk/watch")
	d.get("/desk").is(200, "/desk", "may be on the watch list", "May be somebody on the list: the same name.", "call security", "Has been asked to wait.", "!Threats")
	d.get(page).is(200, page, "call security", "The host has not been told", "Somebody else", "!Threats", "!070-123")
	s.get(page).is(200, page, "Threats of <Marker>", "070-123 45 67")
	d.post(page, "outcome=perhaps").is(422, page, "Choose what came of it.")
	d.post(page, "outcome=other").is(200, "/desk", "!may be on the watch list", "Gunnar Marker")
	h.recorded("watch.answer", clerk.ID.By())
	s.get("/desk/watch").is(200, "/desk/watch", "It was somebody else.", "kansliet")
	// Who may only look sees nothing of it.
	h.reader().login("granskaren").get("/desk").is(200, "/desk", "Gunnar Marker", "!watch list")
	h.reader().login("granskaren").get(page).is(403, page)

	id := h.node.Watch().List()[0].ID
	s.post("/desk/watch", "do=remove", "id="+url.QueryEscape(id)).is(200, "/desk/watch", "Off the list.", "Nobody is on the list.")
	s.get(page).is(404, page)
	if strings.Contains(h.logs.String(), "arker") {
		t.Error("a log names somebody")
	}
}

// TestWatchLooks is TestEveryPage for the pages of the watch list; who comes while
// the desk looks on is on the page by itself.
func TestWatchLooks(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("Astrid Ek", operators.Admin)
	for _, e := range []watch.Entry{
		{Names: []record.Private{"Gunnar Marker", "G. Markör"}, Phone: "0701234567", Reason: "Hotade personal i entrén 3 mars", Advice: "Ring vakten, 0123", Wait: true},
		{Names: []record.Private{"Maximiliana Konstantinidou-Vasilopoulos"}, Email: "m@example.org", Reason: "Tillträde nekat av säkerhetschefen till årets slut", Advice: "Hämta säkerhetschefen"},
	} {
		if _, err := h.node.Watch().Add(t.Context(), admin.ID.By(), e); err != nil {
			t.Fatal(err)
		}
	}
	h.arrived(visits.Arrival{Name: "Maximiliana Konstantinidou Vasilopoulos", Email: "m@example.org", How: "desk"}, true)
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	in := b.Page(t, browsertest.Look{})
	in.Goto(h.url + "/login?lang=sv")
	in.Wait("#alias")
	in.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	in.Wait(".desk")
	in.Until(`document.querySelector("[data-live-is=on]") !== null && document.querySelectorAll("#alerts li").length === 1`)
	met := h.arrived(visits.Arrival{Name: "Gunnar Marker", Phone: "070-123 45 67", How: "desk"}, true)
	in.Until(`document.querySelectorAll("#alerts li").length === 2`)
	for _, l := range []string{"sv", "en"} {
		dark := l == "en"
		p := b.Page(t, browsertest.Look{Dark: dark})
		for name, path := range map[string]string{"alerts": "/desk", "watch": "/desk/watch", "alert": "/desk/watch/" + met.Visit.String()} {
			p.Goto(h.url + path + "?lang=" + l)
			p.Axe(name + " in " + l)
			for _, s := range watchSizes(shots != "") {
				p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
				p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
				p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "44")
				if shots != "" && s[0] != 320 {
					p.Screenshot(filepath.Join(shots, fmt.Sprintf("%s-%d-%s.png", name, s[0], l)))
				}
			}
		}
	}
}

// watchSizes are those at which something may go wrong, or all for pictures.
func watchSizes(all bool) [][2]int {
	if all {
		return append(sizes, [2]int{320, 640})
	}
	return [][2]int{{320, 640}, {1440, 900}}
}
