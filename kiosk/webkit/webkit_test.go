package webkit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

type person struct{ ID, Name, State, Word string }

type roll struct {
	Inside int
	People []person
}

var people = []person{
	{"p1", "Anna-Lena Öberg", "inside", "Inne"},
	{"p2", "Bo <b>Ek</b>", "safe", "På plats"},
	{"p3", "Cilla Dahl", "missing", "Saknas"},
	{"p4", "David Åkesson", "refuge", "I skydd"},
	{"p5", "Eva Frid", "probably_left", "Har troligen gått"},
	{"p6", "Folke Grip", "left", "Har gått"},
	{"p7", "Greta Holm", "unconfirmed", "Obekräftad"},
}

// screen is a family with a page, a live region and every way to fail.
func screen(t testing.TB, feed func(ctx context.Context, last string, r *webkit.Request, send func(webkit.Event) error) error) (http.Handler, *logs) {
	t.Helper()
	words, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	l := &logs{}
	h, err := webkit.New(webkit.Config{
		Prefix: "/specimen", Pages: os.DirFS("testdata/pages"), Catalog: words, Hosts: []string{"gate.example", ".campus.example"},
		Place:  webkit.Place{Campus: "Lindholmen", Site: "Norra området", Node: "Östra porten"},
		Logger: slog.New(slog.NewTextHandler(l, nil)),
	}, []webkit.Route{
		{Method: "GET", Pattern: "/specimen", Handler: func(*webkit.Request) (webkit.Response, error) {
			return webkit.Page{Name: "specimen", Data: roll{Inside: 17, People: people}}, nil
		}},
		{Method: "GET", Pattern: "/specimen/live", Handler: func(r *webkit.Request) (webkit.Response, error) {
			return webkit.Live{Feed: func(ctx context.Context, last string, send func(webkit.Event) error) error {
				return feed(ctx, last, r, send)
			}}, nil
		}},
		{Method: "GET", Pattern: "/specimen/half", Handler: func(*webkit.Request) (webkit.Response, error) {
			return webkit.Page{Name: "specimen", Data: "no roll at all"}, nil
		}},
		{Method: "GET", Pattern: "/specimen/panic/{who}", Handler: func(r *webkit.Request) (webkit.Response, error) {
			panic("cannot bear " + r.PathValue("who"))
		}},
		{Method: "POST", Pattern: "/specimen/fail", Handler: func(r *webkit.Request) (webkit.Response, error) {
			return nil, fmt.Errorf("mark: %w", errors.New("no such "+r.Field("who")))
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, l
}

func get(h http.Handler, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://localhost:8080"+path, nil)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

type logs struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestNoHalfPages(t *testing.T) {
	h, l := screen(t, nil)
	w := get(h, "/specimen/half")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "Vem kan vara kvar") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if !strings.Contains(w.Body.String(), "Något gick fel här.") || !strings.Contains(l.String(), "reference=") {
		t.Errorf("no fault with a reference: %s\n%s", w.Body, l)
	}
}

func TestPanicAndErrorTellTheLogNoNames(t *testing.T) {
	h, l := screen(t, nil)
	if w := get(h, "/specimen/panic/Markernamn"); w.Code != http.StatusInternalServerError || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("panic: status %d", w.Code)
	}
	r := httptest.NewRequest(http.MethodPost, "http://localhost/specimen/fail", strings.NewReader("who=Markernamn"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("error: status %d", w.Code)
	}
	if strings.Contains(l.String(), "Markernamn") || strings.Contains(w.Body.String(), "Markernamn") {
		t.Errorf("the name is in the log or on the page:\n%s", l)
	}
	for _, want := range []string{"panicked", "type=string", "no such [withheld]", `pattern="GET /specimen/panic/{who}" status=500`} {
		if !strings.Contains(l.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, l)
		}
	}
}

func TestHosts(t *testing.T) {
	h, _ := screen(t, nil)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "127.0.0.1:80": 200, "[::1]:8080": 200, "10.1.2.3": 200,
		"gate.example": 200, "GATE.example:8443": 200, "desk.campus.example": 200,
		"evil.example": 421, "localhost.evil.example": 421, "evilcampus.example": 421, "campus.example": 421, "": 421, "gate.example.": 421,
	} {
		w := get(h, "/specimen", func(r *http.Request) { r.Host = host })
		if w.Code != want {
			t.Errorf("host %q: status %d, want %d", host, w.Code, want)
		}
	}
}

func TestAssetsAreKeptByChecksum(t *testing.T) {
	h, _ := screen(t, nil)
	_, after, _ := strings.Cut(get(h, "/specimen").Body.String(), `<link rel="stylesheet" href="`)
	url, _, _ := strings.Cut(after, `"`)
	w := get(h, url)
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") ||
		!strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s: status %d, headers %v", url, w.Code, w.Header())
	}
	if w := get(h, "/specimen/assets/upprop.0000.css"); w.Code != http.StatusNotFound || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("a wrong checksum: status %d, %v", w.Code, w.Header())
	}
}

func TestLanguage(t *testing.T) {
	h, _ := screen(t, nil)
	for path, want := range map[string]string{"/specimen": `lang="sv"`, "/specimen?lang=en": `lang="en"`, "/specimen?lang=x": `lang="sv"`} {
		w := get(h, path)
		if !strings.Contains(w.Body.String(), `<html `+want) || !strings.Contains(want, w.Header().Get("Content-Language")) {
			t.Errorf("%s is not %s", path, want)
		}
	}
	w := get(h, "/specimen", func(r *http.Request) { r.Header.Set("Accept-Language", "en-GB") })
	if !strings.Contains(w.Body.String(), `<html lang="en"`) || !strings.Contains(w.Body.String(), `href="/specimen?lang=sv"`) {
		t.Error("Accept-Language is not heard")
	}
}
