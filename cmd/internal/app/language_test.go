package app

import (
	"slices"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/consent"
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
