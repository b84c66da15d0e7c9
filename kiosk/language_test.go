package kiosk_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
)

// TestLanguages asks the start page for each language, and looks at what says so
// to programs.
func TestLanguages(t *testing.T) {
	k, _, _ := door(t)
	for l, want := range map[string]string{
		"":          `<html lang="sv" dir="ltr">`,
		"ar":        `<html lang="ar" dir="rtl">`,
		"sv-simple": `<html lang="sv-simple" dir="ltr">`,
		"de":        `Ich komme an`,
		"xx":        `Jag kommer`,
	} {
		v := &visitor{t: t, k: k}
		v.get("/kiosk?lang=" + l)
		body := v.res.Body.String()
		if !strings.Contains(body, want) {
			t.Errorf("lang=%s: no %q", l, want)
		}
		for _, each := range lang.Visitors() {
			if !strings.Contains(body, `lang="`+string(each)+`" hreflang="`+string(each)+`"`) || !strings.Contains(body, each.Name()+"</a>") {
				t.Errorf("lang=%s: %s is not offered by its own name", l, each)
			}
		}
	}
	r := httptest.NewRequest("GET", "http://localhost/kiosk", nil)
	r.Header.Set("Accept-Language", "ar-SY,en;q=0.5")
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r)
	if got := w.Header().Get("Content-Language"); got != "ar" {
		t.Errorf("a browser that asks for Arabic gets %q", got)
	}
}

// TestLanguagesOfTheDoor lets an operator choose which there are, and in which
// order, and add one.
func TestLanguagesOfTheDoor(t *testing.T) {
	k, _, _ := door(t, func(c *kiosk.Config) {
		c.Languages = []lang.Locale{"so", lang.Arabic}
		c.Extra = []lang.Extra{{Locale: "so", TOML: []byte("[language]\nname = \"Soomaali\"\n[start]\ntitle = \"Soo dhowow\"")}}
	})
	v := &visitor{t: t, k: k}
	v.get("/kiosk?lang=sv")
	body := v.res.Body.String()
	got := regexp.MustCompile(`hreflang="([^"]+)"`).FindAllStringSubmatch(body, -1)
	if len(got) != 2 || got[0][1] != "so" || got[1][1] != "ar" || !strings.Contains(body, "Soomaali</a>") {
		t.Errorf("offered are %v", got)
	}
	// What the added file has not yet is said in English.
	if !strings.Contains(body, "Soo dhowow") || !strings.Contains(body, "I am leaving") {
		t.Error("not in the first language of the door, with English for what that lacks")
	}
}

// TestForeignWords marks texts of operators that are in another language than
// the page.
func TestForeignWords(t *testing.T) {
	var a alarm
	k, _, _ := door(t, a.at, func(c *kiosk.Config) {
		c.Consent = func(lang.Locale) (string, lang.Locale) { return "We may keep it.", lang.English }
		c.Types = func() []kiosk.Type {
			return []kiosk.Type{
				{ID: "visitor", Name: map[string]string{"sv": "Besökare", "ar": "زائر"}, Ask: map[string]string{"assist": "may"}, Papers: []kiosk.Paper{{
					ID: "rules", Name: map[string]string{"en": "House rules"}, Text: map[string]kiosk.PaperText{"sv": {Body: "Rök inte."}, "en": {Body: "Do not smoke."}},
				}}},
				{ID: "x", Name: map[string]string{"sv": "Sotare"}},
			}
		}
	})
	v := &visitor{t: t, k: k}
	look := func(path string, want ...string) {
		t.Helper()
		v.get(path)
		for _, s := range want {
			if body := v.res.Body.String(); !strings.Contains(body, s) {
				t.Errorf("%s: no %q in\n%s", path, s, body)
			}
		}
	}
	look("/kiosk/arrive?lang=ar", `lang="sv"><bdi>Sotare</bdi>`, `type-choice" href="/kiosk/arrive/visitor?lang=ar"><bdi>زائر</bdi>`)
	look("/kiosk/arrive/visitor?lang=ar", `lang="en" dir="ltr">We may keep it.`, `lang="en"><bdi>House rules`, `lang="en" dir="auto">Do not smoke.`, `name="name" value="" autocomplete="off" spellcheck="false" dir="auto"`)
	look("/kiosk/arrive/visitor?lang=sv-simple", `lang="sv" dir="auto">Rök inte.`)
	look("/kiosk/leave?lang=ar", `dir="ltr"`)
	a.set(&realOne)
	look("/kiosk?lang=ar", `<span dir="auto" lang="en">Stand inside the white line.</span>`, `<p class="evac-other" lang="en" dir="ltr">`)
	look("/kiosk?lang=en", `<span dir="auto">Stand inside the white line.</span>`)
}

// TestLongHostOnAnArabicBadge: what is too long for the badge loses its end, whatever
// the direction of the page.
func TestLongHostOnAnArabicBadge(t *testing.T) {
	k, _, _ := door(t)
	v := &visitor{t: t, k: k}
	v.post("/kiosk/arrive", "lang=ar", "name=Layla", "host=Karin, Avdelningen", "company=Bolaget")
	v.follow()
	for _, want := range []string{`<dd dir="auto">Karin, Avdelningen</dd>`, `<dd dir="auto">Bolaget</dd>`} {
		if !strings.Contains(v.res.Body.String(), want) {
			t.Errorf("the badge lacks %q", want)
		}
	}
}

// TestBadgesAreInALanguageOfTheHouse: those who work there read them.
func TestBadgesAreInALanguageOfTheHouse(t *testing.T) {
	var said []string
	k, _, _ := door(t, func(c *kiosk.Config) {
		c.Print = func(_ []badge.Face, words func(string) string) bool {
			said = append(said, words("badge.visitor"))
			return true
		}
	})
	for _, l := range []string{"ar", "fi", "sv-simple"} {
		v := &visitor{t: t, k: k}
		v.get("/kiosk/arrive?lang=" + l)
		v.post("/kiosk/arrive", "lang="+l, "form=$form", "name=Layla")
	}
	if got := strings.Join(said, " "); got != "Visitor Visitor Besökare" {
		t.Errorf("printed is %q", got)
	}
}
