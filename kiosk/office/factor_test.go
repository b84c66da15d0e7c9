package office_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
)

var (
	secretOf = regexp.MustCompile(`<code dir="ltr">([A-Z2-7 ]+)</code>`)
	pageOf   = regexp.MustCompile(`name="page" value="([A-Z2-7]+)"`)
)

// phone is a secret as an operator's phone has it.
type phone struct {
	t      testing.TB
	secret string
}

// code is what it shows now, or will or did some steps from now.
func (p phone) code(steps int) string {
	p.t.Helper()
	c, err := totp.GenerateCode(p.secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// factor gives an operator a second factor, as if they had done it themselves.
func (h *house) factor(alias string) {
	h.t.Helper()
	s := h.node.Operators()
	o, err := s.Find(alias)
	if err != nil {
		h.t.Fatal(err)
	}
	p := phone{h.t, s.NewFactor()}
	if _, err := s.SetFactor(h.t.Context(), o.ID, good, p.secret, p.code(0), operators.Device{AtNode: true}); err != nil {
		h.t.Fatal(err)
	}
}

// enrol sets up a second factor on the page that the reader is at.
func enrol(t testing.TB, r *reader) (p phone, recovery []string) {
	t.Helper()
	secret, page := secretOf.FindStringSubmatch(r.body), pageOf.FindStringSubmatch(r.body)
	if secret == nil || page == nil || !strings.Contains(r.body, `<svg class="qr"`) {
		t.Fatalf("no secret on the page:\n%s", r.body)
	}
	p = phone{t, strings.ReplaceAll(secret[1], " ", "")}
	r.post("/login/factor", "do=set", "page="+page[1], "code=000", "password="+good).is(422, "/login/factor", "not the code that the phone shows", secret[1])
	r.post("/login/factor", "do=set", "page="+page[1], "code="+p.code(0), "password=wrong").is(422, "/login/factor", "not the password you have now", secret[1])
	r.post("/login/factor", "do=set", "page="+page[1], "code="+p.code(0), "password="+good)
	if r.status != 200 || !strings.HasPrefix(r.at.Path, "/login/recovery/") {
		t.Fatalf("%d at %s\n%s", r.status, r.at, r.body)
	}
	recovery = regexp.MustCompile(`\b[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}\b`).FindAllString(r.body, -1)
	if len(recovery) != operators.RecoveryCodes {
		t.Fatal(recovery)
	}
	return p, recovery
}

func TestSigningInWithASecondFactor(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	astrid := h.operator("Astrid Marker", operators.Reception)
	boss := h.operator("boss", operators.Admin)
	r := h.reader()
	r.post("/login", "alias=Astrid Marker", "password="+good).is(200, "/desk")
	r.get("/login/password").is(200, "/login/password", "/login/factor")
	phone, recovery := enrol(t, r.get("/login/factor"))
	shown := r.at.Path
	r.get("/desk").is(200, "/desk")
	r.get("/login/factor").is(200, "/login/factor", "10 recovery codes are left")
	h.recorded("operator.factor", astrid.ID.By())

	// The password alone opens nothing.
	other := h.reader()
	other.get("/login/code").is(200, "/login")
	other.post("/login", "alias=Astrid Marker", "password="+good, "to=/desk/expected").is(200, "/login/code", "Six digits", `value="/desk/expected"`)
	for _, path := range []string{"/desk", "/login/password", "/login/factor", shown} {
		other.get(path).is(200, "/login")
	}
	other.post("/login/code", "code=12345", "to=/desk").is(422, "/login/code", "not the code that the phone shows")
	code := phone.code(1)
	other.post("/login/code", "code="+code, "to=/desk/expected").is(200, "/desk/expected")
	h.recorded("login.code_wrong", "somebody as "+astrid.ID.By())
	h.recorded("login.code", astrid.ID.By())
	third := h.reader()
	third.post("/login", "alias=Astrid Marker", "password="+good)
	third.post("/login/code", "code="+code).is(422, "/login/code", "has been used")
	third.post("/login/code", "code="+recovery[0]).is(200, "/desk")
	h.recorded("login.recovery", astrid.ID.By())
	third.get("/login/factor").is(200, "/login/factor", "9 recovery codes are left")
	third.get(shown).is(200, shown) // their own

	// An administrator takes it away; the boss cannot read the codes.
	b := h.reader()
	b.login("boss")
	b.get(shown)
	if b.status == 200 {
		t.Error("somebody else reads the recovery codes")
	}
	b.get("/admin/operators").is(200, "/admin/operators", "with second factor")
	b.post("/admin/operator/"+string(astrid.ID), "do=factor").is(200, "/admin/operator/"+string(astrid.ID), "!Take the second factor away")
	h.recorded("operator.factor_remove", boss.ID.By())
	h.reader().post("/login", "alias=Astrid Marker", "password="+good).is(200, "/desk")
}

func TestRolesThatNeedASecondFactor(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	boss := h.operator("boss", operators.Admin)
	r := h.reader()
	r.login("boss")
	r.post("/admin/operators/factor", "factor-admin=yes").is(200, "/admin/operators", `name="factor-admin" value="yes" checked`, `!name="factor-auditor" value="yes" checked`)
	h.recorded("operator.factor_require", boss.ID.By())
	// Who works goes on working; at the next sign-in nothing else comes first.
	r.get("/admin").is(200, "/admin")
	n := h.reader()
	n.post("/login", "alias=boss", "password="+good).is(200, "/login/factor", "Your role needs a second factor")
	n.get("/admin").is(200, "/login/factor")
	n.post("/desk/new", "name=Anna").is(200, "/login/factor")
	if len(h.node.Replica().Open()) != 0 {
		t.Error("who owes a second factor checks in")
	}
	p, _ := enrol(t, n)
	n.get("/admin").is(200, "/admin")
	n.post("/login/factor", "do=drop", "password="+good).is(422, "/login/factor", "Set up another in its place")
	n.post("/logout")
	n.post("/login", "alias=boss", "password="+good).is(200, "/login/code")
	n.post("/login/code", "code="+p.code(1)).is(200, "/desk")
	n.post("/admin/operators/factor").is(200, "/admin/operators", `!value="yes" checked`)
	n.post("/login/factor", "do=drop", "password="+good).is(200, "/login/factor", "Scan this")
}
