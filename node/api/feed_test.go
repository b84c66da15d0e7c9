package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sendBadges sends a message as an access-control system signs it.
func (h *house) sendBadges(secret, body string) (int, map[string]any) {
	h.t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		h.t.Fatal(err)
	}
	m := hmac.New(sha256.New, key)
	at := time.Now().Unix()
	fmt.Fprintf(m, "x.%d.%s", at, body)
	return h.do(h.remote, "POST", "/api/v1/badges", body, "Webhook-Id", "x", "Webhook-Timestamp", fmt.Sprint(at),
		"Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

func TestFeed(t *testing.T) {
	h := newHouse(t)
	for _, verb := range []string{"GET /api/v1/feeds", "POST /api/v1/feeds", "DELETE /api/v1/feeds", "POST /api/v1/feeds/import"} {
		method, path, _ := strings.Cut(verb, " ")
		if status, _ := h.do(h.remote, method, path, `{"name":"Access"}`, "Authorization", "Bearer "+token); status != http.StatusForbidden {
			t.Error("staff are fed in over the network:", verb, status)
		}
	}
	status, made := h.do(h.local, "POST", "/api/v1/feeds", `{"name":"Access","entrance":"Staff door","quiet_seconds":1800}`)
	if status != 200 {
		t.Fatal(status, made)
	}
	asDescribed(t, "FeedMade", made)
	secret := made["secret"].(string)
	at := time.Now().UTC().Format(time.RFC3339)
	in := fmt.Sprintf(`{"badge":"90210","event":"in","at":%q,"name":"Astrid Marker"}`, at)
	for _, want := range []string{"in", "repeated"} {
		status, out := h.sendBadges(secret, in)
		if status != 200 || fmt.Sprint(out["outcomes"]) != "["+want+"]" {
			t.Fatal(status, out)
		}
		asDescribed(t, "BadgesTaken", out)
	}
	visit := h.list("/api/v1/visits?present=1")
	if len(visit) != 1 || visit[0]["name"] != "Astrid Marker" || visit[0]["type"] != "staff" || visit[0]["entrance"] != "Staff door" {
		t.Fatalf("%v", visit)
	}
	if status, out := h.sendBadges("whsec_"+strings.Repeat("A", 32), in); status != 401 || out["key"] != "feed.signature" {
		t.Error(status, out)
	}
	if status, out := h.sendBadges(secret, `{"badge":"90210"}`); status != 400 || out["key"] != "feed.malformed" {
		t.Error(status, out)
	}
	if status, out := h.do(h.local, "POST", "/api/v1/feeds/import", fmt.Sprintf(`{"name":"Access","events":[{"badge":"7","event":"in","at":%q}]}`, at)); status != 200 || fmt.Sprint(out["outcomes"]) != "[in]" {
		t.Error(status, out)
	}
	f := h.list("/api/v1/feeds")[0]
	asDescribed(t, "FeedSource", f)
	if f["silent"] != false || f["quiet_seconds"] != 1800.0 || f["mqtt"] != nil {
		t.Error(f)
	}
	if status, out := h.do(h.local, "POST", "/api/v1/feeds", `{"name":"Broker","mqtt":{"url":"mqtt://b.example.org:1883","topic":"x"}}`); status != 422 || out["key"] != "feed.mqtt" {
		t.Error(status, out)
	}
	_, diagnosis := h.do(h.local, "GET", "/api/v1/doctor", "")
	report := fmt.Sprint(diagnosis["findings"])
	for _, code := range []string{"feed-signature", "feed-refused"} {
		if !strings.Contains(report, code) || strings.Contains(report, "90210") || strings.Contains(report, "Marker") {
			t.Errorf("doctor does not say %s, or says too much: %s", code, report)
		}
	}
	if status, _ := h.do(h.local, "DELETE", "/api/v1/feeds?name=Access", ""); status != 200 || len(h.list("/api/v1/feeds")) != 0 {
		t.Error("it is still there:", status)
	}
	if status, out := h.do(h.local, "DELETE", "/api/v1/feeds?name=Access", ""); status != 404 {
		t.Error(status, out)
	}
	if n := len(h.list("/api/v1/visits?present=1")); n != 2 {
		t.Error("who is inside by its word is gone:", n)
	}
}
