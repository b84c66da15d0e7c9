// Package langtest holds catalogs to their invariant. It is for tests and
// ships because every screen with words of its own needs it. It does not
// judge style, only that nothing is missing, empty, unused or different
// between languages.
package langtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"

	"github.com/upprop/upprop/kiosk/lang"
)

// Sources are the files in which keys are used.
type Sources struct {
	// Templates hold *.html at any depth. Every quoted dotted word in an
	// action is taken for a key and must exist.
	Templates []fs.FS
	// GoDirs are folders whose *.go files (tests apart) use keys as string
	// literals.
	GoDirs []string
}

var (
	placeholder = regexp.MustCompile(`{{\s*\.(\w+)\s*}}`)
	action      = regexp.MustCompile(`(?s){{.*?}}`)
	dotted      = regexp.MustCompile(`"([a-z_]+(?:\.[a-z_]+)+)"`)
	literal     = regexp.MustCompile(`"([^"\\\n]+)"`)
	asset       = regexp.MustCompile(`\.(css|js|svg|html)$`)
)

// Lint checks one catalog, and that everything in it is used by src.
func Lint(t *testing.T, catalog fs.FS, src Sources) {
	t.Helper()
	all := map[lang.Locale]map[string]*i18n.Message{}
	for _, l := range lang.Locales() {
		all[l] = messages(t, catalog, string(l)+".toml")
	}
	first := all[lang.Default]
	for l, m := range all {
		for id := range m {
			if first[id] == nil {
				t.Errorf("%s: key %s is not in %s", l, id, lang.Default)
			}
		}
		for id, want := range first {
			got := m[id]
			if got == nil {
				t.Errorf("%s: key %s is missing", l, id)
				continue
			}
			if strings.TrimSpace(got.Other) == "" {
				t.Errorf("%s: key %s is empty", l, id)
			}
			if a, b := holes(want.Other), holes(got.Other); !slices.Equal(a, b) {
				t.Errorf("%s: key %s has placeholders %v, %s has %v", l, id, b, lang.Default, a)
			}
			if (want.One == "") != (got.One == "") {
				t.Errorf("%s: key %s has a singular in one language only", l, id)
			}
		}
	}
	known, err := lang.Load(others(catalog)...)
	if err != nil {
		t.Fatal(err)
	}
	used := usage(t, src, func(file, key string) {
		if !known.Has(key) {
			t.Errorf("%s: key %s is in no catalog", file, key)
		}
	})
	for id, msg := range first {
		if !slices.Contains(holes(msg.Other), "Count") {
			continue
		}
		for _, l := range lang.Locales() {
			for _, n := range []int{0, 1, 2, 21} {
				if got := known.Text(l, id, map[string]any{"Count": n}); got == id || !strings.Contains(got, strconv.Itoa(n)) && n != 1 {
					t.Errorf("%s: key %s says %q of %d", l, id, got, n)
				}
			}
		}
	}
	for id := range first {
		about, isHeading := strings.CutPrefix(id, "heading.")
		if !used[id] && !(isHeading && known.Has(about)) {
			t.Errorf("key %s is used nowhere", id)
		}
	}
}

// others is what Load needs beside the base catalog.
func others(catalog fs.FS) []fs.FS {
	if catalog == lang.Base() {
		return nil
	}
	return []fs.FS{catalog}
}

func messages(t *testing.T, fsys fs.FS, name string) map[string]*i18n.Message {
	t.Helper()
	buf, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	b := i18n.NewBundle(language.Swedish)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	file, err := b.ParseMessageFileBytes(buf, name)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]*i18n.Message{}
	for _, msg := range file.Messages {
		m[msg.ID] = msg
	}
	return m
}

func holes(s string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func usage(t *testing.T, src Sources, inTemplate func(file, key string)) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	for _, fsys := range src.Templates {
		err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".html" {
				return err
			}
			buf, err := fs.ReadFile(fsys, path)
			for _, a := range action.FindAllString(string(buf), -1) {
				for _, m := range dotted.FindAllStringSubmatch(a, -1) {
					if asset.MatchString(m[1]) {
						continue
					}
					used[m[1]] = true
					inTemplate(path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range src.GoDirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no Go files in %s (%v)", strconv.Quote(dir), err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			buf, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range literal.FindAllStringSubmatch(string(buf), -1) {
				used[m[1]] = true
			}
		}
	}
	return used
}
