package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

var sizes = [][2]int{{390, 844}, {820, 1180}, {1440, 900}, {320, 640}}

// TestEveryFace looks at the page whole and cut, in both languages and themes,
// past axe; gloves can hit what is there, and nothing scrolls sideways. With
// UPPROP_SHOTS it keeps pictures.
func TestEveryFace(t *testing.T) {
	d := start(t, Config{Seed: 11})
	r := reader{t, d.URL()}
	b := browsertest.Start(t)
	faces := func(face string) {
		for _, l := range []string{"en", "sv"} {
			for _, dark := range []bool{false, true} {
				name := fmt.Sprintf("%s-%s-%s", face, l, map[bool]string{true: "dark", false: "light"}[dark])
				p := b.Page(t, browsertest.Look{Dark: dark})
				p.Goto(d.URL() + "?lang=" + l)
				p.Until(`document.querySelector("[data-live-state]").dataset.liveIs === "on"`)
				p.Axe(name)
				for _, s := range sizes {
					p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
					what := fmt.Sprintf("%s-%d", name, s[0])
					p.Fits(what)
					p.Targets(what, "48")
					if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
						p.Screenshot(filepath.Join(shots, what+".png"))
					}
				}
				p.Goto("about:blank")
			}
		}
	}
	r.eventually("people are inside", func(rows map[string]row) bool { return rows["warden"].inside > "4" && all(agrees, "true")(rows) })
	faces("whole")
	r.press("demo/links", "do", "off", "node", "east")
	r.press("demo/arrive", "node", "east")
	r.press("demo/arrive", "node", "east")
	r.press("demo/arrive", "node", "west")
	r.eventually("the others are not sure", func(rows map[string]row) bool { return rows["warden"].unsure == "true" })
	faces("cut")
	r.press("demo/meet", "do", "alarm")
	r.press("demo/meet", "do", "mark")
	r.press("demo/meet", "do", "meet")
	r.eventually("the handhelds have met", func(map[string]row) bool { return d.meeting.look()[stepMet] })
	faces("met")
}

// TestButtonsKeepThePage: a button does not take the reader away from where
// they are, and what it did shows by itself.
func TestButtonsKeepThePage(t *testing.T) {
	d := start(t, Config{Quiet: true})
	p := browsertest.Start(t).Page(t, browsertest.Look{Width: 820, Height: 1180})
	p.Goto(d.URL() + "?lang=en")
	p.Until(`document.querySelector("[data-live-state]").dataset.liveIs === "on"`)
	if !p.Bool(`document.body.dataset.same = "page", true`) {
		t.Fatal("cannot mark the page")
	}
	p.Click("#b-reception-east")
	p.Until(`document.querySelector("[data-tie=reception-east]").dataset.state === "cut"`)
	p.Until(`document.activeElement.id === "b-reception-east" && document.activeElement.textContent.includes("cut")`)
	p.Click("#b-in-west")
	p.Until(`document.querySelector("#r-warden").dataset.inside === "1"`)
	p.Until(`/^.{9} came in at West gate\. .+/.test(document.querySelector(".story li span").innerText)`)
	p.Click("#b-reception-east")
	p.Until(`document.querySelector("[data-tie=reception-east]").dataset.state === "up"`)
	if !p.Bool(`document.body.dataset.same === "page"`) {
		t.Error("the page was loaded anew")
	}
	p.Click("#b-out-east")
	p.Until(`document.querySelector("#r-warden").dataset.inside === "0"`)
	p.Click("#b-out-east")
	p.Wait(".problem")
	p.Goto("about:blank")
}

// TestWithoutScript: every button works, and leads back to where it was.
func TestWithoutScript(t *testing.T) {
	d := start(t, Config{Quiet: true})
	p := browsertest.Start(t).Page(t, browsertest.Look{NoScript: true})
	p.Goto(d.URL() + "?lang=sv")
	p.Click("#b-east-west")
	p.Wait(`[data-tie=east-west][data-state=cut]`)
	if got, want := p.URL(), d.URL()+"?lang=sv#picture"; got != want {
		t.Errorf("at %s, want %s", got, want)
	}
}
