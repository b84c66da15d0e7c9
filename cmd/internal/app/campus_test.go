package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

// TestNewNode: a node that has joined but not reached its campus again checks
// nobody in and says why; when it has, it knows its campus by name.
func TestNewNode(t *testing.T) {
	desk, err := Open(Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- desk.Run(ctx) }()
	tok, err := desk.Node().CreateToken(node.TokenOptions{Role: identity.RoleEntrance, Name: "East gate"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := node.Enroll(t.Context(), node.EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	where := desk.Node().Network().Addrs()[0]
	stop()
	if err := errors.Join(<-done, desk.Close()); err != nil {
		t.Fatal(err)
	}

	east := running(t, Config{Node: node.Config{Dir: dir, DialEvery: 100 * time.Millisecond}})
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if east.AwaitReady(short) {
		t.Fatal("a node without its campus's keys says that it is ready")
	}
	var p *visits.Problem
	if _, err := east.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"}); !errors.As(err, &p) || p.Key != "keys.missing" {
		t.Fatal(err)
	}
	if _, body := get(t, east.URL()+"?lang=en"); !strings.Contains(body, "Entrance in North.") {
		t.Error("before the campus is known by name, its site stands in")
	}

	running(t, Config{Node: node.Config{Dir: string(desk.Node().Folder()), Listen: where, DialEvery: 100 * time.Millisecond}})
	long, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if !east.AwaitReady(long) {
		t.Fatal("the node never gets its campus's keys")
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, body := get(t, east.URL()+"?lang=en"); strings.Contains(body, "Entrance in Ekudden.") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the screens never say the campus's name")
		}
	}
	if _, err := east.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"}); err != nil {
		t.Error(err)
	}
}

// submit sends a form in, and returns the page that follows.
func submit(t *testing.T, a *App, path string, form url.Values) (status int, at, page string) {
	t.Helper()
	res, err := http.PostForm(a.URL()+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	if _, err := io.Copy(&b, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Request.URL.Path, b.String()
}

// TestAtTheDoor goes through the kiosk as a visitor does.
func TestAtTheDoor(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	post := func(path string, form url.Values) (int, string, string) { return submit(t, a, path, form) }
	status, at, page := post("kiosk/arrive", url.Values{"name": {"Astrid Marker"}, "host": {"Sven"}, "lang": {"en"}})
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(page)
	if status != 200 || !strings.HasPrefix(at, "/kiosk/welcome/") || code == "" {
		t.Fatal(status, at)
	}
	if open := a.Node().Replica().Open(); len(open) != 1 || open[0].Badge().String() != code {
		t.Fatal("the badge on the screen is not that of the visit:", code)
	}
	if status, _, page := post("kiosk/arrive", url.Values{"name": {""}, "lang": {"en"}}); status != 422 || !strings.Contains(page, "write your name") {
		t.Error("an empty name:", status)
	}
	if status, _, page := post("kiosk/leave", url.Values{"code": {"nonsense"}, "lang": {"en"}}); status != 422 || !strings.Contains(page, "not a badge code") {
		t.Error("a code that is none:", status)
	}
	if status, at, _ := post("kiosk/leave", url.Values{"code": {code}}); status != 200 || !strings.HasPrefix(at, "/kiosk/goodbye") {
		t.Error(status, at)
	}
	if len(a.Node().Replica().Open()) != 0 {
		t.Error("somebody is still inside")
	}
}
