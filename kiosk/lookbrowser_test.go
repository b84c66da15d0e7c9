package kiosk_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/node/look"
)

// houseLogo is a mark and three lines, on nothing.
func houseLogo(t *testing.T, c look.Colour) *look.Logo {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 360, 120))
	ink := color.NRGBA{c.R, c.G, c.B, 255}
	for y := range 120 {
		for x := range 360 {
			if (x-60)*(x-60)+(y-60)*(y-60) < 55*55 || x > 140 && x < 350-y && y%40 > 12 {
				m.SetNRGBA(x, y, ink)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	on := "light"
	if c.Luminance() > 0.5 {
		on = "dark"
	}
	return &look.Logo{ID: c.String()[1:], PNG: b.Bytes(), Width: 360, Height: 120, On: on}
}

// TestLookInABrowser has somebody write at a door while the house changes its look:
// the colour and the logo are another, and what is written stays. Then each colour is
// looked at, the garish and the dark; with UPPROP_SHOTS pictures are kept.
func TestLookInABrowser(t *testing.T) {
	var wears atomic.Pointer[look.Look]
	wears.Store(&look.Look{})
	var a alarm
	k, _, _ := door(t, a.at, func(c *kiosk.Config) { c.Look = func() look.Look { return *wears.Load() } })
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	wear := func(colour string) look.Colour {
		c, ok := look.ParseColour(colour)
		if !ok {
			t.Fatal(colour)
		}
		wears.Store(&look.Look{Colour: &c, Logo: houseLogo(t, c)})
		return c
	}
	ground := func(c look.Colour) string {
		return fmt.Sprintf(`getComputedStyle(document.querySelector("button[type=submit].button")).backgroundColor === "rgb(%d, %d, %d)"`, c.R, c.G, c.B)
	}
	p.Goto(srv.URL + "/kiosk/arrive?lang=sv")
	p.Wait("#name")
	p.Type("Anna-Lena Öberg")
	own, _ := look.ParseColour("#0d4f45")
	p.Until(ground(own))
	yellow := wear("#ffe600")
	srv.CloseClientConnections() // the page hears of it when it comes back, at the latest
	p.Until(ground(look.Light.For(yellow).Accent))
	p.Until(`document.querySelector("#look-logo")?.naturalWidth === 360`)
	for what, script := range map[string]string{
		"what was written stays": `document.querySelector("#name").value === "Anna-Lena Öberg"`,
		"the focus stays":        `document.activeElement.id === "name"`,
		"one sheet of the house": `document.querySelectorAll("#look-css").length === 1`,
	} {
		if !p.Bool(script) {
			t.Errorf("not so: %s", what)
		}
	}
	dir := os.Getenv("UPPROP_SHOTS")
	for _, colour := range []string{"#ffe600", "#000080"} {
		wear(colour)
		for _, dark := range []bool{false, true} {
			p.Look(browsertest.Look{Dark: dark})
			for _, page := range []string{"", "/arrive"} {
				p.Goto(srv.URL + "/kiosk" + page + "?lang=sv")
				for _, s := range [][2]int{{390, 844}, {820, 1180}, {1440, 900}, {320, 640}} {
					p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
					p.Fits(fmt.Sprintf("%s%s at %d", colour, page, s[0]))
					if dir != "" {
						p.Screenshot(filepath.Join(dir, fmt.Sprintf("house-%s-%s-%d-%v.png", colour[1:], filepath.Base("/start"+page), s[0], dark)))
					}
				}
			}
		}
	}
	// In an evacuation the page is as in every house.
	a.set(&realOne)
	p.Goto(srv.URL + "/kiosk?lang=sv")
	p.Wait(".evac")
	if !p.Bool(`document.querySelector("#look-css, #look-logo") === null`) {
		t.Error("an evacuation looks otherwise in this house")
	}
	p.Goto("about:blank")
}
