package evac_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
)

// follow is a browser without script that keeps its cookies: it sends a form
// and goes where it is led.
type follow struct {
	s       http.Handler
	cookies []*http.Cookie
}

func (f *follow) do(t testing.TB, method, path string, form url.Values) (status int, to, page string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:9"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range f.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	f.s.ServeHTTP(w, r)
	if set := w.Result().Cookies(); len(set) > 0 {
		f.cookies = set
	}
	to = w.Header().Get("Location")
	if w.Code != http.StatusSeeOther {
		return w.Code, to, w.Body.String()
	}
	clean, _, _ := strings.Cut(to, "#")
	_, _, page = f.do(t, "GET", clean, nil)
	return w.Code, to, page
}

func has(t testing.TB, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("no %q on the page", w)
		}
	}
}

// A point is chosen once, kept on the device, and flagged where nobody has set
// it up.
func TestPoint(t *testing.T) {
	_, s := alarmed(t)
	f := &follow{s: s}
	_, _, page := f.do(t, "GET", "/warden?lang=en", nil)
	has(t, page, "You have not said where you stand.")
	_, _, page = f.do(t, "GET", "/warden/point?lang=en", nil)
	has(t, page, "Parkeringen", "Norr om huset", "Room for 300 people", "Fotbollsplanen")
	if strings.Contains(page, "Hissbryggan") {
		t.Error("a refuge is offered as a muster point")
	}
	_, _, page = f.do(t, "POST", "/warden/point", url.Values{"lang": {"en"}, "other": {"Bakgården å ö"}})
	has(t, page, "You are at <strong>Bakgården å ö</strong>", "not set up by anybody")
	f.do(t, "POST", "/warden/mark", url.Values{"safe": {visitOf(0).String()}})
	if q := verdict(t, s, 0); q.Point != "Bakgården å ö" || q.State != evac.Safe {
		t.Errorf("marked at %q", q.Point)
	}
	for _, bad := range []string{"a/b", strings.Repeat("å", 40), "-x"} {
		status, _, page := f.do(t, "POST", "/warden/point", url.Values{"lang": {"en"}, "other": {bad}})
		if status != http.StatusUnprocessableEntity || !strings.Contains(page, "That cannot be the name of a place.") {
			t.Errorf("%q: %d", bad, status)
		}
	}
	_, _, page = f.do(t, "POST", "/warden/point", url.Values{"lang": {"en"}})
	has(t, page, "You have not said where you stand.")
}

// A script is answered with what is durable, or with why it is not.
func TestMarkForScripts(t *testing.T) {
	h, s := alarmed(t)
	ask := func(form url.Values) (int, map[string]any) {
		r := httptest.NewRequest("POST", "http://127.0.0.1/warden/mark", strings.NewReader(form.Encode()))
		r.RemoteAddr = "127.0.0.1:9"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return w.Code, got
	}
	if status, got := ask(url.Values{"lang": {"en"}, "safe": {payload(t, 0)}}); status != 200 || got["says"] != "Anna-Lena Öberg is safe. Saved." || got["code"] != visitOf(0).String() || got["known"] != true {
		t.Error(status, got)
	}
	for range 2 { // scanned again, nobody knows more of them
		if status, got := ask(url.Values{"lang": {"en"}, "safe": {payload(t, 77)}}); status != 200 || got["known"] != false || got["name"] != "" {
			t.Error("of a stranger:", status, got)
		}
	}
	h.disk.Store(&lang.Problem{Key: lang.DiskFull})
	if status, got := ask(url.Values{"lang": {"en"}, "missing": {visitOf(1).String()}}); status != 503 || got["error"] == "" {
		t.Error("on a full disk:", status, got)
	}
	h.disk.Store(nil)
	for _, form := range []url.Values{{"safe": {"not a code"}}, {"lang": {"en"}}, {"dead": {visitOf(1).String()}}} {
		if status, got := ask(form); status != http.StatusUnprocessableEntity || got["error"] == "" {
			t.Errorf("%v: %d %v", form, status, got)
		}
	}
	h.evacuate()
	if status, got := ask(url.Values{"lang": {"en"}, "safe": {visitOf(1).String()}}); status != http.StatusUnprocessableEntity {
		t.Error("at rest:", status, got)
	}
}

// The evidence is all there: who said what, what stands, what was judged anew.
func TestPersonsPage(t *testing.T) {
	h, s := alarmed(t)
	f := &follow{s: s}
	person := "/warden/person/" + visitOf(6).String() + "?lang=en"
	f.do(t, "POST", "/warden/mark", url.Values{"missing": {visitOf(6).String()}})
	f.do(t, "POST", "/warden/mark", url.Values{"refuge": {visitOf(6).String()}, "at": {"Hissbryggan"}})
	_, _, page := f.do(t, "GET", person, nil)
	has(t, page, "Tove Dahl", "Rullstol", "Tell the fire service", "In a refuge", "Came in at Huvudentrén", "Missing, says Handenhet 2",
		"Judged anew since", "Waits in a refuge, says Handenhet 2", "At Hissbryggan.", "Undo the last mark", "Trapphus B, plan 3")
	if n := strings.Count(page, "data-stands"); n != 1 {
		t.Errorf("%d facts stand", n)
	}
	// What a page sends again counts once; what is no id is refused.
	again := url.Values{"refuge": {visitOf(6).String()}, "at": {"Hissbryggan"}, "once": {strings.Repeat("0a", 16)}}
	for range 3 {
		f.do(t, "POST", "/warden/mark", again)
	}
	if n := len(h.open[6].Marks); n != 3 {
		t.Errorf("%d marks, want 3", n)
	}
	if status, _, _ := f.do(t, "POST", "/warden/mark", url.Values{"safe": {visitOf(6).String()}, "once": {"x"}}); status == 200 || len(h.open[6].Marks) != 3 {
		t.Error("an id that is none:", status)
	}
	// The time that a phone tells is evidence.
	h.mu.Lock()
	said := h.said[visitOf(6).Badge()]
	said[len(said)-1].Event.Said = record.HLCOf(at.Add(-3 * time.Minute))
	h.mu.Unlock()
	_, _, page = f.do(t, "GET", person, nil)
	has(t, page, "Said to be at 09:59:14, by the phone")
	// So is that of an access-control system, where it told of it later.
	for _, late := range []time.Duration{20 * time.Second, 7 * time.Minute} {
		h.mu.Lock()
		told := h.said[visitOf(6).Badge()]
		told[0].Event.How, told[0].Event.Said = record.HowFed, record.HLCOf(told[0].Event.At.Time().Add(-late))
		h.mu.Unlock()
		_, _, page = f.do(t, "GET", person, nil)
		if shown := strings.Contains(page, "by the access-control system&#39;s clock"); shown != (late > time.Minute) {
			t.Errorf("told %v later: shown %v", late, shown)
		}
	}
	// Two who had not heard of each other.
	h.mu.Lock()
	p := &h.open[6]
	p.Marks = append(p.Marks, record.MarkFact{
		Fact: record.Fact{ID: record.EventID{Actor: record.NewActor(node(1), 1, [8]byte{}), Seq: 9000}, At: record.HLCOf(at)},
		Mark: record.Safe, Point: "Parkeringen", Starts: []record.EvacID{{1}},
	})
	h.mu.Unlock()
	_, _, page = f.do(t, "GET", person, nil)
	has(t, page, "The more dangerous stands.", "Look for the person")
	if status, _, page := f.do(t, "GET", "/warden/person/"+visitOf(800).String()+"?lang=en", nil); status == 200 || !strings.Contains(page, "Nobody on this list has that badge.") {
		t.Error("a stranger:", status)
	}
	for _, bad := range []string{"x", payload(t, 6)} {
		if status, _, _ := f.do(t, "GET", "/warden/person/"+bad+"?lang=en", nil); status == 200 {
			t.Errorf("%s has a page", bad)
		}
	}
}

// Who is not on the list is added with a few words, which are in no address and
// no log, and joined to a visit later.
func TestAddAndJoin(t *testing.T) {
	h := campus()
	h.waits = true
	h.evacuate(drillOf(false))
	s, log := muster(t, h, withBell(h))
	f := &follow{s: s}
	status, _, page := f.do(t, "POST", "/warden/add", url.Values{"lang": {"en"}, "text": {""}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(page, `id="text-fault"`) {
		t.Error("nothing was written:", status)
	}
	status, to, page := f.do(t, "POST", "/warden/add", url.Values{"lang": {"en"}, "text": {"Markernamn, röd jacka"}})
	if status != http.StatusSeeOther || strings.Contains(to, "Marker") || strings.Contains(log.String(), "Marker") {
		t.Fatalf("%d: led to %s", status, to)
	}
	l, err := s.Muster("")
	if err != nil {
		t.Fatal(err)
	}
	var added evac.Person
	for _, p := range l.People {
		if p.Added {
			added = p
		}
	}
	has(t, page, "Badge code:", `<p class="code-big">`+added.Badge.String())
	_, _, page = f.do(t, "GET", "/warden/person/"+added.Visit.String()+"?lang=en", nil)
	has(t, page, "Markernamn, röd jacka", "Is this somebody on the list?", visitOf(0).String())
	status, _, page = f.do(t, "POST", "/warden/join", url.Values{"lang": {"en"}, "added": {added.Visit.String()}, "visit": {visitOf(0).String()}})
	if status != http.StatusSeeOther || !strings.Contains(page, "Anna-Lena Öberg") {
		t.Error("joined:", status)
	}
	if l, _ := s.Muster(""); len(l.People) != 24 || verdict(t, s, 0).State != evac.Safe {
		t.Errorf("%d people after they turned out to be one", len(l.People))
	}
	if status, _, _ := f.do(t, "POST", "/warden/join", url.Values{"lang": {"en"}, "added": {added.Visit.String()}, "visit": {""}}); status != http.StatusUnprocessableEntity {
		t.Error("joined to nobody:", status)
	}
}

// Zones are searched, clear or not, and it is said by whom and when.
func TestSweep(t *testing.T) {
	h, s := alarmed(t)
	f := &follow{s: s}
	_, _, page := f.do(t, "GET", "/warden/sweep?lang=en", nil)
	has(t, page, "0 of 4 zones are searched.", "Lastzon", "2 to find were last seen here", "Not searched")
	_, to, page := f.do(t, "POST", "/warden/sweep", url.Values{"lang": {"en"}, "at": {"Norra"}, "zone": {"Plan 2"}, "says": {"clear"}})
	has(t, page, "1 of 4 zones are searched.", "Searched, clear: Handenhet 2, 10:02")
	if !strings.Contains(to, "#z-") {
		t.Errorf("led to %s", to)
	}
	_, _, page = f.do(t, "POST", "/warden/sweep", url.Values{"lang": {"en"}, "at": {"Norra"}, "zone": {"Källaren"}, "says": {"not_clear"}})
	has(t, page, "2 of 5 zones are searched.", "Searched, NOT clear: Handenhet 2, 10:02")
	for _, bad := range []url.Values{{"zone": {""}, "says": {"clear"}}, {"zone": {"Plan 2"}, "says": {"maybe"}}} {
		if status, _, _ := f.do(t, "POST", "/warden/sweep", bad); status < 400 {
			t.Errorf("%v: %d", bad, status)
		}
	}
	h.evacuate()
	for _, path := range []string{"/warden/sweep", "/warden/scan"} {
		if status, _, page := f.do(t, "GET", path+"?lang=en", nil); status == 200 || !strings.Contains(page, "No evacuation or drill is running") {
			t.Errorf("%s at rest: %d", path, status)
		}
	}
}

// A page without script shows a part of a long list, says so, and leads on.
func TestPagesOfTheList(t *testing.T) {
	h := crowd(120)
	h.evacuate(drillOf(false))
	s, _ := muster(t, h, withBell(h))
	f := &follow{s: s}
	_, _, page := f.do(t, "GET", "/warden?lang=en", nil)
	has(t, page, "1 to 50 of 120.", `href="/warden?from=50&amp;tab=find&amp;lang=en"`)
	_, _, page = f.do(t, "GET", "/warden?from=100&tab=find&lang=en", nil)
	has(t, page, "101 to 120 of 120.", `href="/warden?from=50&amp;tab=find&amp;lang=en"`)
	if n := people(page); n != 20 {
		t.Errorf("%d lines", n)
	}
	_, _, page = f.do(t, "GET", "/warden?from=9999&tab=nonsense&lang=en", nil)
	has(t, page, "Nobody here.")
}
