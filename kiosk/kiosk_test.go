package kiosk_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
)

func TestLongAndControlNames(t *testing.T) {
	k, h, _ := door(t)
	v := &visitor{t: t, k: k}
	for name, want := range map[string]string{
		strings.Repeat("Ö", 10_000): "Korta det till högst 200 tecken.",
		"Anna\x00Berg":              "Texten har tecken som inte går att visa.",
		"Anna\nBerg":                "Texten har tecken som inte går att visa.",
	} {
		v.post("/kiosk/arrive", "name="+name)
		if v.res.Code != http.StatusUnprocessableEntity || !strings.Contains(v.text(), want) {
			t.Errorf("name of %d bytes: status %d, no %q", len(name), v.res.Code, want)
		}
	}
	v.post("/kiosk/arrive", "name="+strings.Repeat("Ö", 40_000))
	if v.res.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body over the limit: status %d", v.res.Code)
	}
	if n := len(h.checkedIn()); n != 0 {
		t.Errorf("%d arrivals", n)
	}
}

func TestHelpNeedsConsent(t *testing.T) {
	k, h, _ := door(t)
	v := &visitor{t: t, k: k}
	v.post("/kiosk/arrive", "name=A", "assist=Rullstol")
	v.post("/kiosk/arrive", "name=B", "assist=Rullstol", "needs_help=yes")
	v.post("/kiosk/arrive", "name=C", "needs_help=yes", "lang=en")
	got := h.checkedIn()
	for i, want := range []string{"", "Rullstol", "Behöver hjälp vid utrymning"} {
		if got[i].Assist != want {
			t.Errorf("arrival %d: assist %q, want %q", i, got[i].Assist, want)
		}
	}
	if got[2].Lang != "en" {
		t.Errorf("language %q", got[2].Lang)
	}
}

func TestDoublePressAtOnce(t *testing.T) {
	k, h, _ := door(t)
	var all sync.WaitGroup
	to := make([]string, 8)
	for i := range to {
		all.Go(func() {
			v := &visitor{t: t, k: k}
			v.post("/kiosk/arrive", "form=SAMEFORM", "name=Anna")
			to[i] = v.res.Header().Get("Location")
		})
	}
	all.Wait()
	if n := len(h.checkedIn()); n != 1 {
		t.Fatalf("%d arrivals, want 1", n)
	}
	for _, u := range to {
		if u == "" || u != to[0] {
			t.Fatalf("pages differ: %q", to)
		}
	}
}

func TestProblemsOfTheHouse(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		see    string
	}{
		{lang.Problem{Key: lang.DiskFull}, 503, "Gå till nästa ingång"},
		{lang.Problem{Key: lang.StoreBroken}, 503, "räknas inte"},
		{fmt.Errorf("check in: %w", lang.Problem{Key: lang.ClosedEvacuation}), 503, "Gå inte in</h1>"},
		{errors.New("pebble: disk of Anna Marker is gone"), 500, "Något gick fel här."},
	} {
		k, h, l := door(t)
		h.refuse = c.err
		v := &visitor{t: t, k: k}
		v.post("/kiosk/arrive", "name=Anna Marker")
		if v.res.Code != c.status || !strings.Contains(v.text(), c.see) || strings.Contains(v.text(), "Anna Marker") {
			t.Errorf("%v: status %d, page %s", c.err, v.res.Code, v.res.Body)
		}
		if strings.Contains(l.String(), "Anna Marker") {
			t.Errorf("%v: the log has the name: %s", c.err, l)
		}
	}
}

func TestFaultsAreReferredTo(t *testing.T) {
	k, h, l := door(t)
	h.refuse = errors.New("the cellar is under water")
	v := &visitor{t: t, k: k}
	v.post("/kiosk/leave", "code=7K3M9Q21")
	_, after, ok := strings.Cut(v.text(), `<strong class="figures">`)
	ref, _, _ := strings.Cut(after, "<")
	if !ok || len(ref) != 9 || !strings.Contains(l.String(), ref) || !strings.Contains(l.String(), "under water") {
		t.Errorf("reference %q is not in the log: %s", ref, l)
	}
}

func TestWelcomeIsPutAway(t *testing.T) {
	k, _, _ := door(t)
	v := &visitor{t: t, k: k}
	v.post("/kiosk/arrive", "name=Anna")
	page := v.res.Header().Get("Location")
	v.get(page)
	v.get(page) // a reload shows it again and submits nothing
	if v.res.Code != http.StatusOK {
		t.Fatalf("reload: status %d", v.res.Code)
	}
	v.post(strings.Split(page, "?")[0])
	if got := v.res.Header().Get("Location"); got != "/kiosk" {
		t.Errorf("done leads to %q", got)
	}
	v.get(page)
	if v.res.Code != http.StatusGone || strings.Contains(v.text(), "Anna") || !strings.Contains(v.text(), "Undanlagd") {
		t.Errorf("after done: status %d\n%s", v.res.Code, v.res.Body)
	}
}

// Markers that no log and no URL may ever hold.
var markers = []string{"Markernamn", "Markerbolag", "Markervard", "Markerhjalp", "7K3M9Q21", "UPP1B"}

func TestNothingPersonalInLogsOrURLs(t *testing.T) {
	k, h, l := door(t)
	v := &visitor{t: t, k: k}
	person := []string{"name=Markernamn", "company=Markerbolag", "host=Markervard", "needs_help=yes", "assist=Markerhjalp"}
	v.get("/kiosk/arrive")
	v.post("/kiosk/arrive", append(person, "form=$form")...)
	v.follow()
	v.post("/kiosk/leave", "code=7K3M9Q21")
	v.follow()
	v.post("/kiosk/leave", "code=UPP1B")
	h.refuse = errors.New("cannot seal Markernamn of Markerbolag")
	v.post("/kiosk/arrive", person...)
	h.refuse = fmt.Errorf("no visit 7K3M9Q21")
	v.post("/kiosk/leave", "code=7k3m-9q21")
	v.post("/kiosk/leave", "code=7K3M9Q21")
	v.get("/kiosk/Markernamn")
	for _, m := range markers {
		if strings.Contains(l.String(), m) {
			t.Errorf("the log holds %s:\n%s", m, l)
		}
		for _, u := range v.urls[:len(v.urls)-2] {
			if strings.Contains(u, m) {
				t.Errorf("a URL holds %s: %s", m, u)
			}
		}
	}
	if n := strings.Count(l.String(), `"msg":"request"`); n < 8 {
		t.Errorf("only %d requests logged", n)
	}
	for _, s := range []string{
		fmt.Sprintf("%v %+v %#v %s %q", kiosk.Arrival{Name: "Markernamn"}, kiosk.Arrival{Name: "Markernamn"}, kiosk.Arrival{Name: "Markernamn"}, kiosk.Arrival{Name: "Markernamn"}, kiosk.Arrival{Name: "Markernamn"}),
		fmt.Sprintf("%v %+v", kiosk.Receipt{Visit: "v", QR: "UPP1B"}, kiosk.Receipt{QR: "UPP1B"}),
	} {
		for _, m := range markers {
			if strings.Contains(s, m) {
				t.Errorf("printing shows %s: %s", m, s)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	k, _, _ := door(t)
	for _, path := range []string{"/kiosk", "/kiosk/arrive", "/kiosk/nowhere"} {
		v := &visitor{t: t, k: k}
		v.get(path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
			"Cache-Control":           "no-store",
			"Content-Type":            "text/html; charset=utf-8",
		} {
			if got := v.res.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if p := v.res.Header().Get("Permissions-Policy"); !strings.Contains(p, "camera=(self)") {
			t.Errorf("%s: Permissions-Policy %q", path, p)
		}
		if c := v.res.Header().Get("Set-Cookie"); c != "" {
			t.Errorf("%s: sets a cookie", path)
		}
		for _, bad := range []string{"<style", " style=", " onclick", "javascript:", "http://", "https://"} {
			if strings.Contains(v.res.Body.String(), bad) {
				t.Errorf("%s: the page has %q", path, bad)
			}
		}
	}
}

func TestCrossSiteIsRefused(t *testing.T) {
	k, h, _ := door(t)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/kiosk/arrive", strings.NewReader("name=Mallory"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(name, value)
		w := httptest.NewRecorder()
		k.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "annan webbplats") {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
	if n := len(h.checkedIn()); n != 0 {
		t.Errorf("%d arrivals", n)
	}
}
