package kiosk_test

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// round is a way to go through all flows: in a language, by a hand, at a size. Its
// pages are looked at in one more size.
type round struct {
	lang lang.Locale
	hand browsertest.Hand
	size [2]int
	dark bool
	also [2]int
}

// The sizes of a kiosk that stands, one that lies, a telephone and a desk. 320 px is
// also 1280 px at 400 %.
var (
	standing  = [2]int{1080, 1920}
	lying     = [2]int{1280, 800}
	telephone = [2]int{360, 740}
	desktop   = [2]int{1440, 900}
	narrowest = [2]int{320, 640}
)

// rounds are all with UPPROP_FLOWS=all, else four in which each of both languages is
// gone through by both hands and in both themes.
func rounds() []round {
	if !browsertest.All() {
		return []round{
			{lang.Swedish, browsertest.Finger, standing, false, lying},
			{lang.Arabic, browsertest.Finger, telephone, true, narrowest},
			{lang.Swedish, browsertest.Keyboard, desktop, true, narrowest},
			{lang.Arabic, browsertest.Keyboard, desktop, false, lying},
		}
	}
	var all []round
	for _, l := range lang.Visitors() {
		for _, dark := range []bool{false, true} {
			both := l == lang.Swedish || l == lang.Arabic
			if both {
				all = append(all, round{l, browsertest.Finger, standing, dark, [2]int{820, 1180}}, round{l, browsertest.Finger, lying, dark, [2]int{390, 844}})
			}
			if both || !dark {
				all = append(all, round{l, browsertest.Finger, telephone, dark, narrowest}, round{l, browsertest.Keyboard, desktop, dark, standing})
			}
		}
	}
	return all
}

// apart is true where the two that are always in sight in an evacuation are, and do
// not touch.
const apart = `(([a, b]) => !a || !b || a.bottom <= b.top || b.bottom <= a.top)(
	[".evac-out a", ".aid .button:not([hidden])"].map(css => document.querySelector(css)?.getBoundingClientRect()))`

// TestVisitorsFlows goes through all flows of a visitor by touch and by keyboard
// alone, in Swedish and in Arabic. Each page must be free of what axe finds, in the
// language and the direction, no wider than the window, of less than 150 kB and
// with nothing that a finger cannot hit; by keyboard the focus shows wherever it
// goes. With UPPROP_SHOTS it keeps pictures.
func TestVisitorsFlows(t *testing.T) {
	b := browsertest.Start(t)
	words, err := lang.LoadVisitors(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rounds() {
		theme := map[bool]string{true: "dark", false: "light"}[r.dark]
		t.Run(fmt.Sprintf("%s-%s-%d-%s", r.lang, r.hand, r.size[0], theme), func(t *testing.T) {
			var w browsertest.Walk
			var h *house
			k, _, logs := door(t, func(c *kiosk.Config) {
				h = c.Visits.(*house)
				w.House = busyDoor(c, h, func() {
					all := h.checkedIn()
					if last := all[len(all)-1]; len(strings.Fields(last.Drawing)) < 6 || last.Signed["rules"] == "" {
						t.Errorf("what was drawn is kept as %q", last.Drawing)
					}
				})
			})
			p := b.Page(t, browsertest.Look{Width: r.size[0], Height: r.size[1], Dark: r.dark})
			w.Page, w.Hand, w.URL, w.Lang, w.Dir = p, r.hand, serve(t, k).URL, string(r.lang), r.lang.Dir()
			w.Words = func(key string) string { return words.Text(r.lang, key, nil) }
			w.Read = func(picture []byte) string {
				img, err := png.Decode(bytes.NewReader(picture))
				if err != nil {
					t.Fatal(err)
				}
				return decodeQR(t, img)
			}
			w.See = func(face string) {
				p.Axe(face)
				p.Weight(face, 150_000)
				for _, s := range [][2]int{r.also, r.size} {
					p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: r.dark})
					what := fmt.Sprintf("%s at %d", face, s[0])
					p.Fits(what)
					p.Targets(what, "60")
					if !p.Bool(apart) {
						t.Errorf("%s: the way to help lies over the way out", what)
					}
				}
				// A window that was taller has scrolled back; whoever looks at a page does
				// not change the size of the screen under the visitor's hands.
				p.Bool(`document.activeElement?.scrollIntoView({ block: "nearest" }), true`)
				if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
					p.Shot(filepath.Join(shots, fmt.Sprintf("%s-%d-%s-%s.png", face, r.size[0], r.lang, theme)))
				}
			}
			for _, f := range flows {
				w.Go(f)
			}
			for _, a := range h.checkedIn() {
				if a.Lang != string(r.lang) {
					t.Errorf("somebody arrived in %q", a.Lang)
				}
				if strings.Contains(logs.String(), a.Name) {
					t.Error("the log has a name")
				}
			}
		})
	}
}
