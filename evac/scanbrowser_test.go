package evac_test

import (
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"

	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// TestCameraInBrowser: a badge before the camera is marked safe, and the camera
// stays ready for the next.
func TestCameraInBrowser(t *testing.T) {
	_, s := alarmed(t)
	srv, _ := serve(t, s)
	code, err := qrcode.New(payload(t, 5), qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	bits := code.Bitmap()
	const width, height, module = 640, 480, 6
	film := browsertest.Camera(t, func(x, y int) bool {
		x, y = (x - (width-module*len(bits))/2), (y - (height-module*len(bits))/2)
		return x >= 0 && y >= 0 && x/module < len(bits) && y/module < len(bits) && bits[y/module][x/module]
	}, width, height)
	p := browsertest.Start(t, browsertest.Filmed(film)...).Page(t, phone)
	p.Goto(srv.URL + "/warden/scan?lang=en")
	p.Until(`document.querySelector("[data-scan-log] li") !== null`)
	if got := p.Text("[data-scan-log]"); !strings.Contains(got, "Maja Ek is safe. Saved.") {
		t.Errorf("the scan says %q", got)
	}
	if q := verdict(t, s, 5); q.State != evac.Safe || q.How != "qr" {
		t.Errorf("marked as %s by %s", q.State, q.How)
	}
	if got := p.Text("[data-scan-says]"); !strings.Contains(got, "Hold a badge in front of the camera.") {
		t.Errorf("after a scan: %q", got)
	}
	shoot(p, "scan-390-en")
	axe(p, "scan")
	contrast(t, p, "scan")
	// The bar takes it back.
	tap(p, "[data-undo] .undo-do")
	p.Until(`document.querySelector("[data-undo]").innerText.includes("Taken back")`)
	if q := verdict(t, s, 5); q.State == evac.Safe {
		t.Error("not taken back")
	}
}

// TestNoCameraInBrowser: without a camera the code is typed.
func TestNoCameraInBrowser(t *testing.T) {
	_, s := alarmed(t)
	srv, _ := serve(t, s)
	p := browsertest.Start(t).Page(t, phone)
	p.Goto(srv.URL + "/warden/scan?lang=en")
	p.Until(`/No camera|not allowed/.test(document.querySelector("[data-scan-says]").innerText)`)
	p.Click("#safe")
	p.Type(visitOf(0).Badge().String() + browsertest.Enter)
	p.Until(`document.querySelector("[data-scan-says]").innerText.includes("Anna-Lena Öberg is safe")`)
	if q := verdict(t, s, 0); q.State != evac.Safe {
		t.Errorf("marked as %s", q.State)
	}
}
