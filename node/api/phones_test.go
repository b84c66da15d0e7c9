package api

import (
	"strings"
	"testing"
)

func TestPhones(t *testing.T) {
	h := newHouse(t)
	status, made := h.do(h.local, "POST", "/api/v1/phones", `{"label":"Car park 2","for":"12h"}`)
	if status != 200 || len(made["id"].(string)) != 13 || len(made["key"].(string)) < 100 {
		t.Fatalf("%d %v", status, made)
	}
	if link, _ := made["link"].(string); link != "" && !strings.Contains(link, "#"+made["key"].(string)) {
		t.Errorf("the key is not in the fragment: %s", link)
	}
	for _, bad := range []string{`{"for":"soon"}`, `{"for":"-1h"}`, `{"for":"9000h"}`, `{"label":"` + strings.Repeat("x", 49) + `"}`} {
		if status, got := h.do(h.local, "POST", "/api/v1/phones", bad); status != 422 || got["hint"] == "" {
			t.Errorf("%s: %d %v", bad, status, got)
		}
	}
	if status, got := h.do(h.local, "POST", "/api/v1/phones/revoke", `{"id":"nonsense"}`); status != 422 {
		t.Errorf("%d %v", status, got)
	}
	if status, got := h.do(h.local, "POST", "/api/v1/phones/revoke", `{"id":"`+made["id"].(string)+`"}`); status != 200 {
		t.Errorf("%d %v", status, got)
	}
}
