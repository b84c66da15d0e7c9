package reply_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac/reply"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/lang/langtest"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

func TestCatalog(t *testing.T) {
	langtest.Lint(t, reply.Words(), langtest.Sources{Templates: []fs.FS{webkit.Templates(), os.DirFS("pages")}, GoDirs: []string{"."}, Visitors: true})
}

var (
	at    = time.Date(2026, 11, 27, 9, 2, 14, 0, time.UTC)
	visit = record.VisitID{1, 2, 3}
	start = record.EvacID{4}
)

// marks takes down who is marked, each once once.
type marks struct {
	said []string
	once map[[16]byte]bool
	fail error
}

func (m *marks) Read(_ context.Context, _ record.Link, seen string) error {
	m.said = append(m.said, "read "+seen)
	return m.fail
}

func (m *marks) Mark(_ context.Context, l record.Link, state, point, how string, once [16]byte) error {
	if m.fail != nil {
		return m.fail
	}
	if m.once == nil {
		m.once = map[[16]byte]bool{}
	}
	if !m.once[once] {
		m.said = append(m.said, fmt.Sprint(l.Visit == visit && l.Start == start, " ", state, " ", how, point))
	}
	m.once[once] = true
	return nil
}

type house struct {
	http.Handler
	marks marks
	evacs record.Evacuations
	now   time.Time
	logs  strings.Builder
	// waits is how the bearer stands who waits; nil: they do not.
	waits *reply.Waiting
}

func newHouse(t testing.TB, evacs ...record.Start) *house {
	t.Helper()
	h := &house{evacs: evacs, now: at.Add(time.Minute)}
	var err error
	h.Handler, err = reply.New(reply.Config{
		Link: func(token string) (record.Link, error) {
			if token != "good" {
				return record.Link{}, record.ErrLink
			}
			return record.Link{Visit: visit, Start: start, Until: at.Add(time.Hour)}, nil
		},
		Evacuations: func() record.Evacuations { return h.evacs }, Marker: &h.marks,
		Waiting: func(record.Link) (reply.Waiting, bool) {
			if h.waits == nil {
				return reply.Waiting{}, false
			}
			return *h.waits, true
		},
		Points:   func(record.SiteID) []string { return []string{"Parkering P1", "Gräsmattan"} },
		NodeName: "Reception", Site: "Norra", CampusName: "Ekudden", Zone: time.UTC, Clock: func() time.Time { return h.now },
		Logger: slog.New(slog.NewTextHandler(&h.logs, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func running(drill bool) record.Start {
	return record.Start{ID: start, At: record.HLCOf(at), Drill: drill, Site: "Norra"}
}

func (h *house) do(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://upprop.example.org"+path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var onceField = regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`)

func TestPressMarks(t *testing.T) {
	h := newHouse(t, running(false))
	page := h.do("GET", "/r/good?lang=en", nil)
	m := onceField.FindStringSubmatch(page.Body.String())
	if page.Code != 200 || m == nil || !strings.Contains(page.Body.String(), "REAL ALARM since 09:02: Norra") {
		t.Fatal(page.Code, page.Body)
	}
	if h.do("HEAD", "/r/good", nil); len(h.marks.said) != 0 {
		t.Fatal("looking marks:", h.marks.said)
	}
	for range 2 { // pressed twice
		w := h.do("POST", "/r/good", url.Values{"answer": {"safe"}, "once": {m[1]}, "lang": {"en"}})
		if w.Code != 303 || w.Header().Get("Location") != "/r/good?said=safe&lang=en" {
			t.Fatal(w.Code, w.Header())
		}
	}
	done := h.do("GET", "/r/good?said=safe&lang=en", nil).Body.String()
	if !strings.Contains(done, "You are marked as safe") || !strings.Contains(done, "I need help") || strings.Contains(done, `value="safe"`) {
		t.Error(done)
	}
	again := onceField.FindStringSubmatch(done)
	h.do("POST", "/r/good", url.Values{"answer": {"refuge"}, "once": {again[1]}})
	if got := strings.Join(h.marks.said, ", "); got != "true safe link, true refuge link" {
		t.Error(got)
	}
	if strings.Contains(h.logs.String(), "good") {
		t.Error("a token is in the log")
	}
}

func TestWhatIsRefused(t *testing.T) {
	ended := running(false)
	ended.Ended = record.HLCOf(at.Add(time.Minute))
	once := hex.EncodeToString(make([]byte, 16))
	for _, c := range []struct {
		name, path string
		evacs      []record.Start
		late       time.Duration
		form       url.Values
		status     int
		says       string
	}{
		{"forged", "/r/bad", nil, 0, nil, 422, "not whole"},
		{"too old", "/r/good", nil, time.Hour, nil, 422, "no longer valid"},
		{"over", "/r/good", []record.Start{ended}, 0, nil, 422, "is over"},
		{"neither", "/r/good", nil, 0, url.Values{"answer": {"missing"}, "once": {once}}, 400, ""},
		{"no once", "/r/good", nil, 0, url.Values{"answer": {"safe"}, "once": {"00"}}, 400, ""},
		{"unheard of", "/r/good", nil, 0, nil, 303, ""},
	} {
		h := newHouse(t, c.evacs...)
		h.now = at.Add(time.Minute + c.late)
		form := c.form
		if form == nil {
			form = url.Values{"answer": {"safe"}, "once": {once}}
		}
		form.Set("lang", "en")
		w := h.do("POST", c.path, form)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
		if got := len(h.marks.said); got != map[bool]int{true: 1, false: 0}[c.status == 303] {
			t.Errorf("%s: %d marks", c.name, got)
		}
	}
	h := newHouse(t, running(false))
	if w := h.do("POST", "/r/good", url.Values{"answer": {"safe"}, "once": {once}}, "Sec-Fetch-Site", "cross-site"); w.Code != 403 || len(h.marks.said) != 0 {
		t.Error("a press on another's page marks:", w.Code)
	}
	h.marks.fail = lang.Problem{Key: lang.DiskFull}
	if w := h.do("POST", "/r/good", url.Values{"answer": {"safe"}, "once": {once}}); w.Code != 503 {
		t.Error(w.Code)
	}
	h.marks.fail = errors.New("boom")
	if w := h.do("POST", "/r/good", url.Values{"answer": {"safe"}, "once": {once}}); w.Code != 500 {
		t.Error(w.Code)
	}
}

// TestInBrowser looks at every face of the page as a phone shows it, and
// presses a button without script. With UPPROP_SHOTS it keeps pictures.
func TestInBrowser(t *testing.T) {
	ended := running(false)
	ended.Ended = record.HLCOf(at.Add(time.Minute))
	real, drill, over := newHouse(t, running(false)), newHouse(t, running(true)), newHouse(t, ended)
	waits := newHouse(t, running(false))
	waits.waits = &reply.Waiting{
		Point: "Trapphus B, plan 3", Refuges: []string{"Trapphus B, plan 3", "Hissbryggan"}, Told: &reply.Told{Help: "coming", Role: "warden", At: at},
		Beside: []reply.Told{{Help: "stay", Role: "desk", At: at}}, Seen: "x:1",
	}
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	for _, l := range []string{"sv", "ar"} {
		for _, dark := range []bool{false, true} {
			p := b.Page(t, browsertest.Look{Dark: dark})
			for _, face := range []struct {
				name, path string
				h          *house
			}{
				{"real", "/r/good?lang=" + l, real},
				{"drill", "/r/good?lang=" + l, drill},
				{"safe", "/r/good?said=safe&lang=" + l, real},
				{"help", "/r/good?said=refuge&lang=" + l, real},
				{"waits", "/r/good?lang=" + l, waits},
				{"bad", "/r/bad?lang=" + l, real},
				{"over", "/r/good?lang=" + l, over},
			} {
				srv := httptest.NewServer(face.h)
				p.Goto(srv.URL + face.path)
				p.Axe(face.name)
				for _, size := range [][2]int{{390, 844}, {320, 568}, {1440, 900}} {
					p.Look(browsertest.Look{Width: size[0], Height: size[1], Dark: dark})
					p.Fits(fmt.Sprint(face.name, size))
					p.Targets(fmt.Sprint(face.name, size), "48")
					if shots != "" {
						p.Shot(filepath.Join(shots, fmt.Sprintf("reply-%s-%d-%s-%v.png", face.name, size[0], l, dark)))
					}
				}
				if face.name == "real" && !p.Bool(`[...document.querySelectorAll("main button")].every(b => b.getBoundingClientRect().height >= 110) && document.querySelectorAll("main button").length === 2`) {
					t.Error("the buttons are not big")
				}
				srv.Close()
			}
		}
	}
	srv := httptest.NewServer(real)
	defer srv.Close()
	p := b.Page(t, browsertest.Look{Width: 390, Height: 844, NoScript: true})
	p.Goto(srv.URL + "/r/good?lang=sv")
	p.Click(".reply-help")
	p.Wait(".notice")
	if got := strings.Join(real.marks.said, ", "); got != "true refuge link" {
		t.Error(got)
	}
}

// Who waits for help sees what they are told, says where they wait, and that they
// have read it.
func TestWhoWaitsIsAnswered(t *testing.T) {
	h := newHouse(t, running(false))
	has := func(page string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%q is not on the page:\n%s", w, page)
			}
		}
	}
	h.waits = &reply.Waiting{Refuges: []string{"Trapphus B", "Trapphus C"}}
	w := h.do("GET", "/r/good?lang=en", nil)
	has(w.Body.String(), "No answer yet.", "Where do you wait?", `value="Trapphus B"`)
	if !strings.Contains(w.Body.String(), `http-equiv="refresh"`) && w.Header().Get("Refresh") == "" {
		t.Error("the page does not come anew by itself")
	}
	once := onceField.FindStringSubmatch(w.Body.String())[1]
	if w := h.do("POST", "/r/good/wait", url.Values{"point": {"Trapphus B"}, "once": {once}}); w.Code != 303 {
		t.Error(w.Code, w.Body)
	}
	if w := h.do("POST", "/r/good/wait", url.Values{"point": {"Elsewhere"}, "once": {once}}); w.Code < 400 {
		t.Error("a place that is no refuge:", w.Code)
	}
	h.waits.Point, h.waits.Seen = "Trapphus B", "x:1"
	h.waits.Told = &reply.Told{Help: "coming", Role: "warden", At: at}
	h.waits.Beside = []reply.Told{{Help: "stay", Role: "desk", At: at}}
	page := h.do("GET", "/r/good?lang=en", nil).Body.String()
	has(page, "Help is on its way.", "Says a warden, ", "Others say something else:", "You wait at: Trapphus B", "I have read this", `value="x:1"`)
	h.do("POST", "/r/good/wait", url.Values{"seen": {"x:1"}})
	h.waits.Read, h.waits.Told.Help = true, "fetched"
	has(h.do("GET", "/r/good?lang=en", nil).Body.String(), "Those who lead see that it was read.", "If you are still there", "I need help")
	h.waits = nil
	if w := h.do("POST", "/r/good/wait", url.Values{"seen": {"x:1"}}); w.Code != 303 {
		t.Error(w.Code)
	}
	if got := strings.Join(h.marks.said, ", "); got != "true refuge linkTrapphus B, read x:1" {
		t.Error(got)
	}
}
