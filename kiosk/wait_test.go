package kiosk_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/badge"
)

// Who is asked to wait for the reception reads that in neutral words, has a code
// to leave by, and no badge comes out of the printer; all others read what they
// always did.
func TestWaitingForTheReception(t *testing.T) {
	printed := 0
	k, h, _ := door(t, func(c *kiosk.Config) {
		c.Print = func([]badge.Face, func(string) string) bool { printed++; return true }
	})
	h.wait = "Gunnar Marker"
	in := func(name, lang string) string {
		v := &visitor{t: t, k: k}
		v.get("/kiosk/arrive?lang=" + lang)
		v.post("/kiosk/arrive", "form=$form", "name="+name, "lang="+lang)
		v.follow()
		if v.res.Code != 200 {
			t.Fatalf("status %d\n%s", v.res.Code, v.res.Body)
		}
		return v.text()
	}
	for l, words := range map[string][2]string{"en": {"Please wait here for the reception", "Wear the badge"}, "sv": {"Vänta här på receptionen", "Bär brickan"}} {
		printed = 0
		met := in("Gunnar Marker", l)
		if !strings.Contains(met, words[0]) || strings.Contains(met, words[1]) || printed != 0 || !strings.Contains(met, "badge-code") {
			t.Errorf("%s: somebody who is to wait is not told so, or has no code; printed %d", l, printed)
		}
		for _, s := range []string{"security", "watch", "match", "säkerhet", "bevakning"} {
			if regexp.MustCompile(`(?i)\b` + s + `\b`).MatchString(met) {
				t.Errorf("%s: the page speaks of %q", l, s)
			}
		}
		if other := in("Bo Ek", l); strings.Contains(other, words[0]) || printed != 1 {
			t.Errorf("%s: somebody else waits, printed %d", l, printed)
		}
	}
}
