package api

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type document struct {
	OpenAPI string                                `json:"openapi"`
	Paths   map[string]map[string]json.RawMessage `json:"paths"`
}

func described(t *testing.T) (verbs []string) {
	t.Helper()
	var d document
	if err := json.Unmarshal(openapi, &d); err != nil {
		t.Fatal(err)
	}
	if d.OpenAPI != "3.1.0" {
		t.Error("not OpenAPI 3.1:", d.OpenAPI)
	}
	for path, ops := range d.Paths {
		for method := range ops {
			verbs = append(verbs, strings.ToUpper(method)+" "+path)
		}
	}
	return verbs
}

// TestDocumentIsWhole holds the document to the routes of this package and to
// those that evac registers beside them.
func TestDocumentIsWhole(t *testing.T) {
	want := map[string]bool{}
	for _, r := range routes() {
		want[r.method+" "+r.path] = true
	}
	sources, err := filepath.Glob("../../evac/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatal("no sources of evac", err)
	}
	phone, err := filepath.Glob("../../evac/phone/*.go")
	if err != nil || len(phone) == 0 {
		t.Fatal("no sources of evac/phone", err)
	}
	sources = append(sources, phone...)
	pattern := regexp.MustCompile(`"((?:GET|POST|PUT|PATCH|DELETE) /api/v1/[^"]*)"`)
	for _, f := range sources {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pattern.FindAllStringSubmatch(string(b), -1) {
			want[m[1]] = true
		}
	}
	if !want["GET /api/v1/muster"] {
		t.Error("the routes of evac were not found")
	}
	for _, verb := range described(t) {
		if !want[verb] {
			t.Errorf("%s is described and does not exist", verb)
		}
		delete(want, verb)
	}
	for _, verb := range slices.Sorted(maps.Keys(want)) {
		t.Errorf("%s exists and is not described", verb)
	}
}

// TestReferencesResolve follows every $ref of the document.
func TestReferencesResolve(t *testing.T) {
	var d map[string]any
	if err := json.Unmarshal(openapi, &d); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				var at any = d
				for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
					m, _ := at.(map[string]any)
					at = m[part]
				}
				if at == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(d)
}

// TestAnswersAreAsDescribed holds what the verbs answer to the fields that the
// document names, no more and no fewer.
func TestAnswersAreAsDescribed(t *testing.T) {
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
	h := newHouse(t)
	_, receipt := h.do(h.local, "POST", "/api/v1/visits", `{"name":"Astrid Marker"}`)
	first := func(path string) map[string]any {
		w := httptest.NewRecorder()
		h.local.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		var all []map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || len(all) == 0 {
			t.Fatal(path, err)
		}
		return all[0]
	}
	visit, node := first("/api/v1/visits"), first("/api/v1/nodes")
	_, departure := h.do(h.local, "POST", "/api/v1/visits/out", `{"code":"`+receipt["badge"].(string)+`"}`)
	_, made := h.do(h.local, "POST", "/api/v1/tokens", `{"role":"desk"}`)
	_, evacuation := h.do(h.local, "POST", "/api/v1/evacuation", `{"drill":true}`)
	_, running := h.do(h.local, "GET", "/api/v1/evacuation", "")
	_, status := h.do(h.local, "GET", "/api/v1/status", "")
	_, names := h.do(h.local, "GET", "/api/v1/names", "")
	set := `{"webhook":{"name":"panel","url":"https://example.org/x","kind":"slack","events":["visit.arrived"]}}`
	if status, _ := h.do(h.local, "POST", "/api/v1/notices/settings", set); status != 200 {
		t.Fatal("a channel cannot be set:", status)
	}
	_, notices := h.do(h.local, "GET", "/api/v1/notices", "")
	channel := notices["channels"].([]any)[0].(map[string]any)
	for name, got := range map[string]map[string]any{
		"Notices": notices, "NoticeChannel": channel,
		"Names":   names,
		"Receipt": receipt, "Visit": visit, "Node": node, "Departure": departure, "Token": made, "Status": status,
		"Evacuation": evacuation, "Running": running,
	} {
		want := slices.Sorted(maps.Keys(d.Components.Schemas[name].Properties))
		if fields := slices.Sorted(maps.Keys(got)); !slices.Equal(fields, want) {
			t.Errorf("%s answers %v, the document says %v", name, fields, want)
		}
	}
}
