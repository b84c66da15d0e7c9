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

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/plans"
	"github.com/upprop/upprop/node/points"
)

// planFile is a drawing of a house with two rooms.
func planFile(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	ink := color.NRGBA{40, 40, 40, 255}
	for x := w / 8; x < w*7/8; x++ {
		for _, y := range []int{h / 6, h * 5 / 6} {
			m.SetNRGBA(x, y, ink)
			m.SetNRGBA(x, y+1, ink)
		}
	}
	for y := h / 6; y < h*5/6; y++ {
		for _, x := range []int{w / 8, w / 2, w * 7 / 8} {
			m.SetNRGBA(x, y, ink)
			m.SetNRGBA(x+1, y, ink)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPlanIsLookedAfter(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	const at = "/admin/plan"
	h.reader().login("reception").get(at).is(403, at).get(at+"/picture").is(403, at+"/picture")
	r := h.reader()
	r.login("desk")
	r.get("/admin/points").is(200, "/admin/points", "No picture.", at+"?site=")
	r.get(at+"?site=Nowhere").is(404, at)
	r.get(at+"?site=").is(200, at, "Plan: All sites", "has no plan yet", "!<img")
	for _, c := range []struct{ name, body, says string }{
		{"", "", "no picture that can be read"},
		{"x.svg", `<svg onload="alert(1)"/>`, "saved as PNG in the program that made it"},
		{"x.png", strings.Repeat("x", plans.MaxUpload+1), "larger than 1024 kB"},
	} {
		r.send(at, "plan", c.name, []byte(c.body), "do=plan", "site=").is(422, at, c.says, "has no plan yet")
	}
	r.send(at, "plan", "x.png", planFile(t, 40, 40), "do=plan", "site=Nowhere").is(422, at, "site is not known")
	r.send(at, "plan", "x.png", planFile(t, 2000, 1200), "do=plan", "site=").is(200, at, "The picture is saved.", "No places are set up", `width="1100"`)
	h.recorded("plan.set", admin.ID.By())

	// It comes from here, is kept by the browser, and says when it is the same.
	src := regexp.MustCompile(`src="(/admin/plan/picture[^"]+)"`).FindStringSubmatch(r.body)[1]
	r.get(src).is(200, at+"/picture")
	tag := r.header.Get("ETag")
	if r.header.Get("Content-Type") != "image/png" || len(r.body) > plans.MaxSmall || !strings.Contains(r.header.Get("Cache-Control"), "immutable") || !strings.Contains(src, strings.Trim(tag, `"`)) {
		t.Error(r.header, len(r.body))
	}
	req, err := http.NewRequest(http.MethodGet, h.url+at+"/picture?site=", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", tag)
	if r.do(req); r.status != http.StatusNotModified {
		t.Error(r.status)
	}
	r.get(at+"/picture?site=&whole=yes").is(200, at+"/picture")
	r.get(at+"/picture?site=Nowhere").is(404, at+"/picture")
	h.reader().get(src).is(200, "/login")

	// A picture that cannot be read takes nothing away.
	r.send(at, "plan", "x.png", []byte("hello"), "do=plan", "site=").is(422, at, "no picture that can be read", "<img")

	r.get("/admin/history?key=plan/").is(200, "/admin/history", "Plans", "Put back", "desk")
	r.post(at, "do=clear", "site=").is(200, at, "The picture is removed.", "has no plan yet")
	h.recorded("plan.remove", admin.ID.By())
	r.post(at, "do=clear", "site=").is(422, at, "has no plan, and nothing was changed")
	r.get("/admin/history?key=plan/")
	id := regexp.MustCompile(`name="id" value="([a-z2-7]{16})"`).FindStringSubmatch(r.body)
	r.post("/admin/history", "id="+id[1], "key=plan/").is(200, "/admin/history")
	r.get(at+"?site=").is(200, at, "<img")
}

func TestPointsArePlaced(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	for _, name := range []record.PointName{"Gate", "Oak"} {
		if _, err := h.node.Points().Put(t.Context(), "", name, points.Edit{Site: ptr(record.SiteID(""))}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.node.Plans().Set(t.Context(), "", "", planFile(t, 400, 300)); err != nil {
		t.Fatal(err)
	}
	const at = "/admin/plan"
	r := h.reader()
	r.login("desk").get("/admin/points").is(200, "/admin/points", "2 places are not on it.")
	r.get(at+"?site=").is(200, at, "Oak", `name="name-1" value="Gate"`, `data-mark="1" data-off`)
	form := []string{"do=places", "site=", "name-1=Gate", "name-2=Oak", "was-x-1=", "was-y-1=", "was-x-2=", "was-y-2="}
	place := func(more ...string) *reader { return r.post(at, append(form[:len(form):len(form)], more...)...) }
	for _, wrong := range [][]string{{"x-1=101", "y-1=2"}, {"x-1=east", "y-1=2"}, {"x-1=NaN", "y-1=2"}, {"x-1=4", "y-1="}, {"x-1=", "y-1=4"}, {"x-1=-1", "y-1=4"}} {
		place(append(wrong, "x-2=77", "y-2=7")...).is(422, at, "in percent", `value="77"`)
	}
	if len(h.node.Points().List()) != 2 || h.node.Points().List()[1].Place != nil {
		t.Error("half of a form was saved")
	}
	place("x-1=40.5", "y-1=30,2", "x-2=", "y-2=").is(200, at, "It is saved where the places are.", `x="40.5%" y="30.2%" data-mark="1"`, `data-mark="2" data-off`)
	h.recorded("point.change", admin.ID.By())
	// Another operator's page is from before that, and moves the other point: both are
	// where they were put.
	place("x-1=", "y-1=", "x-2=100", "y-2=0").is(200, at, `x="40.5%" y="30.2%" data-mark="1"`, `x="100%" y="0%" data-mark="2"`)
	place("was-x-1=40.5", "was-y-1=30.2", "x-1=", "y-1=", "x-2=", "y-2=").is(200, at, `data-mark="1" data-off`, `x="100%" y="0%" data-mark="2"`)
	if err := h.node.Points().Remove(t.Context(), "", "Oak"); err != nil {
		t.Fatal(err)
	}
	place("x-1=", "y-1=", "x-2=5", "y-2=5").is(422, at, "no longer there")
	if len(h.node.Points().List()) != 1 {
		t.Error("a point that was removed has come back")
	}
}
