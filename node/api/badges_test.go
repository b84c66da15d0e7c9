package api

import (
	"strings"
	"testing"
)

// What stands on badges is asked for and changed, one thing at a time, as the document
// says; what is no part of a badge is refused, and nothing is saved then.
func TestBadgeLayout(t *testing.T) {
	h := newHouse(t)
	ask := func(method, body string, want int, key string) map[string]any {
		t.Helper()
		status, out := h.do(h.local, method, "/api/v1/badge-layout", body)
		if status != want || key != "" && out["key"] != key {
			t.Fatalf("%s %.60s: %d %v, want %d %s", method, body, status, out, want, key)
		}
		return out
	}
	asDescribed(t, "BadgeLayout", ask("GET", "", 200, ""))
	asDescribed(t, "BadgeLayout", ask("POST", `{"shown":{"host":false},"foot":{"sv":"Hej då"}}`, 200, ""))
	ask("POST", `{"shape":"label"}`, 200, "")
	ask("POST", `{"shown":{"name":false},"given":true}`, 422, "badges.part")
	ask("POST", `{"shape":"round","given":true}`, 422, "badges.shape")
	ask("POST", `{"foot":{"sv":"`+strings.Repeat("x", 61)+`"},"given":true}`, 422, "text.too_long")
	got := ask("GET", "", 200, "")
	shown, _ := got["shown"].(map[string]any)
	if got["shape"] != "label" || got["given"] != false || shown["host"] != false || shown["company"] != true {
		t.Errorf("%v", got)
	}
}
