package app

import (
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

// TestPhoneScansInABrowser: a badge before the camera of a phone is marked safe,
// in a browser that has no reader of its own.
func TestPhoneScansInABrowser(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	got, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Node().Alarm().Start(t.Context(), false, ""); err != nil {
		t.Fatal(err)
	}
	key, err := a.Node().Phones().Pair(t.Context(), "Car park 2", 0)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qrcode.New(got.QR, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	bits := code.Bitmap()
	const width, height, module = 640, 480, 6
	film := browsertest.Camera(t, func(x, y int) bool {
		x, y = x-(width-module*len(bits))/2, y-(height-module*len(bits))/2
		return x >= 0 && y >= 0 && x/module < len(bits) && y/module < len(bits) && bits[y/module][x/module]
	}, width, height)
	p := browsertest.Start(t, browsertest.Filmed(film)...).Page(t, phoneSize)
	p.Goto(strings.TrimSuffix(a.URL(), "/") + "/phone#" + key.Text())
	p.Until(`document.querySelectorAll("#people > li").length === 1 && !document.querySelector("#scan").hidden`)
	if p.Bool(`"BarcodeDetector" in window`) {
		t.Log("this browser has a reader of its own: the decoder is not tried")
	}
	p.Click("#scan")
	p.Until(`document.querySelector("#last-text").textContent === "Astrid Marker: Safe. Recorded at Reception."`)
	if n := marksOf(t, a, got.Badge.String()); n != 1 {
		t.Error("marks:", n)
	}
	p.Until(`!document.querySelector("#scanner").open`)
}
