package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestMarks(t *testing.T) {
	h := newHouse(t)
	_, receipt := h.do(h.local, "POST", "/api/v1/visits", `{"name":"Astrid Marker"}`)
	badge, visit := receipt["badge"].(string), receipt["visit"].(string)
	act := func(path, body string, want int, key string) map[string]any {
		t.Helper()
		status, out := h.do(h.local, "POST", "/api/v1/evacuation/"+path, body)
		if status != want || key != "" && out["key"] != key {
			t.Fatalf("%s %s: %d %v", path, body, status, out)
		}
		return out
	}
	act("marks", `{"code":"`+badge+`","mark":"safe"}`, 409, "evacuation.not_covered")
	act("people", `{"text":"Marker in red"}`, 409, "evacuation.not_covered")
	act("sweeps", `{"zone":"Cellar","clear":true}`, 409, "evacuation.not_covered")
	h.do(h.local, "POST", "/api/v1/evacuation", "")

	once := `"once":"00112233445566778899aabbccddeeff"`
	marked := act("marks", `{"code":"`+badge+`","mark":"safe","point":"Car park",`+once+`}`, 200, "")
	if marked["visit"] != visit || marked["mark"] != "safe" || marked["point"] != "Car park" || marked["point_known"] != false || marked["known"] != true || marked["already"] != false {
		t.Error(marked)
	}
	if again := act("marks", `{"code":"`+badge+`","mark":"safe","point":"Car park",`+once+`}`, 200, ""); again["already"] != true || again["at"] != marked["at"] {
		t.Error("delivered twice:", again)
	}
	if undone := act("marks/undo", `{"code":"`+visit+`",`+strings.Replace(once, "00", "01", 1)+`}`, 200, ""); undone["undone"] != "safe" || undone["mark"] != nil {
		t.Error(undone)
	}
	if again := act("marks/undo", `{"code":"`+visit+`",`+strings.Replace(once, "00", "01", 1)+`}`, 200, ""); again["already"] != true {
		t.Error(again)
	}
	act("marks/undo", `{"code":"`+visit+`"}`, 409, "evacuation.nothing_to_undo")

	added := act("people", `{"text":"Marker in red",`+once+`}`, 200, "")
	if again := act("people", `{"text":"Marker in red",`+once+`}`, 200, ""); again["visit"] != added["visit"] || again["already"] != true {
		t.Error(again)
	}
	if joined := act("join", `{"added":"`+added["badge"].(string)+`","visit":"`+badge+`"}`, 200, ""); joined["visit"] != visit || joined["added"] != added["visit"] {
		t.Error(joined)
	}
	if apart := act("join", `{"added":"`+added["visit"].(string)+`","apart":true}`, 200, ""); apart["visit"] != nil {
		t.Error(apart)
	}
	if swept := act("sweeps", `{"zone":"Cellar","clear":false}`, 200, ""); swept["clear"] != false || swept["zone"] != "Cellar" {
		t.Error(swept)
	}
	for _, c := range []struct {
		path, body string
		status     int
		key        string
	}{
		{"marks", `{"code":"nonsense","mark":"safe"}`, 422, "badge.malformed"},
		{"marks", `{"code":"` + badge + `","mark":"fine"}`, 422, "evacuation.no_mark"},
		{"marks", `{"code":"` + badge + `"}`, 422, "evacuation.no_mark"},
		{"marks", `{"code":"` + badge + `","mark":"safe","point":"-x"}`, 422, "evacuation.no_point"},
		{"marks", `{"code":"` + badge + `","mark":"safe","once":"xyz"}`, 400, "request.malformed"},
		{"people", `{"text":" "}`, 422, "evacuation.text_empty"},
		{"people", `{"text":"` + strings.Repeat("a", 201) + `"}`, 422, "text.too_long"},
		{"people", `{"text":"Marker\u0007"}`, 422, "text.control"},
		{"join", `{"added":"` + badge + `","visit":"` + added["badge"].(string) + `"}`, 409, "evacuation.not_added"},
		{"join", `{"added":"` + added["badge"].(string) + `","visit":"` + added["badge"].(string) + `"}`, 422, "evacuation.join_self"},
		{"join", `{"added":"` + added["badge"].(string) + `"}`, 400, "request.malformed"},
		{"refuges", `{"point":"Stair B","help":"beamed"}`, 422, "evacuation.no_help"},
		{"refuges", `{"site":"Nowhere","help":"told"}`, 422, "evacuation.no_site"},
		{"refuges/heard", `{"point":"Stair B"}`, 400, "request.malformed"},
		{"refuges/heard", `{"point":"Stair B","count":100}`, 422, "evacuation.no_count"},
		{"sweeps", `{"zone":"Cellar"}`, 400, "request.malformed"},
		{"sweeps", `{"zone":"a/b","clear":true}`, 422, "evacuation.no_zone"},
		{"sweeps", `{"zone":"Cellar","site":"Nowhere","clear":true}`, 422, "evacuation.no_site"},
	} {
		if out := act(c.path, c.body, c.status, c.key); out["hint"] == "" || strings.Contains(out["error"].(string), "Marker") {
			t.Error(c.body, out)
		}
	}
	if status, _ := h.do(h.remote, "POST", "/api/v1/evacuation/marks", `{"code":"`+badge+`","mark":"safe"}`); status != 401 {
		t.Error("a stranger marks people:", status)
	}

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
	for name, got := range map[string]map[string]any{
		"Marked": marked, "Added": added, "Swept": act("sweeps", `{"zone":"Cellar","clear":true}`, 200, ""),
		"Called": act("refuges", `{"point":"Stair B","help":"coming"}`, 200, ""),
		"Joined": act("join", `{"added":"`+added["visit"].(string)+`","apart":true}`, 200, ""),
	} {
		want := slices.Sorted(maps.Keys(d.Components.Schemas[name].Properties))
		if fields := slices.Sorted(maps.Keys(got)); !slices.Equal(fields, want) {
			t.Errorf("%s answers %v, the document says %v", name, fields, want)
		}
	}
}
