package office_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/photos"
	"github.com/upprop/upprop/node/visits"
)

func portrait(t testing.TB) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 240, 300))
	for i := range 240 * 300 {
		x, y := i%240, i/240
		c := color.RGBA{120, 160, uint8(150 + y/4), 255}
		if (x-120)*(x-120)*3+(y-130)*(y-130)*2 < 20000 || y > 230 && (x-120)*(x-120) < 8000 {
			c = color.RGBA{200, uint8(120 + x/4), 110, 255}
		}
		m.Set(x, y, c)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// A photo is taken, seen and removed on a visit's page by roles that may; no list
// has it, and a type that asks for none has no word of it.
func TestPhotoAtTheDesk(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	front := h.operator("front", operators.Reception)
	h.operator("audit", operators.Auditor)
	h.operator("boss", operators.Admin)
	h.operator("lina", operators.Officer)
	v := h.guest(visits.Arrival{Name: "Astrid Marker", Host: "Sven", Type: "contractor", Lang: "en"})
	page := "/desk/visit/" + v.String()
	r := h.reader()
	r.login("front")
	r.get(page).is(200, page, "!Photo")
	boss := h.reader()
	boss.login("boss")
	boss.get("/admin/retention").is(200, "/admin/retention", "!Photo")
	if _, err := h.node.Kinds().Put(context.Background(), "", "contractor", kinds.Edit{Ask: map[string]kinds.Asked{kinds.Photo: kinds.May}}); err != nil {
		t.Fatal(err)
	}
	boss.get("/admin/retention").is(200, "/admin/retention", "Photo")
	r.get(page).is(200, page, "Take a photo", "By ticking the box you agree", "!checked")
	r.post(page+"/photo", "photo="+portrait(t)).is(422, page+"/photo", "tick that the visitor agrees")
	r.post(page+"/photo", "photo_agreed=yes", "photo=AAAA").is(422, page+"/photo", "could not be read")
	if h.node.Photos().State(v) != photos.None {
		t.Fatal("a photo is kept of who has not agreed")
	}
	r.post(page+"/photo", "photo_agreed=yes", "photo="+portrait(t)).is(200, page, page+"/photo", "Remove the photo")
	h.recorded("photo.take", front.ID.By())
	r.get(page+"/photo").is(200, page+"/photo", "\xff\xd8")
	if r.header.Get("Content-Type") != "image/jpeg" || r.header.Get("Cache-Control") != "no-store" {
		t.Error(r.header)
	}
	h.recorded("photo.open", front.ID.By())
	for _, list := range []string{"/desk", "/desk?q=marker"} {
		if r.get(list); strings.Contains(r.body, "/photo") {
			t.Errorf("%s has a photo on it", list)
		}
	}
	r.post(page+"/badge").is(200, page+"/badge", `class="badge-photo"`)
	auditor := h.reader()
	auditor.login("audit")
	auditor.get(page).is(200, page, "!Photo")
	if auditor.get(page + "/photo"); auditor.status != 403 {
		t.Errorf("an auditor is answered %d", auditor.status)
	}
	lina := h.reader()
	lina.login("lina")
	subject := "/desk/rights/visit/" + v.String()
	lina.post(subject+"/extract", "form=text", "in=en").is(200, subject+"/extract", "JPEG", subject+"/photo")
	lina.get(subject+"/photo").is(200, subject+"/photo", "\xff\xd8")
	lina.post(subject+"/extract", "form=json").is(200, subject+"/extract", `"photo": "/9j/`)

	if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
		p := browsertest.Start(t).Page(t, browsertest.Look{Width: 1280, Height: 900})
		p.Goto(h.url + "/desk?lang=en")
		p.Wait("#alias")
		p.Type("front" + browsertest.Tab + good + browsertest.Enter)
		p.Wait(".desk")
		p.Goto(h.url + page)
		for name, look := range map[string]browsertest.Look{"desktop-light": {Width: 1280, Height: 900}, "phone-dark": {Width: 390, Height: 844, Dark: true}, "tablet-light": {Width: 820, Height: 1180}} {
			p.Look(look)
			p.Axe("a visit with a photo")
			p.Fits("a visit with a photo")
			p.Screenshot(filepath.Join(dir, "desk-photo-"+name+".png"))
		}
	}
	r.post(page+"/photo/remove").is(200, page, "The photo was removed", "!"+page+"/photo\"")
	if !h.node.Replica().Shredded(record.PhotoID(v)) || h.node.Replica().Shredded(v) {
		t.Error("more or less than the photo is destroyed")
	}
	r.post(page+"/photo", "photo_agreed=yes", "photo="+portrait(t)).is(422, page+"/photo", "was removed")
}
