package office_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/operators/idp/idptest"
)

// away follows the link to the identity provider, and no further.
func (r *reader) away(path string) *url.URL {
	r.h.t.Helper()
	r.client.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.URL.Path == "/authorize" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	r.get(path)
	to, err := url.Parse(r.header.Get("Location"))
	if err != nil || r.status != http.StatusSeeOther {
		r.h.t.Fatalf("%d %v\n%s", r.status, err, r.body)
	}
	return to
}

func (h *house) provider(p *idptest.Provider, groups ...operators.GroupRole) {
	h.t.Helper()
	err := h.node.Operators().SetProvider(h.t.Context(), "", operators.Provider{Issuer: p.URL, Client: idptest.Client, Secret: idptest.Secret, Groups: groups})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestSigningInByAProvider(t *testing.T) {
	h, p := newHouse(t, identity.RoleDesk), idptest.New(t)
	h.operator("boss", operators.Admin)
	h.provider(p, operators.GroupRole{Group: "g1", Role: operators.Security})
	h.reader().get("/login").is(200, "/login", "takes a desk's name in the campus's domain", "!/login/idp")
	h.reader().get("/login/idp").is(422, "/login/idp", "is not set up here")
	h.local()
	claims := map[string]any{"sub": "s1", "email": "marker@example.se", "email_verified": true, "groups": []string{"g1"}}
	r := h.reader()
	r.get("/login?to=/desk/expected").is(200, "/login", "Sign in by 127.0.0.1", "/login/idp?lang=en&to=/desk/expected")
	to := r.away("/login/idp?to=/desk/expected")
	if got := to.Query().Get("redirect_uri"); got != h.url+"/login/idp/back" {
		t.Fatal(got)
	}
	if c := r.header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/;") {
		t.Error("the cookie is", c)
	}
	back := "/login/idp/back?" + p.Authorize(to.String(), claims).Encode()
	// In another browser that way back leads nowhere.
	h.reader().get(back).is(422, "/login/idp/back", "began in another browser")
	// A new account chooses a password first, and has none to write.
	r.get(back).is(200, "/login/password", "Your account is made", `!name="old"`)
	r.get("/desk").is(200, "/login/password")
	r.post("/login/password", "password=short", "again=short").is(422, "/login/password", "too short", `!name="old"`)
	r.post("/login/password", "password="+good, "again="+good).is(200, "/desk", "marker@example.se")
	r.get("/login/password").is(200, "/login/password", `name="old"`)
	o, err := h.node.Operators().Find("marker@example.se")
	if err != nil || o.Role != operators.Security {
		t.Fatal(o.Role, err)
	}
	h.recorded("operator.add", "identity provider")
	h.reader().post("/login", "alias=marker@example.se", "password="+good).is(200, "/desk")
	r = h.reader()
	to = r.away("/login/idp?to=/desk/expected")
	r.get("/login/idp/back?"+p.Authorize(to.String(), claims).Encode()).is(200, "/desk/expected")
	if strings.Contains(r.at.String(), "code=") {
		t.Error("the code stays in the address")
	}
	// Disabled here is disabled, whatever the provider says.
	if err := h.node.Operators().SetDisabled(t.Context(), "", o.ID, true); err != nil {
		t.Fatal(err)
	}
	r.get("/desk").is(200, "/login")
	to = r.away("/login/idp")
	r.get("/login/idp/back?"+p.Authorize(to.String(), claims).Encode()).is(422, "/login/idp/back", "may not sign in here")
	to = r.away("/login/idp")
	q := url.Values{"state": {to.Query().Get("state")}, "error": {"access_denied"}}
	r.get("/login/idp/back?"+q.Encode()).is(422, "/login/idp/back", "did not say who you are")
	to = r.away("/login/idp")
	back = "/login/idp/back?" + p.Authorize(to.String(), claims).Encode()
	p.Away(true)
	r.get(back).is(422, "/login/idp/back", "cannot be reached now", "Passkeys and passwords work", `name="password"`)
	if l := h.logs.String(); strings.Contains(l, "marker") || strings.Contains(l, "code=") {
		t.Error("a log names somebody, or has a code")
	}
}

// TestProviderAndACode: who has a second factor here is asked for it.
func TestProviderAndACode(t *testing.T) {
	h, p := newHouse(t, identity.RoleDesk), idptest.New(t)
	h.local()
	h.operator("astrid@example.se", operators.Admin)
	h.factor("astrid@example.se")
	h.provider(p)
	claims := map[string]any{"sub": "s1", "email": "astrid@example.se", "email_verified": true}
	r := h.reader()
	to := r.away("/login/idp")
	r.get("/login/idp/back?"+p.Authorize(to.String(), claims).Encode()).is(200, "/login/code", "Six digits")
	r.get("/desk").is(200, "/login")
	claims["amr"] = []string{"mfa"}
	to = r.away("/login/idp")
	r.get("/login/idp/back?"+p.Authorize(to.String(), claims).Encode()).is(200, "/desk")
}

func TestSettingAProvider(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("boss", operators.Admin)
	h.operator("desk", operators.Reception)
	d := h.reader()
	d.login("desk")
	d.get("/admin/login").is(403, "/admin/login")
	r := h.reader()
	r.login("boss")
	r.get("/admin/operators").is(200, "/admin/operators", "/admin/login")
	r.get("/admin/login").is(200, "/admin/login", "Open this page at a desk's name", "!Take the identity provider away")
	r.post("/admin/login", "issuer=login.example.se", "client=upprop", "secret=hushhush", "groups=g1=king").is(422, "/admin/login", "begins with https://", "!hushhush", "g1=king")
	r.post("/admin/login", "issuer=https://login.example.se", "client=upprop", "secret=hushhush", "groups=g1=king").is(422, "/admin/login", "Write GROUP=ROLE")
	r.post("/admin/login", "issuer=https://login.example.se", "client=upprop", "secret=hushhush", "groups=a=b=reception\r\n\r\ng2=admin", "domains=example.se", "believe=yes").is(200, "/admin/login", "a=b=reception", "checked", "!hushhush")
	r.post("/admin/login", "issuer=https://login.example.se", "client=upprop").is(200, "/admin/login", "!checked")
	got, ok := h.node.Operators().Provider()
	if !ok || got.Secret != record.Private("hushhush") || len(got.Groups) != 0 || got.Believe {
		t.Error(ok, got.Groups)
	}
	h.local()
	r = h.reader()
	r.login("boss")
	r.get("/admin/login").is(200, "/admin/login", h.url+"/login/idp/back")
	r.post("/admin/login", "do=remove").is(200, "/admin/login", "!Take the identity provider away")
	h.recorded("operator.idp_remove", operatorBy(h, "boss"))
}

func operatorBy(h *house, alias string) string {
	o, err := h.node.Operators().Find(alias)
	if err != nil {
		h.t.Fatal(err)
	}
	return o.ID.By()
}
