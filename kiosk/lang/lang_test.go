package lang_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

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
