package office_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
)

func TestBeforeThereIsAnybody(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	r := h.reader()
	r.get("/desk").is(200, "/login", "There is no operator yet", `upprop operator add "Astrid Ek"`, "!name=\"password\"")
	r.get("/admin").is(200, "/login")
	h.from(true)
	r.get("/login").is(403, "/login", "The connection is not protected")
}

func TestSigningIn(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin, once, err := h.node.Operators().Add(t.Context(), "", "Astrid Marker", operators.Admin, "")
	if err != nil {
		t.Fatal(err)
	}
	r := h.reader()
	r.get("/admin/operators").is(200, "/login", "Sign in", `name="to" value="/admin/operators"`)
	r.post("/login", "alias=Astrid Marker", "password=wrong").is(422, "/login", "do not belong together", `value="Astrid Marker"`)
	r.post("/login", "alias=Astrid Marker", "password="+once, "to=/admin/operators").is(200, "/login/password", "one-time password")
	if c := r.client.Jar.Cookies(r.at); len(c) != 1 || c[0].Name != "upprop-test" {
		t.Fatal(c)
	}
	// Nothing else before a password was chosen.
	r.get("/desk").is(200, "/login/password")
	r.post("/login/password", "old="+once, "password=short", "again=short").is(422, "/login/password", "too short")
	r.post("/login/password", "old="+once, "password="+good, "again="+good+"x").is(422, "/login/password", "differ")
	r.post("/login/password", "old="+once, "password=Sommaren2026!", "again=Sommaren2026!").is(422, "/login/password", "would guess")
	other := h.reader()
	other.post("/login", "alias=Astrid Marker", "password="+once)
	r.post("/login/password", "old="+once, "password="+good, "again="+good).is(200, "/desk", "Astrid Marker", "Administrator", "Nobody is checked in.")
	other.get("/login/password").is(200, "/login")
	r.get("/admin").is(200, "/admin")
	r.get("/login?to=/admin/settings").is(200, "/admin/settings")
	for _, elsewhere := range []string{"https://evil.example/", "//evil.example", "/desk/../../x", "/kiosk"} {
		r.get("/login?to="+elsewhere).is(200, "/desk")
	}
	// Shut out here and now, whatever page is open.
	h.operator("boss", operators.Admin)
	if err := h.node.Operators().SetDisabled(t.Context(), "", admin.ID, true); err != nil {
		t.Fatal(err)
	}
	r.get("/desk").is(200, "/login", "Sign in")
	r.post("/desk/new", "name=Anna").is(200, "/login")
	if len(h.node.Replica().Open()) != 0 {
		t.Error("who was shut out still checks in")
	}
	r.post("/login", "alias=boss", "password="+good).is(200, "/desk")
	r.post("/logout").is(200, "/login")
	r.get("/desk").is(200, "/login")
	h.recorded("login", admin.ID.By())
	h.recorded("login.wrong", "somebody as "+admin.ID.By())
}

func TestCookie(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("boss", operators.Admin)
	r := h.reader()
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r.post("/login", "alias=boss", "password="+good)
	c := r.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(c, want) {
			t.Errorf("the cookie %q has no %s", c, want)
		}
	}
	if strings.Contains(c, "Max-Age") || strings.Contains(c, "Expires") {
		t.Error("the cookie outlives the browser")
	}
	if csp := r.get("/desk").header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Error(csp)
	}
	req, err := http.NewRequest(http.MethodPost, h.url+"/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if r.do(req); r.status != http.StatusForbidden {
		t.Error("another site signs people out:", r.status)
	}
}

func TestRolesOpenWhatTheyMay(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("boss", operators.Admin)
	h.operator("auditor", operators.Auditor)
	h.operator("desk", operators.Reception)
	for alias, refused := range map[string][]string{
		"auditor": {"/desk/new", "/admin", "/admin/operators", "/admin/settings"},
		"desk":    {"/admin", "/admin/operators", "/admin/settings"},
		"boss":    {},
	} {
		r := h.reader()
		r.login(alias)
		for _, path := range []string{"/desk", "/desk/new", "/admin", "/admin/operators", "/admin/settings"} {
			want := 200
			for _, p := range refused {
				if p == path {
					want = 403
				}
			}
			if r.get(path); r.status != want {
				t.Errorf("%s at %s: %d", alias, path, r.status)
			}
		}
	}
	r := h.reader()
	r.login("auditor")
	r.get("/desk").is(200, "/desk", "!/desk/new", "!/admin")
	r.post("/desk/new", "name=Anna").is(403, "/desk/new", "You may not do that")
	r.post("/admin/nodes", "role=desk", "ttl=60").is(403, "/admin/nodes")
}

func TestElsewhere(t *testing.T) {
	h := newHouse(t, identity.RoleEntrance)
	for _, path := range []string{"/login", "/desk", "/admin", "/desk/new"} {
		h.reader().get(path).is(200, path, "This node is no desk", "No desk is known here")
	}
	h.reader().post("/login", "alias=boss", "password="+good).is(200, "/login", "This node is no desk")
}
