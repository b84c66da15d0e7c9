package lang_test

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
)

func TestTemplateIsWhole(t *testing.T) {
	for _, l := range lang.Visitors() {
		file, err := lang.Template(l)
		if err != nil {
			t.Fatal(err)
		}
		// Italian has other plural forms than Arabic, and one and other as the rest.
		if err := lang.CheckExtra("it", file); err != nil && l != lang.Arabic {
			t.Errorf("%s: %v", l, err)
		}
		for _, of := range []string{"\npin", "[pin]", "[cut]", "cables", "kablar"} {
			if strings.Contains(string(file), of) {
				t.Errorf("%s: %q is for staff", l, of)
			}
		}
	}
	if _, err := lang.Template("so"); err == nil {
		t.Error("a template of a language that there is not")
	}
}

func TestCheckExtra(t *testing.T) {
	sv, err := lang.Template(lang.Swedish)
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, by string) []byte {
		t.Helper()
		if !strings.Contains(string(sv), old) {
			t.Fatal("no", old)
		}
		return []byte(strings.Replace(string(sv), old, by, 1))
	}
	for what, c := range map[string]struct {
		l    lang.Locale
		file []byte
		want string
	}{
		"whole":        {"it", sv, ""},
		"own":          {"sv", sv, `"sv" is not the tag`},
		"no tag":       {"sv_!", sv, "is not the tag"},
		"missing":      {"it", with("lede = \"Vad vill du göra?\"\n", ""), "start.lede: missing"},
		"unknown":      {"it", with("[start]\n", "[start]\nnew = \"x\"\n"), "start.new: there is no such phrase"},
		"html":         {"it", with("Vad vill du göra?", "<b>Vad?</b>"), "start.lede: has < or > in it"},
		"program":      {"it", with("Vad vill du göra?", "{{range $i := .X}}a{{end}}"), "start.lede: has braces"},
		"placeholder":  {"it", with("{{.Campus}}", "{{.Campuss}}"), "start.to: has the placeholders [Campuss] instead of [Campus]"},
		"override":     {"it", with("Vad vill du göra?", "\u202eVad"), "start.lede: has control characters"},
		"long":         {"it", with("Vad vill du göra?", strings.Repeat("å", 1501)), "start.lede: longer than"},
		"plural forms": {"pl", sv, `hosts.found: lacks the plural form few, many; the language has one, few, many, other`},
		"no TOML":      {"it", []byte("lede = "), "parse catalog it"},
		"bytes":        {"it", []byte("\xff"), "not in UTF-8"},
		"empty":        {"it", nil, "and "},
	} {
		err := lang.CheckExtra(c.l, c.file)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What was whole when it was added goes on being spoken when the program has other
// words; what is no words at all does not.
func TestCheckKept(t *testing.T) {
	file, err := lang.Template(lang.English)
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, by string) []byte {
		t.Helper()
		if !strings.Contains(string(file), old) {
			t.Fatal("no", old)
		}
		return []byte(strings.Replace(string(file), old, by, 1))
	}
	for what, c := range map[string]struct {
		file []byte
		kept bool
	}{
		"whole": {file, true}, "lacks": {with("[start]\ntitle", "[start]\n# title"), true}, "too much": {with("[start]\n", "[start]\nnew = \"{{.New}}\"\n"), true},
		"program": {with("[start]\n", "[start]\nnew = \"{{range .X}}\"\n"), false}, "placeholder": {with("{{.Campus}}", "{{.Campuss}}"), false}, "bytes": {[]byte("\xff"), false},
	} {
		if err := lang.CheckKept("it", c.file); (err == nil) != c.kept {
			t.Errorf("%s: %v", what, err)
		}
	}
	if lang.CheckKept("sv", file) == nil {
		t.Error("a language of the program's own")
	}
}
