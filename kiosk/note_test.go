package kiosk_test

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
)

// What the house has to say stands on the welcome page, in the language that it is
// written in; a type without has none of it.
func TestTheHouseHasWords(t *testing.T) {
	k, _, _ := door(t, func(c *kiosk.Config) {
		c.Types = func() []kiosk.Type {
			return []kiosk.Type{
				{ID: "visitor", Name: map[string]string{"sv": "Besökare"}, Note: map[string]string{"sv": "Parkera på <P2>.\nKaffe finns."}, Wifi: kiosk.Wifi{Network: "Gäst", Password: "rowan lake", Code: "WIFI:T:WPA;S:Gäst;P:rowan lake;;"}},
				{ID: "delivery", Name: map[string]string{"sv": "Leverans"}},
			}
		}
	})
	v := &visitor{t: t, k: k}
	v.post("/kiosk/arrive", "lang=en", "form=A", "type=visitor", "name=Anna")
	v.follow()
	for _, s := range []string{`<p class="house-text" lang="sv" dir="auto">Parkera på &lt;P2&gt;.`, "rowan lake", "connects a telephone to the Wi-Fi"} {
		if !strings.Contains(v.res.Body.String(), s) {
			t.Errorf("no %q in %s", s, v.res.Body)
		}
	}
	v.post("/kiosk/arrive", "lang=en", "form=B", "type=delivery", "name=Bo")
	if v.follow(); strings.Contains(v.text(), "rowan lake") || strings.Contains(v.text(), "Good to know") {
		t.Error("a type without is told too")
	}
}
