package kiosk_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// photographed is a door where contractors may be asked for a photo.
func photographed(c *kiosk.Config) {
	c.Types = func() []kiosk.Type {
		return []kiosk.Type{
			{ID: "visitor", Ask: map[string]string{"photo": "no"}},
			{ID: "contractor", Name: map[string]string{"en": "Contractor"}, Ask: map[string]string{"photo": "may"}},
		}
	}
	c.PhotoConsent = func(lang.Locale) (string, lang.Locale) { return "You agree to a photo.", "en" }
}

// A photo is asked for where the type asks, unticked, and without the tick no
// picture is looked at; with or without one the visitor comes in.
func TestPhotoIsAskedForFreely(t *testing.T) {
	k, h, _ := door(t, photographed)
	v := &visitor{t: t, k: k}
	v.get("/kiosk/arrive/visitor?lang=en")
	if strings.Contains(v.res.Body.String(), "photo") {
		t.Error("a type that asks for no photo has one on its form")
	}
	v.get("/kiosk/arrive/contractor?lang=en")
	body := v.res.Body.String()
	if !strings.Contains(body, "You agree to a photo.") || !strings.Contains(body, `name="photo_agreed"`) || strings.Contains(body, "checked") {
		t.Error("the photo is not asked for, or is ticked already")
	}
	if !strings.Contains(body, "No camera was found here") {
		t.Error("without script nobody says that there is no camera")
	}
	picture := base64.RawURLEncoding.EncodeToString([]byte("\xff\xd8 a picture"))
	for _, one := range []struct{ agreed, photo, want string }{
		{"yes", picture, "\xff\xd8 a picture"},
		{"", picture, ""},
		{"yes", "", ""},
		{"yes", "no Base64!", ""},
	} {
		before := len(h.checkedIn())
		v.post("/kiosk/arrive", "name=Astrid", "type=contractor", "lang=en", "photo_agreed="+one.agreed, "photo="+one.photo)
		got := h.checkedIn()
		if len(got) != before+1 || string(got[before].Photo) != one.want {
			t.Errorf("agreed %q: %d came in", one.agreed, len(got)-before)
		}
	}
	// What was wrong elsewhere costs nobody the photo.
	v.post("/kiosk/arrive", "photo_agreed=yes", "photo="+picture, "type=contractor", "lang=en")
	if body := v.res.Body.String(); !strings.Contains(body, picture) || !strings.Contains(body, "checked") {
		t.Error("the photo is gone from a form that came back")
	}
}

// TestPhotoAtTheDoor takes one with the camera, which runs only while the box is
// ticked and nothing has been taken, and wears it on the badge.
func TestPhotoAtTheDoor(t *testing.T) {
	k, h, _ := door(t, photographed)
	h.keep = true
	srv := serve(t, k)
	film := browsertest.Camera(t, func(x, y int) bool { return (x-320)*(x-320)+(y-220)*(y-220) < 160*160 }, 640, 480)
	p := browsertest.Start(t, browsertest.Filmed(film)...).Page(t, browsertest.Look{Width: 820, Height: 1180})
	shot := func(name string) {
		if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
			p.Screenshot(filepath.Join(dir, "photo-"+name+".png"))
		}
	}
	const running = `document.querySelector("[data-photo-live]").srcObject !== null`

	p.Goto(srv.URL + "/kiosk/arrive/contractor?lang=en")
	p.Bool(`(window.real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices), navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotFoundError")), true)`)
	p.Click("[data-photo-agreed]")
	p.Until(`document.querySelector("[data-photo-says]").innerText.includes("without a photo")`)
	shot("none")
	p.Click("[data-photo-agreed]")
	p.Bool(`(navigator.mediaDevices.getUserMedia = window.real, true)`)
	p.Click("[data-photo-agreed]")
	p.Until(running + ` && document.querySelector("[data-photo-live]").videoWidth > 0`)
	p.Axe("photo")
	p.Targets("photo", "60")
	shot("live")
	p.Click("[data-photo-take]")
	p.Until(`document.querySelector("input[name=photo]").value.length > 1000`)
	p.Until(`!(` + running + `)`)
	shot("taken")
	// Unticked, it is gone; ticked anew, it is taken anew.
	p.Click("[data-photo-agreed]")
	p.Until(`document.querySelector("input[name=photo]").value === ""`)
	p.Click("[data-photo-agreed]")
	p.Until(running + ` && document.querySelector("[data-photo-live]").videoWidth > 0`)
	p.Click("[data-photo-take]")
	p.Until(`document.querySelector("input[name=photo]").value.length > 1000`)
	p.Click("#name")
	p.Type("Åsa Öberg")
	p.Click("form.form button[type=submit]")
	p.Wait(".badge img.badge-photo")
	p.Until(`document.querySelector(".badge-photo").complete && document.querySelector(".badge-photo").naturalWidth > 0`)
	p.Fits("badge with a photo")
	shot("badge")
	got := h.checkedIn()
	if len(got) != 1 || len(got[0].Photo) < 700 || len(got[0].Photo) > 30<<10 || string(got[0].Photo[:2]) != "\xff\xd8" {
		t.Fatalf("%d came in, with a picture that is none", len(got))
	}
}
