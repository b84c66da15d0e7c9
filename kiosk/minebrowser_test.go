package kiosk_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// TestMailedLinkInABrowser runs axe over the pages behind a mailed link, in Swedish
// and Arabic, on a telephone. With UPPROP_SHOTS it keeps pictures.
func TestMailedLinkInABrowser(t *testing.T) {
	o := &own{}
	k, _, _ := door(t, o.at)
	outside := httptest.NewServer(k.Own())
	defer outside.Close()
	b := browsertest.Start(t)
	for _, l := range []string{"sv", "ar"} {
		p := b.Page(t, browsertest.Look{Width: 390, Height: 844, Dark: l == "ar"})
		see := func(name string) {
			t.Helper()
			p.Axe(name + " " + l)
			p.Fits(name + " " + l)
			p.Targets(name+" "+l, "44")
			if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
				p.Shot(filepath.Join(shots, name+"-"+l+".png"))
			}
		}
		p.Goto(outside.URL + "/o/good?lang=" + l)
		p.Wait("form button")
		see("own-press")
		p.Click("form .button")
		p.Wait(".extract")
		see("own")
	}
}
