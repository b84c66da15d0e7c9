package evac_test

import (
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang/langtest"
	"github.com/upprop/upprop/kiosk/webkit"
)

func TestCatalog(t *testing.T) {
	langtest.Lint(t, evac.Words(), langtest.Sources{
		Templates: []fs.FS{webkit.Templates(), os.DirFS("pages")},
		GoDirs:    []string{"."},
	})
}

func get(t testing.TB, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost"+path, nil))
	return w
}

func post(t testing.TB, h http.Handler, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "http://localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.ServeHTTP(w, r)
	return w
}

var (
	truthLine = regexp.MustCompile(`(?s)class="truth-line"[^>]*>(.*?)</p>`)
	tag       = regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>`)
	space     = regexp.MustCompile(`\s+`)
)

// truthOf is the line on top of a page as it is read.
func truthOf(t testing.TB, body string) string {
	t.Helper()
	m := truthLine.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no truth on the page:\n%s", body)
	}
	return strings.TrimSpace(space.ReplaceAllString(tag.ReplaceAllString(m[1], ""), " "))
}

func TestTheTruth(t *testing.T) {
	gate := func(ago time.Duration) evac.Entrance {
		return evac.Entrance{Node: node(2), Name: "East gate", CompleteAsOf: at.Add(-ago), LastHeard: at.Add(-ago)}
	}
	here := evac.Entrance{Node: node(1), Name: "Here", Here: true, CompleteAsOf: at}
	timed := func(p *record.Presence) { p.State = record.Timed }
	for _, c := range []struct {
		name   string
		doors  []evac.Entrance
		people []record.Presence
		en, sv string
	}{
		{
			"all is well",
			[]evac.Entrance{here, gate(time.Second)},
			[]record.Presence{present(1, 1, "A"), present(2, 2, "A")},
			"2 inside.", "2 inne.",
		},
		{
			"one gate is silent",
			[]evac.Entrance{here, gate(2 * time.Minute)},
			[]record.Presence{present(1, 1, "A"), present(2, 2, "A")},
			"2 inside. 1 not sure: East gate last heard 10:00:14", "2 inne. 1 osäker: East gate hördes senast 10:00:14",
		},
		{
			"a silent gate where nobody was last seen is named too",
			[]evac.Entrance{here, gate(25 * time.Hour)},
			[]record.Presence{present(1, 1, "A")},
			"1 inside. East gate last heard 2026-11-21 09:02:14: who came or left there since does not show.",
			"1 inne. East gate hördes senast 2026-11-21 09:02:14: vilka som kommit eller gått där sedan dess syns inte.",
		},
		{
			"one behind, one never heard",
			[]evac.Entrance{here, gate(30 * time.Second), {Node: node(3), Name: "West gate"}},
			[]record.Presence{present(1, 1, "A"), present(2, 2, "A"), present(4, 2, "A")},
			"3 inside. 2 not sure: East gate complete only to 10:01:44, and 1 more entrance is late",
			"3 inne. 2 osäkra: East gate är komplett bara till 10:01:44, och 1 ingång till ligger efter",
		},
		{
			"doubt about a person",
			[]evac.Entrance{here},
			[]record.Presence{with(present(1, 1, "A"), func(p *record.Presence) { p.Doubtful = true })},
			"1 inside. 1 not sure: see the top of the list", "1 inne. 1 osäker: se överst i listan",
		},
		{
			"nobody is no bare number",
			[]evac.Entrance{here},
			nil,
			"No visitors on the list. Staff are not counted: the building may not be empty.",
			"Inga besökare på listan. Personalen räknas inte: huset behöver inte vara tomt.",
		},
		{
			"the clock alone has signed out",
			[]evac.Entrance{here},
			[]record.Presence{with(present(1, 1, "A"), timed), with(present(2, 1, "A"), timed)},
			"Nobody inside for certain. Staff are not counted: the building may not be empty. 2 have probably left.",
			"Ingen säkert inne. Personalen räknas inte: huset behöver inte vara tomt. 2 har troligen gått.",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse()
			h.hear(c.doors...)
			for _, p := range c.people {
				h.add(p, nil)
			}
			s, _ := muster(t, h)
			for l, want := range map[string]string{"en": c.en, "sv": c.sv} {
				body := get(t, s, "/warden?lang="+l).Body.String()
				if got := truthOf(t, body); got != want {
					t.Errorf("%s: the page says  %q\nwant %q", l, got, want)
				}
				scope := map[string]string{"en": "Visitors only; staff are not counted.", "sv": "Endast besökare; personalen räknas inte."}[l]
				if !strings.Contains(body, scope) {
					t.Errorf("%s: the page does not say who is counted", l)
				}
			}
		})
	}
}

func TestNamesAreEscaped(t *testing.T) {
	h := newHouse()
	evil := record.Private(`<script>alert(1)</script>"'&`)
	p := present(1, 1, record.ZoneID("<b>Zone</b>"))
	h.add(p, &record.Card{Name: evil, Company: evil, Host: evil, Assist: evil})
	h.hear(evac.Entrance{Node: node(3), Name: "<i>Gate</i>"})
	s, _ := muster(t, h)
	body := get(t, s, "/warden").Body.String()
	for _, raw := range []string{"<script>alert", "<b>Zone", "<i>Gate"} {
		if strings.Contains(body, raw) {
			t.Errorf("%s is on the page as it was written", raw)
		}
	}
	if !strings.Contains(body, "&lt;script&gt;alert(1)") {
		t.Error("the name is not on the page")
	}
}

func TestWithholding(t *testing.T) {
	h := newHouse()
	h.add(present(1, 1, "A"), &record.Card{Name: "Markernamn", Company: "Markerbolag", Host: "Markervard", Assist: "Markerhjalp"})
	s, _ := muster(t, h, func(c *evac.Config) {
		c.Withhold = func(r *http.Request) bool { return !strings.HasPrefix(r.RemoteAddr, "127.") }
	})
	mux := http.NewServeMux()
	s.API(mux)
	mux.Handle("/warden", s)
	mux.Handle("/warden/", s)
	badge := present(1, 1, "A").Badge().String()
	for _, path := range []string{"/warden?lang=sv", "/warden/find?lang=sv", "/api/v1/muster"} {
		far := get(t, mux, path)
		if body := far.Body.String(); strings.Contains(body, "Marker") || !strings.Contains(body, badge) {
			t.Errorf("%s from afar:\n%s", path, body)
		} else if path[1] == 'w' && (!strings.Contains(body, "Namnen är dolda på den här skärmen.") || !strings.Contains(body, "Namn dolt")) {
			t.Errorf("%s does not say that names are hidden", path)
		}
		r := httptest.NewRequest("GET", "http://localhost"+path, nil)
		r.RemoteAddr = "127.0.0.1:5000"
		near := httptest.NewRecorder()
		mux.ServeHTTP(near, r)
		if !strings.Contains(near.Body.String(), "Markernamn") {
			t.Errorf("%s from here has no name", path)
		}
	}
	// What is hidden cannot be probed for by searching either.
	if body := post(t, mux, "/warden/find", url.Values{"q": {"markernamn"}}).Body.String(); strings.Contains(body, badge) {
		t.Error("a search finds a hidden name")
	}
}

// people is how many have a line on a page, but for the blank one.
func people(body string) int { return strings.Count(body, `<li id="p-`) - 1 }

func TestFindWithoutScript(t *testing.T) {
	s, l := muster(t, campus())
	for q, want := range map[string]int{
		"oberg": 1, "Öberg ANNA": 1, "skf": 5, "karin lind": 3, "finns inte": 0, "": 24, "   ": 24,
		visitOf(0).Badge().String():                              1,
		strings.ReplaceAll(visitOf(0).Badge().String(), "-", ""): 1,
	} {
		w := post(t, s, "/warden/find", url.Values{"q": {q}, "lang": {"sv"}})
		body := w.Body.String()
		if got := people(body); w.Code != http.StatusOK || got != want {
			t.Errorf("%q finds %d, want %d (status %d)", q, got, want, w.Code)
		}
		if got := truthOf(t, body); !strings.HasPrefix(got, "23 inne. 6 osäkra: Östra grinden hördes senast 09:49:16") {
			t.Errorf("%q changes the truth: %s", q, got)
		}
		if !strings.Contains(body, "Sidan uppdateras inte av sig själv.") || strings.Contains(body, "http-equiv") {
			t.Errorf("%q: the page does not say that it is still", q)
		}
	}
	if strings.Contains(strings.ToLower(l.String()), "berg") {
		t.Errorf("what was sought is in the log: %s", l)
	}
}

func TestPageWithoutScript(t *testing.T) {
	s, _ := muster(t, campus())
	body := get(t, s, "/warden?lang=en&site=Norra").Body.String()
	for _, want := range []string{
		`<noscript><meta http-equiv="refresh" content="5"></noscript>`, "fetched anew every five seconds",
		`href="/warden/find?site=Norra&amp;lang=en"`, `data-live="/warden/live?site=Norra&amp;lang=en"`,
		`href="/warden?site=Norra&amp;lang=sv"`, "Complete as of 09:49:14 · Last heard 09:49:16",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s on the page", want)
		}
	}
}

func TestOrderOfGroups(t *testing.T) {
	s, _ := muster(t, campus())
	body := get(t, s, "/warden?lang=sv").Body.String()
	_, rest, _ := strings.Cut(html.UnescapeString(body), `id="people"`)
	for _, want := range []string{
		"Behöver hjälp ut", "Bo Falk", "Hör inte larmet", "Tove Dahl", "Rullstol",
		"Osäkra", "Tor Lind", "Två brickor har samma kod", "Namn dolt", "ankomsten är inte bekräftad",
		"Lastzon", "11 personer + 2 ovan", "Eva Grahn", "Plan 3", "Åke Bengtsson", "Plan 10", "Maja Ek", "Troligen gått",
	} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("no %q where it belongs", want)
		}
		if want != "11 personer + 2 ovan" {
			rest = after
		}
	}
	if n := people(body); n != 24 {
		t.Errorf("%d lines for 24 people", n)
	}
}

func TestUnknownSite(t *testing.T) {
	s, _ := muster(t, campus())
	for _, path := range []string{"/warden?site=norra", "/warden/live?site=norra", "/warden/find?site=norra"} {
		w := get(t, s, path)
		if w.Code == http.StatusOK || !strings.Contains(w.Body.String(), "Okänt område") {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	if _, err := s.Muster("norra"); err == nil {
		t.Error("an unknown site gives a list")
	}
}
