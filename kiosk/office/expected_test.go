package office_test

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

func TestInvitationsAtTheDesk(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	desk := h.operator("desk", operators.Reception)
	h.operator("audit", operators.Auditor)
	r := h.reader()
	r.login("desk")
	today := time.Now().Format(time.DateOnly)
	r.get("/desk/expected").is(200, "/desk/expected", "Nobody is expected today")
	form := func() string { return formID.FindStringSubmatch(r.get("/desk/invite").is(200, "/desk/invite").body)[1] }
	base := []string{"date=" + today, "from=00:00", "to=23:59", "type=contractor", "language=en", "email=asa@Marker.se", "host=Karin Marker", "note=Gate <b>3</b>"}
	with := func(more ...string) []string { return append(append([]string{}, base...), more...) }
	r.post("/desk/invite", with("form="+form(), "name=")...).is(422, "/desk/invite", "Write the name of who is expected", `value="Karin Marker"`)
	r.post("/desk/invite", with("form="+form(), "name=Åsa Marker", "from=23:59", "to=00:01")...).is(422, "/desk/invite", "The end comes after")
	r.post("/desk/invite", with("form="+form(), "name=Åsa Marker", "email=asa@")...).is(422, "/desk/invite", "no e-mail address")
	id := form()
	r.post("/desk/invite", with("form="+id, "name=Åsa Marker")...)
	page := r.at.Path
	r.is(200, page, "Åsa Marker", "Gate <b>3</b>", "Expected", `class="qr"`, "asa@Marker.se")
	if !strings.HasPrefix(page, "/desk/invitation/") || strings.Contains(r.at.String(), "Marker") {
		t.Fatal(r.at)
	}
	r.post("/desk/invite", with("form="+id, "name=Åsa Marker")...).is(200, page) // once
	h.recorded("invitation.make", desk.ID.By())
	// A visit through a night may break between its two moments where a line is short.
	tomorrow := time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
	r.post("/desk/invite", "form=night", "name=Nils Natt", "date="+today, "from=23:00", "end="+tomorrow, "to=01:30", "type=contractor", "language=en")
	r.get("/desk/expected").is(200, "/desk/expected", `<span class="figures">23:00 –</span> <span class="figures">`)
	r.get("/desk/expected").is(200, "/desk/expected", "Åsa Marker", "Karin Marker", "Contractor", "!asa@Marker.se")
	r.post("/desk/expected", "q=karin").is(200, "/desk/expected", "1 found", "Åsa Marker")
	r.post("/desk/expected", "q=bengt").is(200, "/desk/expected", "0 found", "!Åsa Marker")
	// An auditor sees who is expected, and no paper.
	h.reader().login("audit").get(page).is(403, page, "!Åsa Marker")

	// Who may not read contact details gets no form that is filled with them, and
	// changes nothing by one of their own.
	h.operator("guard", operators.Security)
	guard := h.reader().login("guard")
	guard.get(page).is(200, page, "Åsa Marker", "!asa@Marker.se", "!"+page+"/change")
	guard.get(page+"/change").is(403, page+"/change", "!asa@Marker.se")
	if guard.post("/desk/invite", with("form=x0", "name=Eva Marker", "instead="+strings.TrimPrefix(page, "/desk/invitation/"))...); guard.status < 400 {
		t.Error("changed by who may not:", guard.status)
	}

	// Changed: the old one ends, the new one stands.
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`)
	old := code.FindString(r.get(page).body)
	r.get(page+"/change").is(200, page+"/change", `value="Åsa Marker"`, "00:00", "The old invitation ends")
	r.post("/desk/invite", with("form=x1", "name=Åsa Marker", "to=23:58", "instead="+strings.TrimPrefix(page, "/desk/invitation/"))...)
	anew := r.at.Path
	r.get(page).is(200, page, "Cancelled", "!"+old)
	if _, err := h.node.Invitations().Open(old, "Åsa"); invitations.IsProblem(err) == nil || invitations.IsProblem(err).Key != "invitations.off" {
		t.Error(err)
	}
	r.post(anew, "do=send").is(200, anew, "This node sends no mail")
	// In by it, and not twice.
	r.post(anew, "do=in")
	r.is(200, r.at.Path, "Åsa Marker", "CONTRACTOR"[:1])
	r.post(anew, "do=in").is(200, anew, "was used at")
	r.get(anew).is(200, anew, "Has come", "Checked in by it")
	h.recorded("visit.in", desk.ID.By())
	made, _, err := h.node.Invitations().Paper(h.node.Invitations().List()[0].ID)
	if err == nil {
		r.post("/desk/find", "q="+made.QR)
		if !strings.HasPrefix(r.at.Path, "/desk/invitation/") {
			t.Error(r.at.Path)
		}
	}
	r.post(anew, "do=off").is(200, anew, "Cancelled")
	h.recorded("invitation.off", desk.ID.By())
	r.post(anew, "do=dance").is(200, anew, "could not be read")
	r.get("/desk/invitation/nonsense").is(404, "/desk/invitation/nonsense")
}

func TestAFileOfInvitations(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Reception)
	r := h.reader()
	r.login("desk")
	today := time.Now().Format(time.DateOnly)
	r.post("/desk/import", "csv=name,from\nBo Marker,"+today+"\n=cmd|' /C calc'!A0,"+today+"\nEva Marker,never").is(422, "/desk/import",
		"Nobody is invited", "Row 3: The text begins like a formula", "Row 4: The time could not be read", "Bo Marker")
	r.post("/desk/import", "csv="+strings.Repeat("x", 10000)).is(422, "/desk/import", "The first row is to name the columns")
	if n := len(h.node.Invitations().List()); n != 0 {
		t.Errorf("%d were invited", n)
	}
	r.post("/desk/import", "csv=name,from\nBo Marker,"+today+"\n<script>alert(1)</script> 🐂 محمد Marker,"+today).is(200, "/desk/import", "2 people are invited")
	r.get("/desk/expected").is(200, "/desk/expected", "Bo Marker", "<script>alert(1)</script> 🐂 محمد Marker")
	if err := h.node.Invitations().CallOff(context.Background(), "", h.node.Invitations().List()[0].ID); err != nil {
		t.Error(err)
	}
}

func TestASeriesAtTheDesk(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Reception)
	r := h.reader()
	r.login("desk")
	now := time.Now()
	on := func(days int) string { return now.AddDate(0, 0, days).Format(time.DateOnly) }
	base := []string{"form=a", "name=Åsa Marker", "date=" + on(0), "from=00:00", "to=23:59", "language=en"}
	r.post("/desk/invite", append(base, "repeat=weekly")...).is(422, "/desk/invite", "Choose a last day")
	r.post("/desk/invite", append(base, "repeat=listed", "days=soon")...).is(422, "/desk/invite", "dates could not be read", `value="soon"`)
	r.post("/desk/invite", append(base, "repeat=weekly", "until="+on(21))...)
	page := r.at.Path
	r.is(200, page, "Times", "Cancel this and the rest")
	r.get("/desk/expected").is(200, "/desk/expected", "Åsa Marker", "One of several times")
	i := h.node.Invitations().List()[0]
	if len(i.Times) != 4 {
		t.Fatal(len(i.Times))
	}
	r.post(page, "do=skip", "at="+strconv.FormatInt(i.Times[1].From, 10)).is(200, page, "<s>")
	r.get(page+"/change").is(200, page+"/change", on(14)+" "+on(21), "!"+on(7))
	r.post(page, "do=rest", "at="+strconv.FormatInt(i.Times[2].From, 10)).is(200, page)
	r.post(page, "do=skip", "at=5").is(200, page, "not there any more")
	if i = h.node.Invitations().List()[0]; !i.Times[0].Off.IsZero() || i.Times[1].Off.IsZero() || i.Times[3].Off.IsZero() {
		t.Errorf("%+v", i.Times)
	}
	r.post(page, "do=in").is(200, r.at.Path, "Åsa Marker")
	r.post(page, "do=in").is(200, page, "was used at")
}

// A type that needs approval: who invites cannot give it, a guard can, and who
// comes without it is on the list and waits.
func TestApprovalAtTheDesk(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("boss", operators.Admin)
	h.operator("desk", operators.Reception)
	guard := h.operator("guard", operators.Security)
	boss, r, g := h.reader(), h.reader(), h.reader()
	boss.login("boss")
	boss.post("/admin/types/contractor", "approval=maybe", "was-approval=no", "unattended=yes", "was-unattended=yes").is(422, "/admin/types/contractor", "Choose whether approval is needed")
	boss.post("/admin/types/contractor", "approval=another", "was-approval=no", "unattended=yes", "was-unattended=yes").is(200, "/admin/types/contractor", "By another than the one who invited")
	r.login("desk")
	today := time.Now().Format(time.DateOnly)
	r.post("/desk/invite", "form=a", "name=Åsa Marker", "date="+today, "from=00:00", "to=23:59", "type=contractor", "email=asa@marker.se", "language=en")
	page := r.at.Path
	r.is(200, page, "Waits for approval", "!class=\"qr\"", "!>Approve<")
	r.post(page, "do=approve").is(422, page, "may not do that")
	g.login("guard")
	g.get("/desk/expected").is(200, "/desk/expected", "Åsa Marker", "Waits for approval")
	g.get(page).is(200, page, "Åsa Marker", "Approve", "!asa@marker.se")
	g.post(page, "do=approve").is(200, page, "no mail could be sent")
	g.get(page).is(200, page, "Approved", "!Do not approve", "!class=\"qr\"")
	h.recorded("invitation.approve", guard.ID.By())
	r.get(page).is(200, page, `class="qr"`, "Expected")
	r.post(page, "do=in").is(200, r.at.Path, "Åsa Marker")
	// Without an invitation.
	got, err := h.node.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Bo Marker", Type: "contractor", How: "kiosk"})
	if err != nil || !got.Waits {
		t.Fatal(err)
	}
	g.get("/desk").is(200, "/desk", "Bo Marker", "Waits for approval")
	visit := "/desk/visit/" + got.Visit.String()
	r.post(visit+"/approval", "do=approve").is(403, visit+"/approval")
	g.post(visit+"/approval", "do=refuse").is(200, visit, "Not approved")
	r.get("/desk").is(200, "/desk", "Bo Marker", "Åsa Marker", "Not approved", "!Waits for approval")
}
