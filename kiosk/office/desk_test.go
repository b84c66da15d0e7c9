package office_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

var (
	visitLink = regexp.MustCompile(`/desk/visit/([0-9A-Z]+)`)
	formID    = regexp.MustCompile(`name="form" value="([^"]+)"`)
)

func TestADayAtTheDesk(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	desk := h.operator("desk", operators.Reception)
	r := h.reader()
	r.login("desk")
	r.post("/desk/new", "name=").is(422, "/desk/new", "Write the visitor's name")
	r.post("/desk/new", "name=Lo Marker", "under16=yes", "phone=031-Marker").is(422, "/desk/new", "no telephone number or address is kept", `name="under16" value="yes" checked`)
	r.post("/desk/new", "name=Lo Marker", "under16=yes", "needs_help=yes", "assist=Markerstol").is(422, "/desk/new", "cannot agree alone")
	form := formID.FindStringSubmatch(r.get("/desk/new").body)
	if form == nil {
		t.Fatal("the form has no id")
	}
	anna := []string{
		"form=" + form[1], "name=Anna Marker", "company=Markerbolag", "host=Karin Marker", "phone=031-Marker", "email=anna@Marker.se",
		"purpose=Markermöte", "type=contractor", "needs_help=yes", "assist=Markerstol",
	}
	r.post("/desk/new", anna...)
	if !strings.HasPrefix(r.at.Path, "/desk/welcome/") {
		t.Fatal(r.status, r.at.Path, r.body)
	}
	badge := r.at.Path
	r.is(200, badge, "Anna Marker", "Markerbolag", `class="qr"`)
	if strings.Contains(r.at.String(), "Marker") {
		t.Error("a name is in the address")
	}
	// The same form once more is the same visit.
	r.post("/desk/new", anna...).is(200, badge)
	if open := h.node.Replica().Open(); len(open) != 1 || open[0].Type != "contractor" {
		t.Fatalf("%d are inside", len(open))
	}
	r.get("/desk").is(200, "/desk", "Anna Marker", "Karin Marker", "Markerstol", "!031-Marker")
	visit := visitLink.FindString(r.body)
	r.post("/desk/find", "q=karin mar").is(200, "/desk/find", "1 found", "Anna Marker")
	code := h.node.Replica().Open()[0].Visit
	for _, q := range []string{code.Badge().String(), code.QR(), code.String()} {
		r.post("/desk/find", "q="+q).is(200, visit, "Anna Marker")
	}
	r.post("/desk/find", "q=bengt").is(200, "/desk/find", "0 found", "!Anna Marker")
	r.post("/desk/find", "q=").is(200, "/desk")
	r.get(visit).is(200, visit, "Anna Marker", "Contractor", "At a desk", "!031-Marker", "!anna@Marker.se", "!Has left")
	r.post(visit+"/dossier").is(200, visit+"/dossier", "031-Marker", "anna@Marker.se", "Markermöte")
	r.post(visit+"/badge").is(200, visit+"/badge", "A new badge", `class="qr"`)
	r.post(visit+"/out").is(200, "/desk", "Nobody is checked in.", "Anna Marker")
	r.get(visit).is(200, visit, "Has left", "!Check out")
	r.post(visit+"/out").is(200, "/desk")
	for _, what := range []string{"visit.in", "dossier.open", "badge.print", "visit.out"} {
		h.recorded(what, desk.ID.By())
	}
	r.get("/desk/visit/nonsense").is(404, "/desk/visit/nonsense")
	r.get("/desk/welcome/nonsense").is(410, "/desk/welcome/nonsense")
	// Whoever may not read dossiers does not, also with a link.
	h.operator("guard", operators.Security)
	g := h.reader()
	g.login("guard")
	g.get(visit).is(200, visit, "Anna Marker", "!contact details")
	g.post(visit+"/dossier").is(403, visit+"/dossier", "!031-Marker")
}

func TestNotSureWhetherTheyLeft(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Reception)
	r := h.reader()
	r.login("desk")
	r.post("/desk/new", "name=Anna Marker")
	visit := h.node.Replica().Open()[0].Visit
	timed := record.Event{Kind: record.TimedOut, Visit: visit, How: "clock"}
	commit := func() {
		t.Helper()
		if _, err := h.node.Replica().Commit(context.Background(), crdt.Draft{Event: &timed}); err != nil {
			t.Fatal(err)
		}
	}
	commit()
	page := "/desk/visit/" + visit.String()
	r.get("/desk").is(200, "/desk", "Not sure whether they left", "Probably left", "Anna Marker", "Nobody is checked in.")
	r.get(page).is(200, page, "Has left", "Is still here")
	r.post(page+"/seen").is(200, page, "Seen", "!Is still here")
	r.get("/desk").is(200, "/desk", "!Not sure whether they left")
	timed.At = 0
	commit()
	r.get("/desk").is(200, "/desk", "Not sure whether they left")
	r.post(page+"/out").is(200, "/desk", "!Not sure whether they left")
	if n := len(h.node.Replica().Open()); n != 0 {
		t.Errorf("%d are still inside", n)
	}
}

func TestDuringAnEvacuation(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Reception)
	r := h.reader()
	r.login("desk")
	if _, err := h.node.Alarm().Start(context.Background(), true, ""); err != nil {
		t.Fatal(err)
	}
	r.get("/desk").is(200, "/desk", "A drill has been running since", `href="/warden`)
	if _, err := h.node.Alarm().Start(context.Background(), false, ""); err != nil {
		t.Fatal(err)
	}
	r.get("/desk/new").is(200, "/desk/new", "An evacuation has been running since")
}

// TestLive hears of a check-in elsewhere, and of being shut out.
func TestLive(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	boss := h.operator("boss", operators.Admin)
	desk := h.operator("desk", operators.Reception)
	r := h.reader()
	r.login("desk")
	res, err := r.client.Get(h.url + "/desk/live?lang=en")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(res.Status)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	await := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("the stream ended without %q: %v", text, lines.Err())
	}
	await("Nobody is checked in.")
	other := h.reader()
	other.login("boss")
	other.post("/desk/new", "name=Anna Marker")
	await("Anna Marker")
	if err := h.node.Operators().SetDisabled(t.Context(), boss.ID.By(), desk.ID, true); err != nil {
		t.Fatal(err)
	}
	await("event: reload")
}

// A search finds who was corrected a moment ago by the new name alone, and what has
// been opened is forgotten when the last one signs out.
func TestFindWithoutAccents(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Reception)
	h.operator("other", operators.Security)
	v := h.guest(visits.Arrival{Name: "Åsa Öberg-Marker", Company: "Ekström & Söner AB"})
	h.guest(visits.Arrival{Name: "Bo Falk-Marker"})
	r, other := h.reader(), h.reader()
	r.login("desk")
	other.login("other")
	for _, q := range []string{"oberg", "OBERG marker", "asa soner"} {
		r.post("/desk/find", "q="+q).is(200, "/desk/find", "1 found", "Öberg-Marker", "!Falk-Marker")
	}
	if err := h.node.Rectify(t.Context(), v, privacy.Correction{Name: new(record.Private("Åsa Holm-Marker"))}, ""); err != nil {
		t.Fatal(err)
	}
	r.post("/desk/find", "q=oberg").is(200, "/desk/find", "0 found", "!Öberg")
	r.post("/desk/find", "q=holm").is(200, "/desk/find", "1 found", "Åsa Holm-Marker")
	r.post("/logout")
	if h.node.Visits().CardsOpen() == 0 {
		t.Error("cards are forgotten while somebody else is signed in")
	}
	other.post("/logout")
	if n := h.node.Visits().CardsOpen(); n != 0 {
		t.Errorf("%d cards are in memory, and nobody is signed in", n)
	}
}

// TestMoreThanAPage: with more inside than one list shows, those who came last are
// shown, everybody is counted, and a search finds the first.
func TestMoreThanAPage(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Reception)
	const all = 203
	for i := range all {
		h.guest(visits.Arrival{Name: record.Private(fmt.Sprintf("Marker No%03d.", i))})
	}
	r := h.reader()
	r.login("desk")
	r.get("/desk").is(200, "/desk", `<span class="count figures">203</span>`, "No202.", "No003.", "!No002.")
	if last, first := strings.Index(r.body, "No202."), strings.Index(r.body, "No003."); last > first {
		t.Error("who came last does not stand first")
	}
	r.post("/desk/find", "q=no000").is(200, "/desk/find", "1 found", "No000.", "!No202.")
}
