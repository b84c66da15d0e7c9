package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/cmd/internal/socket"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Pebble and libp2p keep these for the life of a process.
		goleak.IgnoreAnyFunction("github.com/cockroachdb/pebble/v2/vfs.(*diskHealthCheckingFS).startTickerLocked.func1"),
		goleak.IgnoreAnyFunction("github.com/libp2p/zeroconf/v2.(*Server).recv4"),
		// The last probe of a gossip that was shut down runs out by itself.
		goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"),
	)
}

// first makes the first node of a campus and returns its folder.
func first(t *testing.T, role identity.Role) string {
	t.Helper()
	dir := t.TempDir()
	if err := node.Init(node.InitOptions{Dir: dir, Campus: "Ekudden", Site: "North", Name: "Reception", Zone: "House A", Role: role, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// running is an App that works until the test ends.
func running(t *testing.T, cfg Config) *App {
	t.Helper()
	a, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("run:", err)
		}
		if err := a.Close(); err != nil {
			t.Error("close:", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return a
}

func get(t *testing.T, url string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestWhatIsServed(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk), Release: "test"}})
	if _, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"}); err != nil {
		t.Fatal(err)
	}
	bearer := []string{"Authorization", "Bearer " + a.Token()}
	for _, c := range []struct {
		path   string
		header []string
		status int
		has    string
		hasNot string
	}{
		{"", []string{"Accept-Language", "sv"}, 200, "Reception i Ekudden.", "Marker"},
		{"?lang=en", nil, 200, "Reception desk in Ekudden.", ""},
		{"?lang=en", nil, 200, "Site: North", ""},
		{"", nil, 200, `href="/kiosk`, ""},
		{"", nil, 200, `href="/warden`, ""},
		{"nowhere", nil, 404, "", ""},
		{"kiosk", nil, 200, "Ekudden", "Marker"},
		{"kiosk/away?lang=en", nil, 200, "This screen has lost contact", "Marker"},
		{"kiosk/worker.js", nil, 200, "upprop-away", "Marker"},
		{"warden", nil, 200, "Astrid Marker", ""},
		{"warden", []string{"X-Forwarded-For", "192.0.2.7"}, 200, "", "Marker"},
		{"healthz", nil, 200, `"status":"ok"`, "Marker"},
		{"metrics", nil, 200, "upprop_visits_open 1", "Marker"},
		{"metrics", nil, 200, "upprop_store_fsync_p99_seconds", ""},
		{"api/v1/visits", nil, 401, "", "Marker"},
		{"api/v1/muster", nil, 401, "", "Marker"},
		{"api/v1/muster", bearer, 200, "Astrid Marker", ""},
		{"api/v1/visits", bearer, 200, "Astrid Marker", ""},
		{"api/v1/openapi.json", nil, 200, `"openapi":"3.1.0"`, "Marker"},
	} {
		status, body := get(t, a.URL()+c.path, c.header...)
		if status != c.status || !strings.Contains(body, c.has) || c.hasNot != "" && strings.Contains(body, c.hasNot) {
			t.Errorf("/%s %v: %d, want %d with %q and not %q", c.path, c.header, status, c.status, c.has, c.hasNot)
		}
	}
}

// TestWithhold asks as other machines do.
func TestWithhold(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	if _, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"}); err != nil {
		t.Fatal(err)
	}
	ask := func(from, path string, header ...string) string {
		r := httptest.NewRequest("GET", "http://localhost"+path, nil)
		r.RemoteAddr = from
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		return w.Body.String()
	}
	for from, shown := range map[string]bool{"127.0.0.1:9": true, "[::1]:9": true, "192.0.2.1:9": false, "10.0.0.1:9": false, "": false, "@": false} {
		if got := strings.Contains(ask(from, "/warden"), "Marker"); got != shown {
			t.Errorf("from %q names are shown: %v", from, got)
		}
	}
	if !strings.Contains(ask("192.0.2.1:9", "/api/v1/muster", "Authorization", "Bearer "+a.Token()), "Marker") {
		t.Error("the token does not open names")
	}
}

func TestRelayOffersNoKiosk(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleRelay)}})
	if status, _ := get(t, a.URL()+"kiosk"); status != 404 {
		t.Error(status)
	}
	if _, body := get(t, a.URL()); strings.Contains(body, `href="/kiosk`) {
		t.Error("a relay offers a kiosk")
	}
}

func TestAddresses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for where, want := range map[string]string{
		taken.Addr().String(): "already in use",
		"192.0.2.1:80":        "--http",
	} {
		a, err := Open(Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}, HTTP: where})
		if err == nil {
			t.Errorf("%s is taken", where)
			err = a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", where, err, want)
		}
	}
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}, HTTP: Off})
	if a.URL() != "" {
		t.Error("screens are on:", a.URL())
	}
}

// TestUsualPortTaken: where nobody chose a port, a taken one is no reason not
// to start.
func TestUsualPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", DefaultHTTP)
	if err == nil {
		defer taken.Close()
	}
	dir := t.TempDir()
	if err := node.Init(node.InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	a := running(t, Config{Node: node.Config{Dir: dir}})
	if strings.Contains(a.URL(), ":8080/") {
		t.Error("the port was not taken")
	}
	if status, _ := get(t, a.URL()+"healthz"); status != 200 {
		t.Error(status)
	}
}

func TestSecretIsKept(t *testing.T) {
	dir := first(t, identity.RoleDesk)
	var tokens []string
	for range 2 {
		a, err := Open(Config{Node: node.Config{Dir: dir}})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, a.Token())
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, SecretFile), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if tokens[0] != tokens[1] || len(tokens[0]) < 26 {
		t.Error("the token changes, or is short")
	}
	if err := os.WriteFile(filepath.Join(dir, SecretFile), []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err := Open(Config{Node: node.Config{Dir: dir}}); err == nil {
		t.Error("a short token is taken", a.Close())
	}
	if err := os.Remove(filepath.Join(dir, SecretFile)); err != nil {
		t.Fatal(err)
	}
	a, err := Open(Config{Node: node.Config{Dir: dir}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Token() == tokens[0] {
		t.Error("a deleted token comes back")
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(filepath.Join(dir, SecretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(err, info.Mode())
	}
}

func TestOneAtATime(t *testing.T) {
	dir := first(t, identity.RoleDesk)
	a := running(t, Config{Node: node.Config{Dir: dir}})
	b, err := Open(Config{Node: node.Config{Dir: dir}})
	if err == nil {
		t.Fatal("two nodes in one folder", b.Close())
	}
	if !errors.Is(err, store.ErrLocked) {
		t.Error(err)
	}
	c, err := socket.Dial(t.Context(), a.Node().Folder().Socket())
	if err != nil {
		t.Fatal("the first is gone:", err)
	}
	_ = c.Close()
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Error(err, info.Mode())
	}
}

// troubled is a store whose disk fails, or fills up, when told to.
type troubled struct {
	store.Store
	failed atomic.Bool
	floor  atomic.Uint64
}

func (d *troubled) Write(b *store.Batch) (func() error, error) {
	if d.failed.Load() {
		return nil, store.ErrBroken
	}
	return d.Store.Write(b)
}

func (d *troubled) Metrics() store.Metrics {
	return store.Metrics{FreeBytes: 1 << 20, FloorBytes: d.floor.Load()}
}

func TestHealth(t *testing.T) {
	disk := &troubled{}
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk), OpenStore: func(dir string) (store.Store, error) {
		s, err := store.Open(dir, store.Options{})
		disk.Store = s
		return disk, err
	}}})
	ask := func(status int, word string) (h Health) {
		t.Helper()
		code, body := get(t, a.URL()+"healthz")
		if err := json.Unmarshal([]byte(body), &h); err != nil || code != status || h.Status != word || (h.Problem == "") != (status == 200) {
			t.Errorf("%d %s, want %d %s: %v", code, body, status, word, err)
		}
		return h
	}
	if h := ask(200, "ok"); len(h.Degraded) != 0 {
		t.Error("a lone healthy node is degraded:", h.Degraded)
	}
	disk.floor.Store(1 << 19)
	if h := ask(200, "ok"); !slices.Contains(h.Degraded, "disk-nearly-full") {
		t.Error("not warned of:", h.Degraded)
	}
	disk.floor.Store(1 << 21)
	ask(503, "broken")
	disk.floor.Store(0)
	disk.failed.Store(true)
	ask(503, "broken")
	disk.failed.Store(false)
	a.ending.Store(true)
	ask(503, "closing")
}

// TestStreamEndsWithTheNode keeps a live page open while the node stops.
func TestStreamEndsWithTheNode(t *testing.T) {
	a, err := Open(Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	res, err := http.Get(a.URL() + "warden/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := res.Body.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > farewell {
		t.Errorf("a live page holds the node up for %v", d)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error("closing twice:", err)
	}
	http.DefaultClient.CloseIdleConnections()
}
