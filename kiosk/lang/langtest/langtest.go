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
	// Visitors: the catalog speaks all languages of visitors, not those of staff
	// alone.
	Visitors bool
}

var (
	action  = regexp.MustCompile(`(?s){{.*?}}`)
	dotted  = regexp.MustCompile(`"([a-z_]+(?:\.[a-z_]+)+)"`)
	literal = regexp.MustCompile(`"([^"\\\n]+)"`)
	asset   = regexp.MustCompile(`\.(css|js|svg|html)$`)
)

// Lint checks one catalog, and that everything in it is used by src.
func Lint(t *testing.T, catalog fs.FS, src Sources) {
	t.Helper()
	locales := lang.Locales()
	if src.Visitors {
		locales = lang.Visitors()
	}
	first := messages(t, catalog, lang.Default)
	for _, l := range locales {
		for _, fault := range lang.Compare(first, messages(t, catalog, l), l, catalog == lang.Base() && !slices.Contains(lang.Locales(), l)) {
			t.Errorf("%s: %v", l, fault)
		}
		if src.Visitors {
			sameOrder(t, catalog, l)
		}
	}
	load := func(more ...fs.FS) (*lang.Catalog, error) { return lang.Load(more...) }
	if src.Visitors {
		load = func(more ...fs.FS) (*lang.Catalog, error) { return lang.LoadVisitors(nil, more...) }
	}
	known, err := load(others(catalog)...)
	if err != nil {
		t.Fatal(err)
	}
	used := usage(t, src, func(file, key string) {
		if !known.Has(key) {
			t.Errorf("%s: key %s is in no catalog", file, key)
		}
	})
	for id, msg := range first {
		for _, count := range []string{"Count", "Days"} {
			if !slices.Contains(lang.Placeholders(msg.Other), count) {
				continue
			}
			for _, l := range locales {
				for _, n := range []int{0, 1, 2, 3, 11, 21, 100, 103} {
					got := known.Text(l, id, map[string]any{count: n})
					if got == id || !strings.Contains(got, strconv.Itoa(n)) && n != 1 && !(l == lang.Arabic && n <= 2) {
						t.Errorf("%s: key %s says %q of %d", l, id, got, n)
					}
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

// sameOrder holds a file to the order of the default's: with so many languages,
// whoever adds a phrase finds its place in each.
func sameOrder(t *testing.T, catalog fs.FS, l lang.Locale) {
	t.Helper()
	at := map[string]int{}
	for i, key := range order(t, catalog, lang.Default) {
		at[key] = i
	}
	last := -1
	for _, key := range order(t, catalog, l) {
		if i, ok := at[key]; ok {
			if i < last {
				t.Errorf("%s: %s stands elsewhere than in %s", l, key, lang.Default)
			}
			last = i
		}
	}
}

var lineStart = regexp.MustCompile(`^(\[.*\]|\w+ =)`)

// order are the lines of a file that begin a table or a phrase, with the table.
func order(t *testing.T, catalog fs.FS, l lang.Locale) (out []string) {
	t.Helper()
	buf, err := fs.ReadFile(catalog, string(l)+".toml")
	if err != nil {
		t.Fatal(err)
	}
	table := ""
	for _, line := range strings.Split(string(buf), "\n") {
		switch m := lineStart.FindString(line); {
		case strings.HasPrefix(m, "["):
			table = m
			out = append(out, m)
		case m != "":
			out = append(out, table+" "+m)
		}
	}
	return out
}

// others is what Load needs beside the base catalog.
func others(catalog fs.FS) []fs.FS {
	if catalog == lang.Base() {
		return nil
	}
	return []fs.FS{catalog}
}

func messages(t *testing.T, fsys fs.FS, l lang.Locale) map[string]*i18n.Message {
	t.Helper()
	buf, err := fs.ReadFile(fsys, string(l)+".toml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := lang.Messages(l, buf)
	if err != nil {
		t.Fatal(err)
	}
	return m
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
