package kiosk_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// expected is somebody whose invitation and whose badge are one code, as one film of a
// camera needs it.
type expected struct{}

func (e *expected) Is(code string) bool { return strings.HasPrefix(code, "UPP1") }

func (e *expected) Open(context.Context, string, string) (kiosk.Invite, error) {
	return kiosk.Invite{ID: "the-invitation", Arrival: kiosk.Arrival{Name: "Åsa Öberg", Host: "Karin"}}, nil
}

// TestCameraAtTheDoor arrives and leaves by a code before the camera; a camera that is
// refused, missing or looked at by nobody says so, and is off when its dialog is.
func TestCameraAtTheDoor(t *testing.T) {
	k, h, _ := door(t, func(c *kiosk.Config) { c.Invitations = &expected{} })
	srv := serve(t, k)
	const held = "UPP1B7K3M9Q21"
	code, err := qrcode.New(held+payload, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	bits := code.Bitmap()
	const width, height, module = 640, 480, 7
	film := browsertest.Camera(t, func(x, y int) bool {
		x, y = (x - (width-module*len(bits))/2), (y - (height-module*len(bits))/2)
		return x >= 0 && y >= 0 && x/module < len(bits) && y/module < len(bits) && bits[y/module][x/module]
	}, width, height)
	p := browsertest.Start(t, browsertest.Filmed(film)...).Page(t, browsertest.Look{Width: 820, Height: 1180})
	says := func(want string) {
		t.Helper()
		p.Until(`document.querySelector("[data-camera-says]").innerText.includes("` + want + `")`)
		if !p.Bool(`!document.querySelector("dialog.camera-dialog").open && document.querySelector("[data-camera-picture]").srcObject === null`) {
			t.Errorf("%q, and the camera is on", want)
		}
	}

	// Without a camera, or leave to use it, there are other ways. The page has no
	// decoder yet.
	p.Goto(srv.URL + "/kiosk/leave?lang=en")
	p.Bool(`(window.real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices), true)`)
	for name, want := range map[string]string{"NotAllowedError": "may not be used on this screen", "NotFoundError": "No camera was found"} {
		p.Bool(`(navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "` + name + `")), true)`)
		p.Click("[data-camera-open]")
		says(want)
	}
	if p.Bool(`performance.getEntriesByType("resource").some((e) => /jsQR/.test(e.name))`) {
		t.Error("the decoder came before anybody asked for it")
	}
	// Nobody holds anything up: the picture is of a wall.
	p.Bool(`(navigator.mediaDevices.getUserMedia = async () => {
		const wall = document.createElement("canvas");
		wall.width = wall.height = 320;
		wall.getContext("2d").fillRect(0, 0, 320, 320);
		window.wall = wall.captureStream(5);
		return window.wall;
	}, true)`)
	p.Click("[data-camera-open]")
	p.Until(`document.querySelector("[data-camera-picture]").srcObject !== null`)
	p.Axe("camera")
	p.Targets("camera", "60")
	p.Fits("camera")
	if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, "camera-820-en-light.png"))
	}
	// The first control is to turn it off; a key does.
	p.Wait("[data-camera-close]")
	p.Until(`document.activeElement.matches("[data-camera-close]")`)
	p.Type(browsertest.Enter)
	p.Until(`window.wall.getTracks().every((t) => t.readyState === "ended")`)
	says("")
	p.Bool(`(document.querySelector("[data-camera]").dataset.seconds = "0.2", true)`)
	p.Click("[data-camera-open]")
	says("turned off")
	p.Until(`window.wall.getTracks().every((t) => t.readyState === "ended")`)

	// Arriving.
	p.Goto(srv.URL + "/kiosk?lang=sv")
	if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, "camera-start-820-sv-light.png"))
	}
	p.Click("[data-camera-open]")
	p.Wait("#name")
	if got := p.Value("#name"); got != "Åsa Öberg" {
		t.Fatalf("the form says %q", got)
	}
	p.Click("form.form button[type=submit]")
	p.Wait(".badge")
	if got := h.checkedIn(); len(got) != 1 || got[0].Invitation != "the-invitation" {
		t.Fatalf("%d arrived", len(got))
	}

	// Leaving.
	p.Goto(srv.URL + "/kiosk/leave?lang=en")
	p.Click("[data-camera-open]")
	p.Wait(".goodbye")
	if got := p.Text("h1"); !strings.Contains(got, "Åsa Öberg") {
		t.Errorf("goodbye says %q", got)
	}
	if strings.Contains(p.URL(), "UPP1") {
		t.Errorf("the code is in the address %s", p.URL())
	}
}

// Where there is no script, the camera is not offered and the code is typed.
func TestCameraWithoutScript(t *testing.T) {
	k, _, _ := door(t, func(c *kiosk.Config) { c.Invitations = &guests{} })
	v := &visitor{t: t, k: k}
	for _, page := range []string{"/kiosk", "/kiosk/leave", "/kiosk/invited"} {
		v.get(page + "?lang=en")
		body := v.res.Body.String()
		_, after, ok := strings.Cut(body, "data-camera ")
		tag, _, _ := strings.Cut(after, ">")
		if !ok || !strings.HasSuffix(tag, " hidden") || strings.Count(body, "data-camera-form") != 1 || !strings.Contains(body, `name="code"`) {
			t.Errorf("%s: the camera is not hidden, or has no form to send", page)
		}
	}
}
