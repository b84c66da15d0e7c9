package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/visits"
)

// gateway is a real gateway for text messages.
type gateway struct {
	*httptest.Server
	mu    sync.Mutex
	forms []url.Values
}

func newGateway(t *testing.T) *gateway {
	g := &gateway{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(b))
		g.mu.Lock()
		defer g.mu.Unlock()
		g.forms = append(g.forms, form)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) sent() []url.Values {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.forms
}

// texts lets a node send text messages over the gateway, with links to an
// address.
func (g *gateway) texts(t *testing.T, a *App, link string) {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Node().ChangeNotices(func(s *notify.Settings) error {
		s.SMS = &notify.SMS{Gateway: notify.Elks, User: "u", Password: notify.Secret{File: secret}, From: "Upprop", URL: g.URL}
		s.Link = link
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestFromAlarmToAnswer goes the whole way: an entrance takes somebody in and
// sounds the alarm, one of two desks sends the message, and the link in it,
// opened at the entrance, makes its reader safe on the desks' lists.
func TestFromAlarmToAnswer(t *testing.T) {
	quick := func(dir string) Config {
		return Config{Node: node.Config{Dir: dir, DialEvery: 100 * time.Millisecond, RepairEvery: 100 * time.Millisecond}}
	}
	desk := running(t, quick(first(t, identity.RoleDesk)))
	joins := func(role identity.Role, name string) *App {
		tok, err := desk.Node().CreateToken(node.TokenOptions{Role: role, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := node.Enroll(t.Context(), node.EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
			t.Fatal(err)
		}
		return running(t, quick(dir))
	}
	second, east := joins(identity.RoleDesk, "Second desk"), joins(identity.RoleEntrance, "East gate")
	g := newGateway(t)
	g.texts(t, desk, strings.TrimSuffix(east.URL(), "/"))
	g.texts(t, second, strings.TrimSuffix(east.URL(), "/"))
	var got visits.Receipt
	until(t, "the entrance takes people in", func() (ok bool) {
		var err error
		got, err = east.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker", Phone: "070-123 45 67", Notify: true, Lang: "en"})
		return err == nil
	})
	until(t, "both desks open the dossier", func() bool {
		for _, a := range []*App{desk, second} {
			if d, err := a.Node().Visits().Dossier(got.Visit); err != nil || !d.Notify {
				return false
			}
		}
		return true
	})
	if _, err := east.Node().Alarm().Start(t.Context(), true, ""); err != nil {
		t.Fatal(err)
	}
	until(t, "the message is sent", func() bool { return len(g.sent()) > 0 })
	form := g.sent()[0]
	link := regexp.MustCompile(`http://\S+/r/\S+`).FindString(form.Get("message"))
	if form.Get("to") != "+46701234567" || !strings.HasPrefix(form.Get("message"), "DRILL at") || strings.Contains(form.Get("message"), "Marker") || link == "" {
		t.Fatal(form)
	}
	status, page := get(t, link)
	once := regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`).FindStringSubmatch(page)
	if status != 200 || once == nil || strings.Contains(page, "Marker") {
		t.Fatal(status, page)
	}
	state := func(a *App) string {
		_, body := get(t, a.URL()+"api/v1/muster", "Authorization", "Bearer "+a.Token())
		var l struct {
			People []struct{ Visit, State string }
		}
		if err := json.Unmarshal([]byte(body), &l); err != nil {
			t.Fatal(err)
		}
		for _, p := range l.People {
			if p.Visit == got.Visit.String() {
				return p.State
			}
		}
		return ""
	}
	if s := state(east); s != "inside" {
		t.Fatal("looking at the link has made somebody", s)
	}
	for range 2 {
		res, err := http.PostForm(link, url.Values{"answer": {"safe"}, "once": {once[1]}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 200 {
			t.Fatal(res.StatusCode)
		}
	}
	for _, a := range []*App{east, desk, second} {
		until(t, "safe on "+a.Node().Self().Name, func() bool { return state(a) == "safe" })
	}
	p, err := desk.Node().Replica().Presence(got.Visit)
	if err != nil || len(p.Marks) != 1 {
		t.Error("pressed twice:", len(p.Marks), "marks", err)
	}
	if n := len(g.sent()); n != 1 {
		t.Error("sent", n, "times")
	}
	_, numbers := get(t, desk.URL()+"metrics")
	_, others := get(t, second.URL()+"metrics")
	if !strings.Contains(numbers+others, `upprop_notices_total{channel="sms",state="sent"} 1`) || strings.Contains(numbers, "70123") {
		t.Error("the numbers do not say so")
	}
	forged := []byte(link)
	forged[len(forged)-20] ^= 1
	if status, page := get(t, string(forged)+"?lang=en"); status != 422 || !strings.Contains(page, "not whole") {
		t.Error("a forged link:", status)
	}
	if err := desk.Node().Revoke(senderOf(t, desk, second)); err == nil {
		// What a desk signed that is none any more makes nobody safe.
		until(t, "a revoked desk's link is refused", func() bool { status, _ := get(t, link); return status == 422 })
	}
}

// senderOf is the name of the desk that sent, where it is the second: a node
// does not revoke itself.
func senderOf(t *testing.T, desk, second *App) string {
	t.Helper()
	if second.Node().Notices().Status().Sent == 1 {
		return second.Node().Self().Name
	}
	return desk.Node().Self().Name
}
