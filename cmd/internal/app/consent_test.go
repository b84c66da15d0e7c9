package app

import (
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/consent"
)

// The words that a kiosk shows of its own are those that the register of
// consents takes for the first version.
func TestWordsOfConsentAreOne(t *testing.T) {
	words, err := lang.LoadVisitors(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lang.Visitors() {
		if got, want := words.Text(l, "arrive.assist_consent", nil), consent.Of(nil).Words(consent.Assist, string(l)).Text; got != want {
			t.Errorf("%s: the kiosk says\n%s\nand the register\n%s", l, got, want)
		}
	}
}
