package phone

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWordsAreWhole: the page on the phone says the same things in both
// languages, and what it says by name is there.
func TestWordsAreWhole(t *testing.T) {
	a, err := openApp()
	if err != nil {
		t.Fatal(err)
	}
	all := string(a.files["words.js"])
	from, to, ok := strings.Cut(all, "  sv: {")
	sv, _, ok2 := strings.Cut(to, "\n  },")
	_, en, ok3 := strings.Cut(from, "  en: {")
	if !ok || !ok2 || !ok3 {
		t.Fatal("the words are laid out in another way")
	}
	key := regexp.MustCompile(`(?m)(?:^\s*|(?:"|\]), )"?([a-z_]+(?:\.[a-z_]+)?)"?: ["\[]`)
	names := func(text string) (out []string) {
		for _, m := range key.FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
		slices.Sort(out)
		return out
	}
	inEnglish, inSwedish := names(en), names(sv)
	if len(inEnglish) < 80 || !slices.Equal(inEnglish, inSwedish) {
		t.Errorf("English says %d things, Swedish %d: %v", len(inEnglish), len(inSwedish), differing(inEnglish, inSwedish))
	}
	used := regexp.MustCompile(`(?:\bt\(|data-t=)"([a-z_]+)"`)
	for name, body := range a.files {
		for _, m := range used.FindAllStringSubmatch(string(body), -1) {
			if !slices.Contains(inEnglish, m[1]) && m[1] != "over_" && m[1] != "help_" {
				t.Errorf("%s says %q, for which there are no words", name, m[1])
			}
		}
	}
}

func differing(a, b []string) (out []string) {
	for _, k := range slices.Concat(a, b) {
		if slices.Contains(a, k) != slices.Contains(b, k) {
			out = append(out, k)
		}
	}
	return out
}
