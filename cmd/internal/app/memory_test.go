package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
)

// Somebody is writing at a door when other languages are offered, and somebody
// else is looking at their badge: both go on where they were.
func TestOtherLanguagesInterruptNobody(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	if !a.AwaitReady(t.Context()) {
		t.Fatal("not ready")
	}
	door := a.Handler()
	ask := func(method, path string, form url.Values) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(form.Encode()))
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		return w
	}
	start := ask("GET", "/kiosk?lang=en", nil).Body.String()
	held := ask("POST", "/kiosk/arrive/hold", url.Values{"lang": {"en"}, "form": {"f"}, "name": {"Anna Öberg"}}).Header().Get("Location")
	sent := url.Values{"lang": {"en"}, "form": {"g"}, "name": {"Bo Ek"}}
	badge := ask("POST", "/kiosk/arrive", sent).Header().Get("Location")
	if !strings.HasPrefix(held, "/kiosk/held/") || !strings.HasPrefix(badge, "/kiosk/welcome/") {
		t.Fatal(held, badge)
	}
	if err := a.Node().Languages().Offer(t.Context(), "", []string{"fi", "en", "ar"}); err != nil {
		t.Fatal(err)
	}
	if w := ask("GET", held, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `value="Anna Öberg"`) {
		t.Errorf("what was written is lost: %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := ask("GET", badge, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Bo Ek") {
		t.Errorf("the badge is lost: %d %s", w.Code, w.Header().Get("Location"))
	}
	// A second press of the button is still the first.
	if again := ask("POST", "/kiosk/arrive", sent).Header().Get("Location"); again != badge {
		t.Errorf("checked in twice: %s and %s", badge, again)
	}
	now := ask("GET", "/kiosk?lang=en", nil).Body.String()
	if !strings.Contains(now, `hreflang="ar"`) || strings.Contains(now, `hreflang="sv"`) {
		t.Error("the start page offers what was offered before")
	}
	// The start page that stands on the screen comes anew.
	_, live, _ := strings.Cut(start, `data-live="`)
	live, _, _ = strings.Cut(live, `"`)
	if w := ask("GET", live, nil); !strings.Contains(w.Body.String(), "event: reload") {
		t.Errorf("%s: %s", live, w.Body)
	}
}
