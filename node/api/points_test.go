package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// list is an answer that is a list.
func (h *house) list(path string) (out []map[string]any) {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.local.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		h.t.Fatal(path, err, w.Body)
	}
	return out
}

// asDescribed holds an answer to the fields that the document names.
func asDescribed(t *testing.T, name string, got map[string]any) {
	t.Helper()
	var d struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openapi, &d); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Keys(d.Components.Schemas[name].Properties))
	if fields := slices.Sorted(maps.Keys(got)); !slices.Equal(fields, want) {
		t.Errorf("%s answers %v, the document says %v", name, fields, want)
	}
}

func TestPoints(t *testing.T) {
	h := newHouse(t)
	if got := h.list("/api/v1/points"); len(got) != 0 {
		t.Error(got)
	}
	status, p := h.do(h.local, "POST", "/api/v1/points", `{"name":"Parking","position":"by the oak","at":"57.7,11.9","capacity":200,"text":{"sv":"Vid eken."}}`)
	if status != 200 || p["kind"] != "point" || p["capacity"] != 200.0 || p["at"].(map[string]any)["lat"] != 57.7 {
		t.Fatal(status, p)
	}
	asDescribed(t, "Point", p)
	if _, p = h.do(h.local, "POST", "/api/v1/points", `{"name":"Parking","kind":"refuge"}`); p["kind"] != "refuge" || p["position"] != "by the oak" {
		t.Error(p)
	}
	if !h.node.Points().Known("Parking") {
		t.Error("the node does not know it")
	}
	if status, out := h.do(h.local, "POST", "/api/v1/wardens", `{"name":"Floor 2","duty":true,"point":"Parking"}`); status != 200 {
		t.Error(status, out)
	}
	asDescribed(t, "Warden", h.list("/api/v1/wardens")[0])
	if status, out := h.do(h.local, "POST", "/api/v1/screens", `{"name":"Reception","at":"57.7,11.9","facing":10}`); status != 200 {
		t.Error(status, out)
	}
	asDescribed(t, "Screen", h.list("/api/v1/screens")[0])
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/api/v1/points", `{"name":"a/b"}`, 422},
		{"POST", "/api/v1/points", `{"name":"PARKING"}`, 409},
		{"POST", "/api/v1/points", `{"nome":"x"}`, 400},
		{"DELETE", "/api/v1/points", ``, 400},
		{"DELETE", "/api/v1/points?name=Nowhere", ``, 404},
		{"POST", "/api/v1/wardens", `{"name":"Anna Marker","zone":"B2"}`, 422},
		{"DELETE", "/api/v1/wardens?name=Nobody", ``, 404},
		{"POST", "/api/v1/screens", `{"name":"Nobody","at":"57.7,11.9"}`, 422},
		{"DELETE", "/api/v1/wardens?name=Floor+2", ``, 200},
		{"DELETE", "/api/v1/points?name=Parking", ``, 200},
	} {
		if got, out := h.do(h.local, c.method, c.path, c.body); got != c.status || strings.Contains(fmt.Sprint(out), "Marker") {
			t.Errorf("%s %s %s: %d %v", c.method, c.path, c.body, got, out)
		}
	}
	if len(h.list("/api/v1/points"))+len(h.list("/api/v1/wardens")) != 0 {
		t.Error("what was removed is still listed")
	}
	if status, _ := h.do(h.remote, "GET", "/api/v1/points", ""); status != 401 {
		t.Error("points are told to strangers:", status)
	}
}

// send sends a message as a source signs it, without the node's token.
func (h *house) send(secret, id string, at time.Time, body string) (int, map[string]any) {
	h.t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		h.t.Fatal(err)
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%d.%s", id, at.Unix(), body)
	return h.do(h.remote, "POST", "/api/v1/trigger", body, "Webhook-Id", id, "Webhook-Timestamp", fmt.Sprint(at.Unix()),
		"Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

func TestTrigger(t *testing.T) {
	h := newHouse(t)
	for _, method := range []string{"GET", "POST", "DELETE"} {
		if status, _ := h.do(h.remote, method, "/api/v1/triggers", `{"name":"Panel"}`, "Authorization", "Bearer "+token); status != http.StatusForbidden {
			t.Error("secrets are handed out over the network:", method, status)
		}
	}
	status, made := h.do(h.local, "POST", "/api/v1/triggers", `{"name":"Panel"}`)
	if status != 200 {
		t.Fatal(status, made)
	}
	asDescribed(t, "TriggerMade", made)
	secret := made["secret"].(string)
	asDescribed(t, "TriggerSource", h.list("/api/v1/triggers")[0])

	if status, out := h.send("whsec_"+strings.Repeat("A", 32), "1", time.Now(), `{"action":"start"}`); status != 401 || out["key"] != "trigger.signature" {
		t.Error(status, out)
	}
	if status, out := h.do(h.remote, "POST", "/api/v1/trigger", `{"action":"start"}`); status != 401 {
		t.Error(status, out)
	}
	if status, out := h.send(secret, "t", time.Now(), `{"action":"test"}`); status != 200 || out["started"] != false || out["evacuation"] != nil {
		t.Error(status, out)
	}
	status, out := h.send(secret, "1", time.Now(), `{"action":"start"}`)
	if status != 200 || out["started"] != true || out["kind"] != "real" || out["evacuation"] == nil {
		t.Fatal(status, out)
	}
	asDescribed(t, "Triggered", out)
	if _, got := h.do(h.local, "GET", "/api/v1/evacuation", ""); got["evacuation"] == nil {
		t.Fatal("nothing runs")
	}
	h.do(h.local, "POST", "/api/v1/evacuation/end", `{"reason":"false alarm"}`)
	if status, out := h.send(secret, "1", time.Now(), `{"action":"start"}`); status != 200 || out["started"] != false || out["repeated"] != true || out["evacuation"] != nil {
		t.Error("a repetition starts it again:", status, out)
	}
	if status, out := h.send(secret, "2", time.Now().Add(-time.Hour), `{"action":"start"}`); status != 200 || out["started"] != true || out["clock_off"] != true {
		t.Error("a wrong clock stops an alarm:", status, out)
	}
	_, diagnosis := h.do(h.local, "GET", "/api/v1/doctor", "")
	report := fmt.Sprint(diagnosis["findings"])
	for _, code := range []string{"trigger-signature", "trigger-clock"} {
		if !strings.Contains(report, code) {
			t.Errorf("doctor does not say %s: %s", code, report)
		}
	}
	if status, _ := h.do(h.local, "DELETE", "/api/v1/triggers?name=Panel", ""); status != 200 || len(h.list("/api/v1/triggers")) != 0 {
		t.Error("it is still there:", status)
	}
}
