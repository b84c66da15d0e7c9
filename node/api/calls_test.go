package api

import "testing"

func TestCalls(t *testing.T) {
	h := newHouse(t)
	if got := h.list("/api/v1/calls"); len(got) != 0 {
		t.Error(got)
	}
	if err := h.node.Calls().Ring(); err != nil {
		t.Fatal(err)
	}
	got := h.list("/api/v1/calls")
	if len(got) != 1 || got[0]["state"] != "waiting" {
		t.Fatal(got)
	}
	id := got[0]["id"].(string)
	for body, want := range map[string]int{
		`{"id":"` + id + `","answer":"shown"}`: 422, `{"id":"` + id + `","answer":"soon"}`: 400, `{"id":"aaaaaaaaaaaaaaaa","answer":"done"}`: 404,
	} {
		if status, _ := h.do(h.local, "POST", "/api/v1/calls", body); status != want {
			t.Errorf("%s: %d, want %d", body, status, want)
		}
	}
	h.do(h.local, "POST", "/api/v1/calls", `{"id":"`+id+`","answer":"coming"}`)
	if got := h.list("/api/v1/calls"); got[0]["state"] != "coming" || got[0]["by"] == "" {
		t.Error(got)
	}
	h.do(h.local, "POST", "/api/v1/calls", `{"id":"`+id+`","answer":"done"}`)
	if got := h.list("/api/v1/calls"); len(got) != 0 {
		t.Error(got)
	}
	if status, out := h.do(h.local, "POST", "/api/v1/reception", `{"phone":"031-123 45 67"}`); status != 200 || out["phone"] != "031-123 45 67" {
		t.Error(status, out)
	}
}
