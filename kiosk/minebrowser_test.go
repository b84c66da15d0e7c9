package kiosk_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// TestOnesOwnPageInABrowser goes to a page of one's own by keyboard, and holds its
// pages to what TestEveryPage holds the others to.
func TestOnesOwnPageInABrowser(t *testing.T) {
	o := &own{}
	k, _, _ := door(t, o.at)
	srv := serve(t, k)
	outside := httptest.NewServer(k.Own())
	defer outside.Close()
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	for _, l := range []string{"sv", "ar"} {
		dark := l == "ar"
		t.Run(l, func(t *testing.T) {
			p := b.Page(t, browsertest.Look{Dark: dark})
			see := func(name string) {
				p.Axe(name)
				for _, s := range append(sizes, [2]int{320, 640}) {
					p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
					p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
					p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "60")
					if shots != "" {
						p.Shot(filepath.Join(shots, fmt.Sprintf("%s-%d-%s.png", name, s[0], l)))
					}
				}
				p.Look(browsertest.Look{Dark: dark})
			}
			p.Goto(srv.URL + "/kiosk/privacy?lang=" + l)
			p.Click("a[href*='/kiosk/mine']")
			p.Wait("#knows")
			see("mine-who")
			p.Type("K7M4-2QXP" + browsertest.Tab + "wrong" + browsertest.Enter)
			p.Wait(".summary")
			see("mine-who-fault")
			p.Click("#knows")
			p.Type("0701740605" + browsertest.Enter)
			p.Wait(".extract")
			see("mine")
			p.Click("form button[value=erase]")
			p.Wait("[role=status]")
			see("mine-asked")
			p.Click("form button[value=close]")
			p.Wait(".choices")
			p.Goto(srv.URL + "/kiosk/mine?lang=" + l)
			p.Wait("#code")
			p.Type("K7M4-2QXP" + browsertest.Tab + "Bo Marker" + browsertest.Enter)
			p.Wait(".extract")
			see("mine-at-desk")
			p.Goto(outside.URL + "/o/good?lang=" + l)
			p.Wait("form button")
			see("own-press")
			p.Click("form .button")
			p.Wait(".extract")
			see("own")
		})
	}
}
