package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

const token = "the-token-of-this-node"

// house is one running node with its interface, on both of its ways in.
type house struct {
	t             *testing.T
	dir           string
	node          *node.Node
	local, remote http.Handler
	logs          bytes.Buffer
}

func newHouse(t *testing.T) *house { return houseOf(t, identity.RoleDesk) }

func houseOf(t *testing.T, role identity.Role) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	if err := node.Init(node.InitOptions{Dir: h.dir, Campus: "Ekudden", Name: "Reception", Role: role, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(node.Config{Dir: h.dir})
	if err != nil {
		t.Fatal(err)
	}
	h.node = n
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if strings.Contains(h.logs.String(), "Marker") {
			t.Error("a log names a person")
		}
	})
	mux := http.NewServeMux()
	New(Config{
		Node: n, Release: "test", Started: time.Now(),
		Logger: slog.New(slog.NewTextHandler(&h.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}).Register(mux)
	h.local, h.remote = Local(mux), Bearer(token, mux)
	return h
}

func (h *house) do(to http.Handler, method, path, body string, header ...string) (int, map[string]any) {
	h.t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	to.ServeHTTP(w, req)
	var out map[string]any
	if b := w.Body.Bytes(); len(b) > 0 && b[0] == '{' {
		if err := json.Unmarshal(b, &out); err != nil {
			h.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	if w.Code >= 400 && (out["error"] == nil || out["hint"] == nil) {
		h.t.Errorf("%s %s: %d without an error and a hint: %s", method, path, w.Code, w.Body)
	}
	return w.Code, out
}

func TestWhoMay(t *testing.T) {
	h := newHouse(t)
	right := "Bearer " + token
	for _, c := range []struct {
		name   string
		to     http.Handler
		path   string
		auth   string
		status int
	}{
		{"socket", h.local, "/api/v1/visits", "", 200},
		{"token", h.remote, "/api/v1/visits", right, 200},
		{"scheme in lower case", h.remote, "/api/v1/visits", "bearer " + token, 200},
		{"nothing", h.remote, "/api/v1/visits", "", 401},
		{"wrong token", h.remote, "/api/v1/visits", right + "x", 401},
		{"half a token", h.remote, "/api/v1/visits", right[:len(right)-1], 401},
		{"empty token", h.remote, "/api/v1/visits", "Bearer ", 401},
		{"basic", h.remote, "/api/v1/visits", "Basic " + token, 401},
		{"no token set", Bearer("", h.remote), "/api/v1/visits", "Bearer ", 401},
		{"description", h.remote, "/api/v1/openapi.json", "", 200},
	} {
		if got, _ := h.do(c.to, "GET", c.path, "", "Authorization", c.auth); got != c.status {
			t.Errorf("%s: %d, want %d", c.name, got, c.status)
		}
	}
	if got, _ := h.do(h.remote, "GET", "/api/v1/visits", "", "Cookie", "token="+token); got != 401 {
		t.Errorf("a cookie lets in: %d", got)
	}
	for _, path := range []string{"/api/v1/root/export", "/api/v1/root/restore", "/api/v1/pin", "/api/v1/pin/unlock", "/api/v1/pin/lock", "/api/v1/passphrase"} {
		if got, _ := h.do(h.remote, "POST", path, `{"path":"/nowhere/x","passphrase":"long enough"}`, "Authorization", right); got != 403 {
			t.Errorf("%s over the network: %d", path, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		key                string
	}{
		{"POST", "/api/v1/visits", `{"name":""}`, 422, "name.empty"},
		{"POST", "/api/v1/visits", ``, 422, "name.empty"},
		{"POST", "/api/v1/visits", `{"name":"` + strings.Repeat("a", 201) + `"}`, 422, "name.too_long"},
		{"POST", "/api/v1/visits", `{"name":"Marker\u0007"}`, 422, "text.control"},
		{"POST", "/api/v1/visits", `{"nome":"Marker"}`, 400, "request.malformed"},
		{"POST", "/api/v1/visits", `{"name":"Marker"} {}`, 400, "request.malformed"},
		{"POST", "/api/v1/visits", `["Marker"]`, 400, "request.malformed"},
		{"POST", "/api/v1/visits", "{\"name\":\"Marker\xff\"}", 400, "request.malformed"},
		{"POST", "/api/v1/visits", `{"name":"` + strings.Repeat("a", maxBody) + `"}`, 413, "request.too_large"},
		{"POST", "/api/v1/visits/out", `{"code":"nonsense"}`, 422, "badge.malformed"},
		{"POST", "/api/v1/visits/out", `{"code":"UP9ABC"}`, 422, ""},
		{"POST", "/api/v1/evacuation/end", `{"reason":"all out"}`, 409, "evacuation.none"},
		{"POST", "/api/v1/evacuation/end", `{"reason":" "}`, 422, "evacuation.reason_empty"},
		{"POST", "/api/v1/evacuation/end", `{"reason":"` + strings.Repeat("a", 201) + `"}`, 422, "evacuation.reason_long"},
		{"POST", "/api/v1/evacuation/end", `{"reason":"a\u0007"}`, 422, "text.control"},
		{"POST", "/api/v1/evacuation", `{"site":"Nowhere"}`, 422, "evacuation.no_site"},
		{"POST", "/api/v1/evacuation", `{"site":"a/b"}`, 422, "evacuation.no_site"},
		{"GET", "/api/v1/visits?present=maybe", ``, 400, "request.malformed"},
		{"DELETE", "/api/v1/visits", ``, 405, ""},
		{"GET", "/api/v1/nothing", ``, 404, ""},
		{"POST", "/api/v1/tokens", `{"role":"chef"}`, 422, ""},
		{"POST", "/api/v1/tokens", `{"role":"desk","ttl":"1ms"}`, 422, ""},
		{"POST", "/api/v1/tokens", `{"role":"desk","ttl":"forever"}`, 422, ""},
		{"POST", "/api/v1/tokens", `{"role":"desk","site":"a/b"}`, 422, ""},
		{"POST", "/api/v1/tokens", `{"role":"desk","name":"Reception"}`, 409, ""},
		{"POST", "/api/v1/nodes/revoke", `{}`, 400, "request.malformed"},
		{"POST", "/api/v1/nodes/revoke", `{"name":"Nobody"}`, 404, ""},
		{"POST", "/api/v1/nodes/revoke", `{"name":"Reception"}`, 409, ""},
		{"POST", "/api/v1/issuers", `{"name":"Nobody"}`, 404, ""},
		{"POST", "/api/v1/root/export", `{"path":"here"}`, 400, "request.malformed"},
		{"POST", "/api/v1/root/export", `{"path":"/nowhere/at/all","passphrase":"long enough"}`, 422, ""},
		{"POST", "/api/v1/root/restore", `{"path":"/nowhere/at/all","passphrase":"long enough"}`, 422, ""},
	} {
		got, out := h.do(h.local, c.method, c.path, c.body)
		if got != c.status || c.key != "" && out["key"] != c.key {
			t.Errorf("%s %s %.40s: %d %v, want %d %s", c.method, c.path, c.body, got, out, c.status, c.key)
		}
		if strings.Contains(fmt.Sprint(out), "Marker") {
			t.Errorf("%s: the refusal repeats what was sent: %v", c.path, out)
		}
	}
	if got, _ := h.do(h.local, "POST", "/api/v1/visits", `name=Marker`, "Content-Type", "application/x-www-form-urlencoded"); got != 415 {
		t.Errorf("a form is taken: %d", got)
	}
	if _, out := h.do(h.local, "GET", "/api/v1/status", ""); out["present"] != 0.0 {
		t.Error("a refused request left something behind:", out)
	}
}

func TestVisitInAndOut(t *testing.T) {
	h := newHouse(t)
	status, got := h.do(h.local, "POST", "/api/v1/visits", `{"name":"Astrid Marker","company":"Bolaget","type":"craftsman"}`)
	if status != 200 {
		t.Fatal(status, got)
	}
	var list []Visit
	w := httptest.NewRecorder()
	h.local.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/visits?present=1", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list) != 1 {
		t.Fatal(err, w.Body)
	}
	v := list[0]
	if v.Visit.String() != got["visit"] || v.Name.Reveal() != "Astrid Marker" || v.Host != nil || v.Type != "craftsman" || v.ArrivedAt.IsZero() || !v.LeftAt.IsZero() {
		t.Errorf("%+v", v)
	}
	if s := fmt.Sprintf("%v %+v %#v", v.Name, *v.Name, v.Company.Private); strings.Contains(s, "Astrid") {
		t.Error("a name prints:", s)
	}
	status, out := h.do(h.local, "POST", "/api/v1/visits/out", fmt.Sprintf(`{"code":%q}`, got["qr"]))
	if status != 200 || out["known"] != true || out["already"] != false || out["visit"] != got["visit"] {
		t.Error(status, out)
	}
	if out["name"] != "Astrid Marker" {
		t.Error("the bearer of the QR is not greeted:", out["name"])
	}
	status, out = h.do(h.local, "POST", "/api/v1/visits/out", fmt.Sprintf(`{"code":%q}`, got["badge"]))
	if status != 200 || out["already"] != true || out["name"] != nil {
		t.Error(status, out)
	}
}

func TestEvacuation(t *testing.T) {
	h := newHouse(t)
	if _, got := h.do(h.local, "GET", "/api/v1/evacuation", ""); got["evacuation"] != nil {
		t.Error(got)
	}
	status, drill := h.do(h.local, "POST", "/api/v1/evacuation", `{"drill":true}`)
	if status != 200 || drill["kind"] != "drill" || drill["id"] == "" || drill["started_at"] == nil {
		t.Fatal(status, drill)
	}
	if _, again := h.do(h.local, "POST", "/api/v1/evacuation", `{"drill":true}`); again["id"] != drill["id"] || len(again["starts"].([]any)) != 1 {
		t.Error("a second press started a second drill:", again)
	}
	if _, real := h.do(h.local, "POST", "/api/v1/evacuation", ""); real["kind"] != "real" || real["id"] == drill["id"] || len(real["starts"].([]any)) != 2 {
		t.Error("an alarm during a drill:", real)
	}
	if status, out := h.do(h.local, "POST", "/api/v1/evacuation/end", `{"reason":"all out"}`); status != 200 || out["kind"] != "real" {
		t.Error(status, out)
	}
	if _, got := h.do(h.local, "GET", "/api/v1/evacuation", ""); got["evacuation"] != nil {
		t.Error("it runs on:", got)
	}
}

func TestStatusAndNodes(t *testing.T) {
	h := newHouse(t)
	_, s := h.do(h.local, "GET", "/api/v1/status", "")
	if s["name"] != "Reception" || s["campus"] != "Ekudden" || s["ready"] != true || s["issuer"] != true || s["release"] != "test" {
		t.Error(s)
	}
	w := httptest.NewRecorder()
	h.local.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/nodes", nil))
	var nodes []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &nodes); err != nil || len(nodes) != 1 {
		t.Fatal(err, w.Body)
	}
	if n := nodes[0]; n["state"] != "here" || n["role"] != "desk" || n["id"] != s["id"] || n["last_heard"] == nil {
		t.Error(n)
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{&visits.Problem{Key: "disk.full", Hint: "a: b"}, 507},
		{&visits.Problem{Key: "store.broken", Hint: "a: b"}, 503},
		{&visits.Problem{Key: "keys.missing", Hint: "a: b"}, 503},
		{&visits.Problem{Key: "badge.ambiguous", Hint: "a: b"}, 409},
		{fmt.Errorf("x: %w", join.ErrNotIssuer), 403},
		{fmt.Errorf("x: %w", identity.ErrNotIssuer), 403},
		{fmt.Errorf("x: %w", node.ErrNoRoot), 403},
		{fmt.Errorf("x: %w", identity.ErrRevoked), 409},
		{fmt.Errorf("x: %w", store.ErrFull), 507},
		{fmt.Errorf("about Marker"), 500},
	} {
		e := judge(c.err)
		if e.Status != c.status || strings.Contains(e.Error(), "Marker") || strings.Contains(e.Error(), "\n") {
			t.Errorf("%v: %d %s", c.err, e.Status, e)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"name":"A","type":"b"}`))
	f.Add([]byte(`{"name":null}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in Arrival
		err := decode(body, &in)
		if err != nil {
			return
		}
		again, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var same Arrival
		if err := decode(again, &same); err != nil || !cmp.Equal(same, in, cmpopts.EquateEmpty()) {
			t.Fatalf("%s reads back otherwise: %v", again, err)
		}
	})
}
