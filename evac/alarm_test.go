package evac_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

// send is one request of a browser without script, from this machine.
func send(s http.Handler, method, path string, form url.Values) (int, string) {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:9"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, html.UnescapeString(w.Body.String())
}

// A warden's list without an evacuation says in words when names are shown;
// starting one shows them, and ending it hides them again.
func TestStartShowsNamesAndEndHidesThem(t *testing.T) {
	h := campus()
	h.waits = true
	s, _ := muster(t, h, withBell(h))
	sees := func(when string, want, not []string) {
		t.Helper()
		status, page := send(s, "GET", "/warden?lang=en", nil)
		for _, w := range want {
			if status != 200 || !strings.Contains(page, w) {
				t.Errorf("%s: %d without %q", when, status, w)
			}
		}
		for _, n := range not {
			if strings.Contains(page, n) {
				t.Errorf("%s: %q is shown", when, n)
			}
		}
	}
	wait := "Names are shown during an evacuation or drill."
	sees("at rest", []string{wait, "Start an evacuation or drill"}, []string{"Öberg", "Volvo", "DRILL", "REAL"})
	if status, page := send(s, "GET", "/warden/alarm?lang=en", nil); status != 200 || !strings.Contains(page, "Start a real evacuation now") || strings.Contains(page, "Is it over?") {
		t.Error("the page of the buttons:", status)
	}
	if status, _ := send(s, "POST", "/warden/alarm/start", url.Values{"kind": {"maybe"}}); status != http.StatusBadRequest {
		t.Error("neither real nor a drill:", status)
	}
	if status, _ := send(s, "POST", "/warden/alarm/start", url.Values{"kind": {"drill"}, "lang": {"en"}}); status != http.StatusSeeOther {
		t.Fatal("start:", status)
	}
	sees("drill", []string{"DRILL since 10:02:14: the whole campus", "This is a drill, not a real alarm.", "Anna-Lena Öberg"}, []string{wait, "REAL EVACUATION"})
	if _, page := send(s, "GET", "/warden/alarm?lang=en", nil); !strings.Contains(page, "Is it over?") || !strings.Contains(page, "Start a real evacuation now") {
		t.Error("a drill cannot become real")
	}
	send(s, "POST", "/warden/alarm/start", url.Values{"kind": {"real"}, "lang": {"en"}})
	sees("real", []string{"REAL EVACUATION since 10:02:14", "It was started 2 times", "Anna-Lena Öberg"}, []string{"This is a drill", wait})
	if status, _ := send(s, "POST", "/warden/alarm/end", url.Values{"reason": {""}}); status == http.StatusSeeOther {
		t.Error("ended without a reason")
	}
	if status, _ := send(s, "POST", "/warden/alarm/end", url.Values{"reason": {"all out"}}); status != http.StatusSeeOther {
		t.Error("end:", status)
	}
	sees("over", []string{wait}, []string{"Öberg", "DRILL", "REAL"})
	if status, page := send(s, "POST", "/warden/alarm/end", url.Values{"reason": {"all out"}, "lang": {"en"}}); status == http.StatusSeeOther || !strings.Contains(page, "No evacuation or drill is running") {
		t.Error("ended when none runs:", status)
	}
}

// An evacuation of another site opens nobody here.
func TestNamesOfTheSiteThatIsEvacuated(t *testing.T) {
	h := campus()
	h.waits = true
	h.evacuate(record.Start{ID: record.EvacID{1}, At: record.HLCOf(at), Site: "Södra"})
	s, _ := muster(t, h, withBell(h))
	if _, page := send(s, "GET", "/warden?lang=en", nil); strings.Contains(page, "Öberg") || !strings.Contains(page, "REAL EVACUATION since 10:02:14: Södra") || !strings.Contains(page, "Names are shown during") {
		t.Error("the whole campus's list")
	}
	if _, page := send(s, "GET", "/warden?lang=en&site=Norra", nil); strings.Contains(page, "Öberg") || strings.Contains(page, "REAL") {
		t.Error("the other site's list")
	}
}

func TestButtonsAreNotForStrangers(t *testing.T) {
	h := campus()
	s, _ := muster(t, h, withBell(h), func(c *evac.Config) { c.Withhold = func(*http.Request) bool { return true } })
	if _, page := send(s, "GET", "/warden?lang=en", nil); strings.Contains(page, "/warden/alarm") {
		t.Error("the buttons are offered")
	}
	// The button of a real alarm is in no form with what belongs to a drill.
	if page := get(t, withCables(t), "/warden/alarm?lang=en").Body.String(); !strings.Contains(page, `name="cut"`) {
		t.Error("no cables can be chosen")
	} else {
		for _, form := range strings.Split(page, "<form ") {
			form, _, _ = strings.Cut(form, "</form>")
			if strings.Contains(form, `value="real"`) && (strings.Contains(form, `name="cut"`) || strings.Contains(form, `value="drill"`)) {
				t.Error("a real alarm is a slip away from a drill")
			}
		}
	}
	for _, r := range [][2]string{{"GET", "/warden/alarm?lang=en"}, {"POST", "/warden/alarm/start"}, {"POST", "/warden/alarm/end"}} {
		status, page := send(s, r[0], r[1], url.Values{"kind": {"real"}, "reason": {"x"}, "lang": {"en"}})
		if status < 400 || !strings.Contains(page, "This screen may not start or end an evacuation.") {
			t.Errorf("%v: %d", r, status)
		}
	}
	if len(h.Evacuations()) != 0 {
		t.Error("an evacuation was started")
	}
}

func TestEvacuationInTheInterface(t *testing.T) {
	h := campus()
	s, _ := muster(t, h)
	read := func(site record.SiteID) (evacuation map[string]any, names string) {
		t.Helper()
		l, err := s.Muster(site)
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Evacuation map[string]any `json:"evacuation"`
			Names      string         `json:"names"`
		}
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		return got.Evacuation, got.Names
	}
	if e, names := read(""); e != nil || names != "shown" {
		t.Error(e, names)
	}
	h.evacuate(record.Start{ID: record.EvacID{1}, At: record.HLCOf(at), Drill: true, Site: "Södra"})
	if e, _ := read("Norra"); e != nil {
		t.Error("of another site:", e)
	}
	e, _ := read("")
	if e["id"] != (record.EvacID{1}).String() || e["kind"] != "drill" || e["started_at"] != "2026-11-22T09:02:14.000Z" || len(e["sites"].([]any)) != 1 {
		t.Error(e)
	}
	h.waits = true
	if _, names := read("Norra"); names != "during_evacuation" {
		t.Error(names)
	}
}

func withCables(t *testing.T) *evac.Service {
	t.Helper()
	h := campus()
	s, _ := muster(t, h, withBell(h), func(c *evac.Config) { c.Cables = cables{} })
	return s
}
