package office_test

import (
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"

	"github.com/upprop/upprop/kiosk/office"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/doctor"
	"github.com/upprop/upprop/node/operators"
)

// logs is a buffer that several requests may write to.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
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

// house is a running node with its office, served.
type house struct {
	t    testing.TB
	node *node.Node
	url  string
	logs *logs
	// away has requests come as if from another machine.
	mu   sync.Mutex
	away bool
}

func (h *house) from(away bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = away
}

const good = "mossa gitarr ponton"

func newHouse(t testing.TB, role identity.Role, prepare ...func(dir string)) *house {
	t.Helper()
	dir := t.TempDir()
	if err := node.Init(node.InitOptions{Dir: dir, Campus: "Ekudden", Site: "Norra", Name: "Receptionen", Zone: "Hus A", Role: role, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	for _, f := range prepare {
		f(dir)
	}
	h := &house{t: t, logs: &logs{}}
	log := slog.New(slog.NewJSONHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n, err := node.Open(node.Config{
		LabelSize: func(width, height, dpi int) error { return badge.Size{Width: width, Height: height, DPI: dpi}.Check() },
		Dir:       dir, Logger: log, PasswordCost: operators.Cost{Time: 1, Memory: 64, Threads: 1}, Languages: []string{"sv", "en", "ar"},
		Language:     func(l string, file []byte) error { return lang.CheckExtra(lang.Locale(l), file) },
		LanguageKept: func(l string, file []byte) error { return lang.CheckKept(lang.Locale(l), file) },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.node = n
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	a := api.New(api.Config{Node: n, Privacy: n, Audit: n, Release: "test", Started: time.Now(), Logger: log})
	o, err := office.New(office.Config{
		Node: n, Sessions: office.NewSessions("test", false, log), Nodes: a.Nodes,
		Findings: func() []doctor.Finding { return a.Diagnose().Findings },
		AtNode: func(*http.Request) bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return !h.away
		},
		NodeName: "Receptionen", Site: "Norra", CampusName: "Ekudden", Logger: log, PDF: plainPages,
		LanguageTemplate: func(l string) ([]byte, error) { return lang.Template(lang.Locale(l)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(o)
	h.url = srv.URL
	t.Cleanup(func() {
		_ = o.Close()
		srv.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if strings.Contains(h.logs.String(), "Marker") {
			t.Errorf("a log names a person:\n%s", h.logs)
		}
	})
	return h
}

// operator makes an account with a password.
func (h *house) operator(alias string, role operators.Role) operators.Operator {
	h.t.Helper()
	o, _, err := h.node.Operators().Add(context.Background(), "", alias, role, good)
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

// reader is a browser without script.
type reader struct {
	h      *house
	client *http.Client
	status int
	at     *url.URL
	body   string
	header http.Header
}

func (h *house) reader() *reader {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &reader{h: h, client: &http.Client{Jar: jar}}
}

func (r *reader) do(req *http.Request) *reader {
	r.h.t.Helper()
	req.Header.Set("Accept-Language", "en")
	res, err := r.client.Do(req)
	if err != nil {
		r.h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.h.t.Fatal(err)
	}
	r.status, r.at, r.body, r.header = res.StatusCode, res.Request.URL, html.UnescapeString(string(b)), res.Header
	return r
}

func (r *reader) get(path string) *reader {
	r.h.t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.h.url+path, nil)
	if err != nil {
		r.h.t.Fatal(err)
	}
	return r.do(req)
}

// post sends fields given as "k=v".
func (r *reader) post(path string, fields ...string) *reader {
	r.h.t.Helper()
	form := url.Values{"lang": {"en"}}
	for _, kv := range fields {
		k, v, _ := strings.Cut(kv, "=")
		form.Set(k, v)
	}
	req, err := http.NewRequest(http.MethodPost, r.h.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		r.h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return r.do(req)
}

// send sends a file, and fields given as "k=v".
func (r *reader) send(path, field, name string, file []byte, fields ...string) *reader {
	r.h.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, kv := range append(fields, "lang=en") {
		k, v, _ := strings.Cut(kv, "=")
		_ = w.WriteField(k, v)
	}
	if name != "" {
		part, err := w.CreateFormFile(field, name)
		if err != nil {
			r.h.t.Fatal(err)
		}
		_, _ = part.Write(file)
	}
	_ = w.Close()
	req, err := http.NewRequest(http.MethodPost, r.h.url+path, &body)
	if err != nil {
		r.h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return r.do(req)
}

// is checks where the reader is, and what stands there; a text that begins with
// "!" must not.
func (r *reader) is(status int, path string, texts ...string) *reader {
	r.h.t.Helper()
	if r.status != status || r.at.Path != path {
		r.h.t.Fatalf("status %d at %s, want %d at %s", r.status, r.at.Path, status, path)
	}
	for _, text := range texts {
		text, not := strings.CutPrefix(text, "!")
		if strings.Contains(r.body, text) == not {
			r.h.t.Errorf("%s: want %q: %v, in\n%s", path, text, !not, r.body)
		}
	}
	return r
}

func (r *reader) login(alias string) *reader {
	r.h.t.Helper()
	return r.post("/login", "alias="+alias, "password="+good).is(200, "/desk")
}

// recorded checks that an act is on record.
func (h *house) recorded(what, by string) {
	h.t.Helper()
	if err := h.node.Audit().Sync(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	lines, err := h.node.AuditLines()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, l := range lines {
		if l.What == what && l.By == by {
			return
		}
	}
	h.t.Errorf("%s by %s is not on record", what, by)
}
