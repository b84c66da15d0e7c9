package app

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

// ask asks the screens as somebody from an address does, over TLS or not.
func ask(a *App, r *http.Request, from string, secure bool) *httptest.ResponseRecorder {
	r.RemoteAddr = from
	r.Header.Set("Accept-Language", "en")
	if secure {
		r.TLS = &tls.ConnectionState{}
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

// TestTheDeskAsksWhoItIs: nobody sees a name at /desk but an operator, and from
// another machine over TLS alone, in a session that outlives the screens.
func TestTheDeskAsksWhoItIs(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk), PasswordCost: operators.Cost{Time: 1, Memory: 64, Threads: 1}}})
	const password = "mossa gitarr ponton"
	if _, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"}); err != nil {
		t.Fatal(err)
	}
	if _, body := get(t, a.URL()+"desk?lang=en"); !strings.Contains(body, "There is no operator yet") || strings.Contains(body, "Marker") {
		t.Error("before there is an operator, /desk shows", body)
	}
	if _, _, err := a.Node().Operators().Add(t.Context(), "", "boss", operators.Admin, password); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/desk", "/admin", "/admin/operators"} {
		for _, c := range []struct {
			from   string
			secure bool
			header string
			status int
		}{
			{"127.0.0.1:9", false, "", http.StatusSeeOther},
			{"192.0.2.1:9", false, "", http.StatusForbidden},
			{"192.0.2.1:9", true, "", http.StatusSeeOther},
			{"127.0.0.1:9", false, "X-Forwarded-For", http.StatusForbidden},
		} {
			r := httptest.NewRequest("GET", "http://localhost"+path, nil)
			if c.header != "" {
				r.Header.Set(c.header, "192.0.2.7")
			}
			if w := ask(a, r, c.from, c.secure); w.Code != c.status || strings.Contains(w.Body.String(), "Marker") {
				t.Errorf("%s from %s, TLS %v, %s: %d, want %d", path, c.from, c.secure, c.header, w.Code, c.status)
			}
		}
	}
	form := url.Values{"alias": {"boss"}, "password": {password}}
	r := httptest.NewRequest("POST", "http://localhost/login", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := ask(a, r, "192.0.2.1:9", true)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatal(w.Code, cookies)
	}
	see := func() string {
		r := httptest.NewRequest("GET", "http://localhost/desk", nil)
		r.AddCookie(cookies[0])
		return ask(a, r, "192.0.2.1:9", true).Body.String()
	}
	if !strings.Contains(see(), "Astrid Marker") {
		t.Error("an operator sees no name")
	}
	// The screens are built anew, under another name.
	if err := a.Node().EditSetting(t.Context(), "", node.CampusNameSetting, "Lindholmen"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(see(), "Astrid Marker") {
		t.Error("a new name of the campus signs people out")
	}
}
