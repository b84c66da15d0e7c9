package kiosk

import (
	"strings"
	"testing"
	"unicode"

	"github.com/upprop/upprop/kiosk/badge"
)

func TestTidy(t *testing.T) {
	for in, want := range map[string]string{
		" 7k3m-9q21 ":         "7K3M9Q21",
		"7K3M – 9Q21":         "7K3M9Q21",
		"7K3M\u20119Q21":      "7K3M9Q21",
		"７Ｋ３Ｍ９Ｑ２１":            "7K3M9Q21",
		"7k3m\u200b9q21\r":    "7K3M9Q21",
		"7k3m\u22129q2o":      "7K3M9Q2O",
		"":                    "",
		"straße":              "STRASSE"[:4] + "ßE",
		"upp1b7k3m9q21aaaaaa": "UPP1B7K3M9Q21AAAAAA",
	} {
		if got := tidy(in); got != want {
			t.Errorf("tidy(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestGroup(t *testing.T) {
	for in, want := range map[string]string{
		"7K3M9Q21": "7K3M-9Q21", "7K3M9Q2": "7K3M-9Q2", "7K3M9": "7K3M9", "7K3M-9Q21": "7K3M-9Q21",
		"7K3M9Q21ZZZZ": "7K3M-9Q21-ZZZZ", "": "",
	} {
		if got := badge.Group(in); got != want {
			t.Errorf("badge.Group(%q) = %q, want %q", in, got, want)
		}
		if strings.ReplaceAll(badge.Group(in), "-", "") != strings.ReplaceAll(in, "-", "") {
			t.Errorf("badge.Group(%q) lost characters", in)
		}
	}
}

func FuzzTidy(f *testing.F) {
	for _, s := range []string{"7k3m-9q21", " O0 IL1 ", "\u00a0–\u200b", "ﬁ", "\xff\xfe", "ǅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := tidy(s)
		if strings.ContainsFunc(got, unicode.IsSpace) || strings.Contains(got, "-") {
			t.Errorf("tidy(%q) = %q keeps space or dash", s, got)
		}
		// Codes are ASCII: of those, nothing may be lost or added but what
		// stands between the characters.
		if strings.ContainsFunc(s, func(c rune) bool { return c > unicode.MaxASCII }) {
			return
		}
		if want := strings.ToUpper(strings.ReplaceAll(strings.Join(strings.Fields(s), ""), "-", "")); got != want {
			t.Errorf("tidy(%q) = %q, want %q", s, got, want)
		}
	})
}
