package webkit_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// family is a family of screens with these scripts.
func family(scripts map[string]string, routes ...webkit.Route) (http.Handler, error) {
	words, err := lang.Load()
	if err != nil {
		return nil, err
	}
	files, pages := fstest.MapFS{}, fstest.MapFS{}
	for name, text := range scripts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	pages["page.html"] = &fstest.MapFile{Data: []byte(`{{define "title"}}x{{end}}{{define "content"}}{{template "shared"}}{{end}}`)}
	pages["parts/shared.html"] = &fstest.MapFile{Data: []byte(`{{define "shared"}}<script src="{{asset "a.js"}}"></script>{{end}}`)}
	return webkit.New(webkit.Config{
		Prefix: "/f", Pages: pages, Assets: files, Catalog: words, Logger: slog.New(slog.DiscardHandler),
	}, append(routes, webkit.Route{Method: "GET", Pattern: "/f", Handler: func(*webkit.Request) (webkit.Response, error) {
		return webkit.Page{Name: "page"}, nil
	}}))
}

func TestModulesImportByChecksum(t *testing.T) {
	h, err := family(map[string]string{
		"a.js": `import { b } from "./b.js"; const later = () => import("./c.js"); // "./no.js" is left alone`,
		"b.js": `import "./c.js"; export const b = 1;`,
		"c.js": `export const c = "./b.js";`,
	})
	if err != nil {
		t.Fatal(err)
	}
	url := regexp.MustCompile(`src="(/f/assets/a\.[0-9a-f]{16}\.js)"`).FindStringSubmatch(get(h, "/f").Body.String())[1]
	a := get(h, url).Body.String()
	imports := regexp.MustCompile(`"\./([bc]\.[0-9a-f]{16}\.js)"`).FindAllStringSubmatch(a, -1)
	if len(imports) != 2 || !strings.Contains(a, `"./no.js"`) {
		t.Fatalf("a.js is served as %s", a)
	}
	for _, m := range imports {
		if w := get(h, "/f/assets/"+m[1]); w.Code != http.StatusOK {
			t.Errorf("%s: status %d", m[1], w.Code)
		}
	}
	if w := get(h, "/f/assets/"+imports[1][1]); !strings.Contains(w.Body.String(), `c = "./b.js"`) {
		t.Errorf("c.js is served as %s", w.Body)
	}
	for what, scripts := range map[string]map[string]string{
		"a.js imports itself": {"a.js": `import "./b.js";`, "b.js": `import "./a.js";`},
		"a module is missing": {"a.js": `import "./b.js";`},
	} {
		if _, err := family(scripts); err == nil {
			t.Errorf("%s, and nobody says so", what)
		}
	}
}

func TestDataForScripts(t *testing.T) {
	h, err := family(map[string]string{"a.js": ""}, webkit.Route{Method: "POST", Pattern: "/f/do", Handler: func(r *webkit.Request) (webkit.Response, error) {
		switch {
		case r.Field("q") == "full":
			return nil, lang.Problem{Key: lang.DiskFull}
		case r.Field("q") == "broken":
			return nil, os.ErrInvalid
		}
		return webkit.Data{Value: map[string]bool{"asked": r.WantsData()}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string]struct {
		status    int
		reference bool
	}{"": {200, false}, "full": {503, false}, "broken": {500, true}} {
		r := httptest.NewRequest("POST", "http://localhost/f/do", strings.NewReader("q="+q))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var got struct {
			Asked            bool
			Error, Reference string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != want.status || w.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("%q: %d %s (%v)", q, w.Code, w.Body, err)
		}
		if got.Asked != (q == "") || (got.Error == "") != (q == "") || (got.Reference != "") != want.reference {
			t.Errorf("%q: %+v", q, got)
		}
	}
}
