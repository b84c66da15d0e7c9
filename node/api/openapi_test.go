package api

import (
	"encoding/json"
	"maps"
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
