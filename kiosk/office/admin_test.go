package office_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/operators"
)

var (
	joinLine     = regexp.MustCompile(`upprop join [A-Za-z0-9_.-]+`)
	onePassword  = regexp.MustCompile(`[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}`)
	operatorLink = regexp.MustCompile(`/admin/operator/([0-9a-z]{10})`)
	nodeLink     = regexp.MustCompile(`/admin/node/[0-9a-zA-Z]+`)
)

func TestANodeIsAddedAndRevoked(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	boss := h.operator("boss", operators.Admin)
	r := h.reader()
	r.login("boss")
	r.get("/admin").is(200, "/admin", "Receptionen", "This node", "lets nodes in")
	self := nodeLink.FindString(r.body)
	r.get(self).is(200, self, "can be revoked from another one only")
	r.post(self+"/revoke", "sure=yes").is(422, self+"/revoke", "can be revoked from another one only")
	r.post("/admin/nodes", "role=king", "ttl=60").is(422, "/admin/nodes", "There is no such role")
	r.post("/admin/nodes", "role=entrance", "ttl=60", "name=a/b").is(422, "/admin/nodes", "cannot be used", `value="a/b"`)
	r.post("/admin/nodes", "role=entrance", "ttl=60", "name=Receptionen").is(422, "/admin/nodes", "has that name already")
	r.post("/admin/nodes", "role=entrance", "ttl=60", "name=Östra grinden", "zone=Hus B")
	if !strings.HasPrefix(r.at.Path, "/admin/joining/") {
		t.Fatal(r.status, r.at.Path)
	}
	line := joinLine.FindString(r.body)
	if line == "" || !strings.Contains(r.body, `class="qr"`) || strings.Contains(r.at.String(), line[13:]) {
		t.Fatalf("no line to paste, or in the address: %q", line)
	}
	tok, err := join.ParseToken(strings.TrimPrefix(line, "upprop join "))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := node.Enroll(t.Context(), node.EnrollOptions{Dir: t.TempDir(), Token: tok, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	r.get("/admin").is(200, "/admin", "Östra grinden", "Entrance")
	var gate string
	for _, l := range nodeLink.FindAllString(r.body, -1) {
		if l != self {
			gate = l
		}
	}
	r.get(gate).is(200, gate, "Östra grinden", "Revoke the node")
	r.post(gate+"/revoke").is(422, gate+"/revoke", "Tick the box")
	r.post(gate+"/revoke", "sure=yes").is(200, "/admin", "Revoked")
	r.get(gate).is(200, gate, "belongs to the campus no more")
	h.recorded("token.create", boss.ID.By())
	h.recorded("node.revoke", boss.ID.By())
}

func TestAnOperatorIsMadeAndChanged(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	boss := h.operator("boss", operators.Admin)
	r := h.reader()
	r.login("boss")
	r.post("/admin/operators", "alias=x", "role=reception").is(422, "/admin/operators", "2 to 64 characters", `value="x"`)
	r.post("/admin/operators", "alias=BOSS", "role=reception").is(422, "/admin/operators", "has that name already")
	r.post("/admin/operators", "alias=Bo Marker", "role=reception")
	once := onePassword.FindString(r.body)
	if once == "" || !strings.HasPrefix(r.at.Path, "/admin/password/") {
		t.Fatal(r.status, r.at.Path)
	}
	r.get("/admin/operators").is(200, "/admin/operators", "Bo Marker", "Has a one-time password", "(you)")
	var page string
	for _, m := range operatorLink.FindAllStringSubmatch(r.body, -1) {
		if m[1] != string(boss.ID) {
			page = m[0]
		}
	}
	bo := h.reader()
	bo.post("/login", "alias=Bo Marker", "password="+once).is(200, "/login/password")
	bo.post("/login/password", "old="+once, "password="+good, "again="+good).is(200, "/desk", "!/admin")
	r.post(page, "do=role", "role=admin").is(200, page, "Administrator")
	bo.get("/admin").is(200, "/admin")
	r.post(page, "do=rename", "alias=No. 4711").is(200, page, "No. 4711")
	r.post(page, "do=disable").is(200, page, "Disabled", "Remove")
	bo.get("/desk").is(200, "/login")
	r.post(page, "do=enable").is(200, page, "May sign in")
	r.post(page, "do=reset")
	if again := onePassword.FindString(r.body); again == "" || again == once {
		t.Error("no new password is shown")
	}
	r.post(page, "do=nonsense").is(422, page)
	r.post(page, "do=remove").is(200, "/admin/operators", "!No. 4711")
	r.get(page).is(404, page)
	mine := "/admin/operator/" + string(boss.ID)
	r.post(mine, "do=disable").is(422, mine, "Make somebody else an administrator first")
	for _, what := range []string{"operator.add", "operator.role", "operator.rename", "operator.disable", "operator.reset", "operator.remove"} {
		h.recorded(what, boss.ID.By())
	}
}

func TestSettings(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	boss := h.operator("boss", operators.Admin)
	r := h.reader()
	r.login("boss")
	r.get("/admin/settings").is(200, "/admin/settings", "Ekudden", "30 days")
	r.post("/admin/settings", "campus=a/b").is(422, "/admin/settings", "cannot be used")
	r.post("/admin/settings", "campus=Lindholmen").is(200, "/admin/settings", "Lindholmen", "Take back")
	if got := h.node.CampusName(); got != "Lindholmen" {
		t.Error(got)
	}
	r.post("/admin/settings", "campus=Ekudden").is(200, "/admin/settings")
	r.get("/admin/settings").is(200, "/admin/settings", "Days between drills", `value="365"`, "No drill has been held")
	for _, bad := range []string{"-1", "1e3", "0365", "3651", "soon"} {
		r.post("/admin/settings", "drill_every="+bad).is(422, "/admin/settings", "between 1 and 3650")
	}
	for _, bad := range []string{"-1", "73", "a", "1.5"} {
		r.post("/admin/settings", "sign_out="+bad).is(422, "/admin/settings", "between 1 and 72")
	}
	r.post("/admin/settings", "set=phone", "phone=sven").is(422, "/admin/settings", "cannot be shown as a telephone number", `value="sven"`)
	r.post("/admin/settings", "set=phone", "phone=031-123 45 67").is(200, "/admin/settings", `value="031-123 45 67"`)
	r.post("/admin/settings", "set=phone", "phone=").is(200, "/admin/settings", "!031-123")
	r.post("/admin/settings", "sign_out=16").is(200, "/admin/settings", `value="16"`)
	r.post("/admin/settings", "drill_every=180").is(200, "/admin/settings", `value="180"`)
	if got := h.node.CampusName(); got != "Ekudden" {
		t.Error(got)
	}
	h.recorded("setting.set", boss.ID.By())
}

func TestRetentionIsChangedInTwoSteps(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	boss := h.operator("boss", operators.Admin)
	h.operator("front", operators.Reception)
	r := h.reader()
	r.login("boss")
	r.get("/admin/retention").is(200, "/admin/retention", "How long data is kept", "Delivery", "<td data-label=\"Days\">30</td>")
	r.post("/admin/retention", "class=card", "days=90").is(422, "/admin/retention", "from 1 to 30", `value="90"`)
	r.post("/admin/retention", "class=card", "days=x").is(422, "/admin/retention", "from 1 to 30")
	r.post("/admin/retention", "class=acts", "days=3").is(422, "/admin/retention", "cannot be kept for another time")
	r.post("/admin/retention", "class=card", "days=7").is(200, "/admin/retention", "What it means", "0 visits are kept no longer")
	if h.node.Keep("visitor").Card != 30 {
		t.Error("it was done before it was confirmed")
	}
	r.post("/admin/retention", "class=card", "days=7", "sure=yes").is(200, "/admin/retention", "<td data-label=\"Days\">7</td>")
	r.post("/admin/retention", "class=card", "type=delivery", "days=2", "sure=yes").is(200, "/admin/retention", "<td data-label=\"Days\">2</td>")
	r.get("/admin/settings").is(200, "/admin/settings", "7 days")
	if got := h.node.Keep("delivery").Card; got != 2 {
		t.Error(got)
	}
	h.recorded("retention.set", boss.ID.By())
	low := h.reader()
	low.login("front")
	low.get("/admin/retention").is(403, "/admin/retention")
}
