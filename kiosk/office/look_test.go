package office_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/look"
	"github.com/upprop/upprop/node/operators"
)

func logoFile(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 600, 200))
	for x := range 600 {
		m.SetNRGBA(x, x/3, color.NRGBA{20, 40, uint8(x), 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLookIsChosen(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	const at = "/admin/look"
	h.reader().login("reception").get(at).is(403, at)
	r := h.reader()
	r.login("desk").get("/admin/settings").is(200, "/admin/settings", at, "/admin/languages")
	r.get(at).is(200, at, "No logo is chosen", `value="#0d4f45"`, "!look.css")
	// Yellow cannot be read on light screens: it says so before it is saved.
	yellow, _ := look.ParseColour("#ffe600")
	shade := look.Light.For(yellow).Accent.String()
	r.post(at, "do=show", "colour=#ffe600").is(200, at, "too light to be read here and becomes darker: "+shade, "shown as you have chosen it", `fill="#ffe600"`, "!look.css")
	r.get(at+"/preview?colour=%23000080").is(200, at+"/preview", "too dark to be read here and becomes lighter")
	r.post(at, "do=colour", "colour=red").is(422, at, "This is no colour", `value="red"`)
	r.post(at, "do=colour", "colour=#FFE600").is(200, at, "Saved.", `value="#ffe600"`, "/look.css?v=")
	css := regexp.MustCompile(`/look\.css\?v=[0-9a-f]+`).FindString(r.body)
	r.get(css).is(200, "/look.css", "--pine: "+shade)
	h.recorded("look.set", admin.ID.By())

	for _, c := range []struct{ name, body, says string }{
		{"", "", "no picture that can be read"},
		{"x.png", "hello", "no picture that can be read"},
		{"x.svg", `<svg onload="alert(1)"/>`, "a drawing in SVG"},
		{"x.png", strings.Repeat("x", look.MaxUpload+1), "larger than 1024 kB"},
	} {
		r.send(at, "logo", c.name, []byte(c.body), "do=logo").is(422, at, c.says, "No logo is chosen")
	}
	if r.send(at, "logo", "x.png", make([]byte, 2<<20), "do=logo"); r.status != http.StatusRequestEntityTooLarge {
		t.Error(r.status)
	}
	r.send(at, "logo", "logo.png", logoFile(t), "do=logo").is(200, at, "Saved.", "480 × 160 pixels", `id="look-logo"`)
	logo := regexp.MustCompile(`/look\.png\?v=[0-9a-f]+`).FindString(r.body)
	if r.get(logo).is(200, "/look.png"); r.header.Get("Content-Type") != "image/png" {
		t.Error(r.header)
	}
	// It is in the history, and goes back from there.
	r.get("/admin/history?key=look/").is(200, "/admin/history", "Logo and colour", "look/logo", "Put back “none”", "desk")
	id := regexp.MustCompile(`name="id" value="([a-z2-7]{16})"`).FindStringSubmatch(r.body)
	r.post("/admin/history", "id="+id[1], "key=look/").is(200, "/admin/history", "!look-logo", "/look.css?v=")
	r.post(at, "do=no_colour").is(200, at, "Upprop's own colour is used again", "!/look.css")
	if !h.node.Look().Now().Plain() {
		t.Errorf("%+v", h.node.Look().Now())
	}
}

func TestLanguagesAreLookedAfter(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	const at = "/admin/languages"
	h.reader().login("reception").get(at).is(403, at)
	r := h.reader()
	r.login("desk")
	offered := func(want string) {
		t.Helper()
		if got := strings.Join(h.node.Languages().Offered(), " "); got != want {
			t.Errorf("offered are %s, want %s", got, want)
		}
	}
	r.get(at).is(200, at, "العربية", "Comes with the program", "!Not offered")
	r.post(at, "do=up", "tag=ar").is(200, at, "Saved.")
	offered("sv ar en")
	r.post(at, "do=down", "tag=sv")
	offered("ar sv en")
	r.post(at, "do=out", "tag=sv").is(200, at, "Not offered")
	offered("ar en")
	r.post(at, "do=in", "tag=sv")
	offered("ar en sv")
	h.recorded("language.offer", admin.ID.By())

	r.get(at+"/template/en").is(200, at+"/template/en", `lede = "`)
	file, err := lang.Template(lang.English)
	if err != nil {
		t.Fatal(err)
	}
	r.get(at+"/template/xx").is(404, at+"/template/xx")
	r.send(at, "file", "", nil, "do=add").is(422, at, "Choose a file first")
	r.send(at, "file", "it.toml", []byte("[start]\nlede = \"<b>\"\n"), "do=add").is(422, at, "cannot be used, and nothing was saved", "start.lede: has < or > in it")
	r.send(at, "file", "sv.toml", file, "do=add").is(422, at, "speaks that language already")
	r.send(at, "file", "it.toml", file, "do=add").is(200, at, "Language it is added", "All words are there")
	r.post(at, "do=in", "tag=it")
	offered("ar en sv it")
	r.post(at, "do=remove", "tag=it").is(422, at, "The doors offer that language")
	r.post(at, "do=out", "tag=it")
	r.post(at, "do=remove", "tag=it").is(200, at, "Language it is removed")
	r.post(at, "do=in", "tag=it").is(422, at, "not here any more")
	h.reader().login("reception").post(at, "do=out", "tag=sv").is(403, at)
	offered("ar en sv")
}
