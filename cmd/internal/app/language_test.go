package app

import (
	"slices"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/rights"
)

// The languages that the program speaks to visitors are those in which it asks
// for consent.
func TestLanguagesOfConsent(t *testing.T) {
	for _, l := range lang.Visitors() {
		if !slices.Contains(consent.Langs, string(l)) || consent.Of(nil).Words(consent.Notify, string(l)).Lang != string(l) {
			t.Errorf("%s: no words of consent", l)
		}
	}
	if len(consent.Langs) != len(lang.Visitors()) {
		t.Errorf("%v and %v", consent.Langs, lang.Visitors())
	}
}

// What is kept of somebody is written in Swedish or English, whatever language
// the page is read in.
func TestExtractSpeaksForEveryReader(t *testing.T) {
	for l, want := range map[lang.Locale]rights.Lang{"sv": "sv", "sv-simple": "sv", "en": "en", "ar": "en", "so": "en"} {
		if got := writtenIn(l); got != want {
			t.Errorf("%s: written in %s", l, got)
		}
	}
}
