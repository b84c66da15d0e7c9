package lang_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	"github.com/upprop/upprop/kiosk/lang"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		choice, accept string
		want           lang.Locale
	}{
		{"", "", lang.Swedish},
		{"en", "sv", lang.English},
		{"sv", "en", lang.Swedish},
		{"xx", "en-GB,en;q=0.8", lang.English},
		{"", "de-DE,de;q=0.9,en;q=0.5", lang.English},
		{"", "ja", lang.Swedish},
		{"", "sv-FI", lang.Swedish},
		{"", ";;;=q", lang.Swedish},
	} {
		if got := lang.Choose(c.choice, c.accept); got != c.want {
			t.Errorf("Choose(%q, %q) = %s, want %s", c.choice, c.accept, got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 2, 14, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{lang.Swedish.Clock(at), "10:02"},
		{lang.English.ClockSeconds(at.Add(9 * time.Hour)), "19:02:14"},
		{lang.Swedish.Date(at), "söndag 22 november 2026"},
		{lang.English.Date(at), "Sunday 22 November 2026"},
		{lang.Swedish.ShortDate(at), "2026-11-22"},
		{lang.EasySwedish.Date(at), "söndag 22 november 2026"},
		{lang.Finnish.Date(at), "sunnuntai 22. marraskuuta 2026"},
		{lang.Finnish.ShortDate(at), "22.11.2026"},
		{lang.Finnish.ClockSeconds(at), "10.02.14"},
		{lang.Norwegian.Date(at), "søndag 22. november 2026"},
		{lang.Danish.Date(at), "søndag den 22. november 2026"},
		{lang.Danish.Clock(at), "10.02"},
		{lang.German.Date(at), "Sonntag, 22. November 2026"},
		{lang.German.ShortDate(at), "22.11.2026"},
		{lang.Arabic.Date(at), "الأحد، 22 نوفمبر 2026"},
		{lang.Locale("so").Date(at), "2026-11-22"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestProblemSpeaksEnglish(t *testing.T) {
	err := fmt.Errorf("check in: %w", lang.Problem{Key: lang.NameTooLong, Field: "name", Args: map[string]any{"Limit": 200}})
	var p lang.Problem
	if !errors.As(err, &p) || p.Field != "name" {
		t.Fatalf("no Problem in %v", err)
	}
	if want := "check in: The name is too long. Shorten it to at most 200 characters."; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestEveryProblemHasWords(t *testing.T) {
	c, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		lang.NameEmpty, lang.NameTooLong, lang.TextControl, lang.TextTooLong, lang.BadgeMalformed,
		lang.BadgeAmbiguous, lang.DiskFull, lang.StoreBroken, lang.StoreKeys, lang.ClosedEvacuation, lang.NodeRevoked, lang.NotifyNoAddress,
	} {
		for _, l := range lang.Locales() {
			if got := c.Text(l, key, map[string]any{"Limit": 200}); got == key {
				t.Errorf("%s: no words for %s", l, key)
			}
		}
	}
}

func TestMoreWords(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	c, err := lang.Load(fstest.MapFS{
		"sv.toml": file("[roll]\ninside = { one = \"{{.Count}} person är kvar\", other = \"{{.Count}} personer är kvar\" }"),
		"en.toml": file("[roll]\ninside = { one = \"{{.Count}} person is inside\", other = \"{{.Count}} people are inside\" }"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{0: "0 personer är kvar", 1: "1 person är kvar", 7: "7 personer är kvar"} {
		if got := c.Text(lang.Swedish, "roll.inside", map[string]any{"Count": n}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := c.Text(lang.English, "no.such", nil); got != "no.such" {
		t.Errorf("an unknown key became %q", got)
	}
	if _, err := lang.Load(fstest.MapFS{
		"sv.toml": file("[name]\nempty = \"x\""), "en.toml": file("[name]\nempty = \"x\""),
	}); err == nil {
		t.Error("a screen could change the words of another")
	}
}

func TestChooseFrom(t *testing.T) {
	all := lang.Visitors()
	for _, c := range []struct {
		offered        []lang.Locale
		choice, accept string
		want           lang.Locale
	}{
		{all, "ar", "sv", lang.Arabic},
		{all, "", "ar-SY,en;q=0.5", lang.Arabic},
		{all, "xx", "ja", lang.Swedish},
		{all, "", "no", lang.Norwegian},
		{all, "", "nn-NO", lang.Norwegian},
		{all, "", "de-AT,de;q=0.9,en;q=0.5", lang.German},
		{all, "", "sv-FI,fi;q=0.8", lang.Swedish},
		{all, "sv-simple", "en", lang.EasySwedish},
		{all, "", "da", lang.Danish},
		{[]lang.Locale{lang.English, lang.Arabic}, "sv", "ja", lang.English},
		{[]lang.Locale{lang.English}, "ar", "ar", lang.English},
	} {
		if got := lang.ChooseFrom(c.offered, c.choice, c.accept); got != c.want {
			t.Errorf("ChooseFrom(%v, %q, %q) = %s, want %s", c.offered, c.choice, c.accept, got, c.want)
		}
	}
}

func TestIn(t *testing.T) {
	texts := map[string]string{"sv": "hej", "en": "hello", "ar": "", "fi": "hei"}
	for l, want := range map[lang.Locale]lang.Locale{lang.Swedish: lang.Swedish, lang.Arabic: lang.English, lang.EasySwedish: lang.Swedish, "fi": "fi"} {
		if text, in := lang.In(texts, l); in != want || text != texts[string(want)] {
			t.Errorf("%s reads %q in %s, want %s", l, text, in, want)
		}
	}
	if text, in := lang.In(map[string]string{"so": "soo dhowow", "pl": "witaj"}, lang.Arabic); in != "pl" || text != "witaj" {
		t.Errorf("got %q in %s", text, in)
	}
	if text, in := lang.In(nil, lang.Arabic); text != "" || in != "" {
		t.Errorf("got %q in %s out of nothing", text, in)
	}
}

func TestArabic(t *testing.T) {
	c, err := lang.LoadVisitors(nil)
	if err != nil {
		t.Fatal(err)
	}
	if lang.Arabic.Dir() != "rtl" || lang.German.Dir() != "ltr" || lang.Arabic.Name() != "العربية" {
		t.Errorf("%s %s", lang.Arabic.Dir(), lang.Arabic.Name())
	}
	for n, want := range map[int]string{1: "اقتراح واحد.", 2: "اقتراحان.", 3: "3 اقتراحات.", 11: "11 اقتراحًا.", 100: "100 اقتراح."} {
		if got := c.Text(lang.Arabic, "hosts.found", map[string]any{"Count": n}); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	// What is put among Arabic words keeps its own direction.
	if got := c.Text(lang.Arabic, "mine.due", map[string]any{"Date": "2026-11-22"}); !strings.Contains(got, "\u20682026-11-22\u2069") {
		t.Errorf("the date is not set apart: %q", got)
	}
	if got := c.Text(lang.Swedish, "mine.due", map[string]any{"Date": "2026-11-22"}); strings.Contains(got, "\u2068") {
		t.Errorf("marks of direction in Swedish: %q", got)
	}
	// What speaks to staff alone is said in English.
	if got := c.Text(lang.Arabic, "pin.wrong", nil); got != "Wrong PIN. Names stay locked." {
		t.Errorf("got %q", got)
	}
}

func TestCompare(t *testing.T) {
	read := func(l lang.Locale, s string) map[string]*i18n.Message {
		t.Helper()
		m, err := lang.Messages(l, []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := read("sv", "[a]\nb = \"{{.Name}} är här\"\nc = \"x\"\nd = { one = \"{{.Count}} sak\", other = \"{{.Count}} saker\" }")
	for file, want := range map[string]string{
		"[a]\nb = \"{{.Name}} zdes\"\nc = \"x\"\nd = { one = \"{{.Count}} a\", few = \"{{.Count}} b\", many = \"{{.Count}} c\", other = \"{{.Count}} d\" }": "",
		"[a]\nb = \"{{.Nam}} zdes\"\nc = \"x\"\nd = { one = \"1\", few = \"{{.Count}}\", many = \"{{.Count}}\", other = \"{{.Count}}\" }":                   "a.b: has the placeholders [Nam] instead of [Name]",
		"[a]\nb = \"{{.Name}}\"\nd = { one = \"{{.Count}} a\", other = \"{{.Count}} d\" }":                                                                  "a.c: missing; a.d: lacks the plural form few",
		"[a]\nb = \"{{.Name}}\"\nc = \" \"\ne = \"y\"\nd = { one = \"1\", few = \"2\", many = \"5\", two = \"2\", other = \"{{.Count}} d\" }":               "a.e: there is no such phrase; a.c: empty; a.d: has the plural form \"two\"",
	} {
		var got []string
		for _, f := range lang.Compare(first, read("ru", file), "ru", false) {
			got = append(got, f.Error())
		}
		if all := strings.Join(got, "; "); want == "" && all != "" || !strings.Contains(all, want) {
			t.Errorf("%s\n  says %s\n  want %s", file, all, want)
		}
	}
}
