package webkit_test

import (
	"bufio"
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/look"
)

// dressed is a family whose look a test changes.
func dressed(t *testing.T, apart bool) (http.Handler, *atomic.Pointer[look.Look]) {
	t.Helper()
	words, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	wears := &atomic.Pointer[look.Look]{}
	wears.Store(&look.Look{})
	h, err := webkit.New(webkit.Config{
		Prefix: "/specimen", Pages: os.DirFS("testdata/pages"), Catalog: words, Apart: apart, Look: func() look.Look { return *wears.Load() },
		Place: webkit.Place{Campus: "Lindholmen", Node: "Östra porten"}, Logger: slog.New(slog.DiscardHandler),
	}, []webkit.Route{
		{Method: "GET", Pattern: "/specimen", Handler: func(*webkit.Request) (webkit.Response, error) {
			return webkit.Page{Name: "specimen", Data: roll{}}, nil
		}},
		{Method: "GET", Pattern: "/specimen/live", Handler: func(*webkit.Request) (webkit.Response, error) {
			return webkit.Live{Feed: func(ctx context.Context, _ string, _ func(webkit.Event) error) error {
				<-ctx.Done()
				return nil
			}}, nil
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, wears
}

func wearing(t *testing.T, colour string, logo bool) *look.Look {
	t.Helper()
	l := &look.Look{}
	if c, ok := look.ParseColour(colour); ok {
		l.Colour = &c
	}
	if logo {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 90, 30))); err != nil {
			t.Fatal(err)
		}
		l.Logo = &look.Logo{ID: "abc", PNG: b.Bytes(), Width: 90, Height: 30, On: "light"}
	}
	return l
}

func TestLookIsServed(t *testing.T) {
	for _, c := range []struct {
		apart bool
		base  string
	}{{false, ""}, {true, "/specimen"}} {
		h, wears := dressed(t, c.apart)
		if body := get(h, "/specimen").Body.String(); strings.Contains(body, "look.css") || strings.Contains(body, "look.png") {
			t.Error("a plain page asks for a look")
		}
		wears.Store(wearing(t, "#ffe600", true))
		body := get(h, "/specimen").Body.String()
		css := regexp.MustCompile(`<link rel="stylesheet" id="look-css" href="(` + c.base + `/look\.css\?v=[0-9a-f]{12})">`).FindStringSubmatch(body)
		png := regexp.MustCompile(`src="(` + c.base + `/look\.png\?v=abc)" width="90" height="30" data-ground="light" alt="Lindholmen"`).FindStringSubmatch(body)
		if css == nil || png == nil {
			t.Fatalf("no look on the page: %s", body[:1500])
		}
		for url, kind := range map[string]string{css[1]: "text/css; charset=utf-8", png[1]: "image/png"} {
			w := get(h, url)
			if w.Code != 200 || w.Header().Get("Content-Type") != kind || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Security-Policy") == "" {
				t.Errorf("%s: %d %v", url, w.Code, w.Header())
			}
			bare, _, _ := strings.Cut(url, "?")
			for _, other := range []string{bare, bare + "?v=old"} {
				if w := get(h, other); w.Header().Get("Cache-Control") != "no-cache" || w.Code != 200 {
					t.Errorf("%s: %d %v", other, w.Code, w.Header())
				}
			}
			if w := get(h, bare, func(r *http.Request) { r.Header.Set("If-None-Match", w.Header().Get("ETag")) }); w.Code != http.StatusNotModified {
				t.Errorf("%s: %d", bare, w.Code)
			}
		}
		sheet := get(h, css[1]).Body.String()
		yellow, _ := look.ParseColour("#ffe600")
		for _, want := range []string{"--pine: " + look.Light.For(yellow).Accent.String(), "--pine: #ffe600", "prefers-color-scheme: dark"} {
			if !strings.Contains(sheet, want) {
				t.Errorf("no %q in %s", want, sheet)
			}
		}
		for _, never := range []string{"--alarm", "--done", "--unsure", "--fault", "--safe", "--note", "--focus"} {
			if strings.Contains(sheet, never) {
				t.Errorf("the look changes %s", never)
			}
		}
		wears.Store(&look.Look{})
		if w := get(h, c.base+"/look.png"); w.Code != http.StatusNotFound {
			t.Error(w.Code)
		}
	}
}

// What a colour is measured against are the colours of the program's own sheet.
func TestGroundsAreTheSheets(t *testing.T) {
	sheet, err := fs.ReadFile(webkit.Static(), "upprop.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(sheet), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("no dark colours")
	}
	for part, g := range map[string]look.Grounds{light: look.Light, dark: look.Dark} {
		for name, c := range map[string]look.Colour{"paper": g.Paper, "sheet": g.Sheet, "ink": g.Ink, "soft": g.Soft} {
			if got := regexp.MustCompile(`--` + name + `: (#[0-9a-f]{6});`).FindStringSubmatch(part); got == nil || got[1] != c.String() {
				t.Errorf("%s: %v in the sheet, %v here", name, got, c)
			}
		}
	}
}

// pipeWriter is an answer that is read while it is written.
type pipeWriter struct {
	header http.Header
	io.Writer
}

func (w pipeWriter) Header() http.Header { return w.header }
func (w pipeWriter) WriteHeader(int)     {}
func (w pipeWriter) Flush()              {}

// A page that is open hears of another look within a beat, and of its being taken
// off; one that comes when it is worn, at once.
func TestLookReachesOpenPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, wears := dressed(t, false)
		in, line := io.Pipe()
		out := pipeWriter{http.Header{}, line}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.ServeHTTP(out, httptest.NewRequest("GET", "http://localhost/specimen/live", nil).WithContext(ctx))
		}()
		events := bufio.NewScanner(in)
		next := func() string {
			for events.Scan() {
				if name, ok := strings.CutPrefix(events.Text(), "event: "); ok {
					events.Scan()
					return name + " " + events.Text()
				}
			}
			return ""
		}
		began := time.Now()
		wears.Store(wearing(t, "#ffe600", true))
		if got := next(); !strings.HasPrefix(got, "look ") || !strings.Contains(got, "/look.css?v=") || !strings.Contains(got, "/look.png?v=abc") || time.Since(began) > 15*time.Second {
			t.Errorf("%q", got)
		}
		wears.Store(&look.Look{})
		if got := next(); !strings.HasPrefix(got, "look ") || strings.Contains(got, "/look.") {
			t.Errorf("%q", got)
		}
		cancel()
		<-done
		_ = line.Close()
	})
}
