package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
)

// TestRightsAnswersAreAsDescribed holds the answers to the document's fields, no
// more and no fewer, within each other too.
func TestRightsAnswersAreAsDescribed(t *testing.T) {
	var d struct {
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openapi, &d); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	_, in := h.do(h.local, "POST", "/api/v1/visits", `{"name":"Astrid Marker","email":"a@marker.test"}`)
	v := in["visit"]
	post := func(path, body string) map[string]any {
		t.Helper()
		status, out := h.do(h.local, "POST", path, body)
		if status != 200 {
			t.Fatal(path, status, out)
		}
		return out
	}
	objection := post("/api/v1/subjects/object", fmt.Sprintf(`{"visit":%q,"reason":"protected identity"}`, v))
	post("/api/v1/cases/extend", fmt.Sprintf(`{"case":%q,"reason":"many at once"}`, objection["case"]))
	post("/api/v1/subjects/extract", fmt.Sprintf(`{"visit":%q,"lang":"sv"}`, v))
	w := httptest.NewRecorder()
	h.local.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/cases", nil))
	var cases []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &cases); err != nil || len(cases) != 1 {
		t.Fatal(err, w.Body)
	}
	_, purposes := h.do(h.local, "GET", "/api/v1/purposes", "")
	for name, got := range map[string]map[string]any{
		"SubjectExtract": post("/api/v1/subjects/export", fmt.Sprintf(`{"visit":%q}`, v)),
		"Restricting":    objection, "Case": cases[0], "Purposes": purposes,
		"PurposePreview": post("/api/v1/purposes", `{"list":"source","id":"desk","text":"told","dry_run":true}`),
		"Document":       post("/api/v1/documents", `{"name":"notice","lang":"sv"}`),
		"HouseFact":      post("/api/v1/documents/house", `{"fact":"contact","text":"the desk"}`),
		"BreachReport":   post("/api/v1/breaches", `{"node":"Reception"}`),
	} {
		holds(t, d.Components.Schemas, name, d.Components.Schemas[name], got)
	}
}

// holds compares an answer with a schema, as deep as both go.
func holds(t *testing.T, all map[string]map[string]any, at string, schema map[string]any, got any) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		name := ref[strings.LastIndex(ref, "/")+1:]
		holds(t, all, at+" "+name, all[name], got)
		return
	}
	if one, ok := schema["oneOf"].([]any); ok && got != nil {
		holds(t, all, at, one[0].(map[string]any), got)
		return
	}
	switch got := got.(type) {
	case []any:
		for _, x := range got {
			holds(t, all, at, schema["items"].(map[string]any), x)
		}
	case map[string]any:
		props, _ := schema["properties"].(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(got)) {
			if props[k] == nil {
				t.Errorf("%s answers %s, which is not described", at, k)
				continue
			}
			holds(t, all, at+"."+k, props[k].(map[string]any), got[k])
		}
		required, _ := schema["required"].([]any)
		for _, k := range required {
			if _, ok := got[k.(string)]; !ok {
				t.Errorf("%s lacks %s", at, k)
			}
		}
	}
}

func TestRightsRefusals(t *testing.T) {
	h := newHouse(t)
	_, in := h.do(h.local, "POST", "/api/v1/visits", `{"name":"Astrid Marker"}`)
	v := in["visit"]
	for _, c := range []struct {
		path, body string
		status     int
		key        string
	}{
		{"subjects/export", fmt.Sprintf(`{"visit":%q}`, aVisit), 404, "subject.unknown_visit"},
		{"subjects/export", `{"visit":"nonsense"}`, 422, ""},
		{"subjects/export", fmt.Sprintf(`{"visit":%q,"form":"pdf"}`, v), 422, ""},
		{"subjects/extract", fmt.Sprintf(`{"visit":%q,"lang":"fi"}`, v), 422, "document.lang"},
		{"subjects/restrict", fmt.Sprintf(`{"visit":%q}`, v), 422, "case.no_reason"},
		{"subjects/restrict", fmt.Sprintf(`{"visit":%q,"reason":"Marker"}`, v), 422, "case.reason_names"},
		{"subjects/restrict", fmt.Sprintf(`{"visit":%q,"lift":true}`, v), 409, "subject.not_restricted"},
		{"subjects/object", fmt.Sprintf(`{"visit":%q}`, in["badge"]), 422, ""},
		{"cases", fmt.Sprintf(`{"visit":%q,"kind":"wish","reason":"x"}`, v), 422, "case.kind"},
		{"cases/decide", fmt.Sprintf(`{"case":%q,"outcome":"granted"}`, anErasure), 422, ""},
		{"cases/decide", `{"case":"","outcome":"granted"}`, 422, ""},
		{"purposes", `{"list":"colour","id":"x"}`, 422, "purposes.list"},
		{"documents", `{"name":"poem","lang":"sv"}`, 422, "document.unknown"},
		{"documents", `{"name":"notice","lang":"fi"}`, 422, "document.lang"},
		{"breaches", `{"node":"Nobody"}`, 404, "node.unknown"},
		{"breaches", `{"node":"Reception","lang":"fi"}`, 422, "document.lang"},
	} {
		status, out := h.do(h.local, "POST", "/api/v1/"+c.path, c.body)
		if status != c.status || c.key != "" && out["key"] != c.key {
			t.Errorf("%s %s: %d %v, want %d %s", c.path, c.body, status, out, c.status, c.key)
		}
		if strings.Contains(fmt.Sprint(out), "Marker") {
			t.Errorf("%s: the refusal names a person: %v", c.path, out)
		}
	}
	for _, path := range []string{"subjects/export", "subjects/extract", "subjects/restrict", "subjects/object", "cases", "cases/letter", "documents", "breaches"} {
		if status, _ := h.do(h.remote, "POST", "/api/v1/"+path, `{}`); status != 401 {
			t.Errorf("%s answers a stranger: %d", path, status)
		}
	}
}

// An entrance sends who asks to a desk.
func TestRightsElsewhere(t *testing.T) {
	h := houseOf(t, identity.RoleEntrance)
	for _, path := range []string{"subjects/export", "subjects/restrict", "subjects/object"} {
		status, out := h.do(h.local, "POST", "/api/v1/"+path, fmt.Sprintf(`{"visit":%q}`, aVisit))
		if status != 403 || out["key"] != "subject.not_desk" || !strings.HasPrefix(fmt.Sprint(out["hint"]), "do it at a desk") {
			t.Errorf("%s: %d %v", path, status, out)
		}
	}
}
