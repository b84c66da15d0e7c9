package invitations

import (
	"reflect"
	"strings"
	"testing"
)

func TestMailsAreWholeInEveryLanguage(t *testing.T) {
	for _, l := range []string{"sv", "en", "sv-simple", "fi", "nb", "da", "de", "ar"} {
		if _, ok := languages[l]; !ok {
			t.Errorf("%s has no words", l)
		}
	}
	en := reflect.ValueOf(languages["en"])
	for l, w := range languages {
		got := reflect.ValueOf(w)
		for i := range got.NumField() {
			name := got.Type().Field(i).Name
			if got.Field(i).Kind() != reflect.String {
				continue
			}
			s := got.Field(i).String()
			if s == "" {
				t.Errorf("%s: %s is empty", l, name)
			}
			if n, want := strings.Count(s, "%s"), strings.Count(en.Field(i).String(), "%s"); n != want || strings.Count(s, "%") != n {
				t.Errorf("%s: %s has %d of %%s, want %d and no other verb: %q", l, name, n, want, s)
			}
			if w.rtl && strings.Count(s, "\u2068%s\u2069") != strings.Count(s, "%s") {
				t.Errorf("%s: %s does not set what is put into it apart: %q", l, name, s)
			}
		}
	}
}
