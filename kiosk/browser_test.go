package kiosk_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

var sizes = [][2]int{{390, 844}, {820, 1180}, {1440, 900}}

// TestShots takes pictures of every page for people to look at. It runs when
// UPPROP_SHOTS names a folder.
func TestShots(t *testing.T) {
	dir := os.Getenv("UPPROP_SHOTS")
	if dir == "" {
		t.Skip("UPPROP_SHOTS names no folder for pictures")
	}
	k, _, _ := door(t)
	srv := httptest.NewServer(k)
	defer srv.Close()
	b := browsertest.Start(t)
	for _, l := range []string{"sv", "en"} {
		for _, dark := range []bool{false, true} {
			for _, s := range sizes {
				p := b.Page(t, browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
				shot := func(name string) {
					p.Screenshot(filepath.Join(dir, fmt.Sprintf("%s-%d-%s-%s.png", name, s[0], l, map[bool]string{true: "dark", false: "light"}[dark])))
				}
				visit := func(path string) { p.Goto(srv.URL + path + "?lang=" + l) }
				visit("/kiosk")
				shot("start")
				visit("/kiosk/arrive")
				shot("arrive")
				p.Type(browsertest.Enter)
				p.Wait(".summary")
				shot("arrive-fault")
				p.Click("#name")
				p.Type("Anna-Lena Öberg" + browsertest.Tab + "Karin Lindqvist" + browsertest.Tab + "Ekström & Söner AB" + browsertest.Tab + browsertest.Space)
				p.Wait("#assist")
				shot("arrive-assist")
				p.Click("form .button")
				p.Wait(".badge")
				shot("welcome")
				visit("/kiosk/leave")
				shot("leave")
				p.Type("hej" + browsertest.Enter)
				p.Wait(".summary")
				shot("leave-fault")
				visit("/kiosk/goodbye")
				shot("goodbye")
				visit("/kiosk/privacy")
				shot("privacy")
				visit("/kiosk/nowhere")
				shot("missing")
			}
		}
	}
}
