package evac_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/node/plans"
)

// drawn has a plan of Norra, about as large as pages get one.
type drawn struct{}

func (drawn) Of(site record.SiteID) (plans.Plan, bool) { return drawnPlan(), site == "Norra" }

func (d drawn) Small(site record.SiteID) (plans.Plan, bool) { return d.Of(site) }

var drawnPlan = sync.OnceValue(func() plans.Plan {
	m, r := image.NewPaletted(image.Rect(0, 0, 1100, 700), color.Palette{color.White, color.Gray{60}, color.Gray{200}}), rand.New(rand.NewPCG(1, 2))
	for y := range 700 {
		for x := range 1100 {
			switch {
			case x < 90 || x > 1010 || y < 60 || y > 640:
				m.SetColorIndex(x, y, uint8(2*(r.Uint32()%4/3)))
			case (x-90)%184 < 4 || (y-60)%290 < 4:
				m.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if png.Encode(&b, m) != nil {
		return plans.Plan{}
	}
	return plans.Plan{Site: "Norra", Picture: plans.Picture{ID: "abc123", Type: "image/png", File: b.Bytes(), Width: 1100, Height: 700}}
})

// A warden sees where a point is wherever points are chosen: on a page of its own,
// so that no list weighs more for it.
func TestWhereAPointIs(t *testing.T) {
	const at = "/warden/plan?of=Norra&point=Parkeringen"
	s := underWay(t)
	for _, c := range []struct {
		path  string
		texts []string
	}{
		{"/warden/point?lang=en", []string{"Where is it?", "/warden/plan?of=Norra&amp;point=Parkeringen", "Plan: Norra"}},
		{"/warden/point?lang=en&site=Norra", []string{"/warden/plan?of=Norra&amp;point=Parkeringen&amp;site=Norra"}},
		{at + "&lang=en", []string{
			`src="/warden/plan/picture?of=Norra&amp;v=abc123"`, `x="20%" y="91%" data-mark="1" data-here`, `x="45.5%" y="50%" data-mark="2">`,
			"Norr om huset", "refuge inside the house", "20 % from the left",
		}},
		{"/warden/refuge?lang=en", []string{"point=Trapphus&#43;B%2C&#43;plan&#43;3"}},
	} {
		w := get(t, s, c.path)
		for _, text := range c.texts {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s: %d, no %q in\n%s", c.path, w.Code, text, w.Body)
			}
		}
	}
	// Who has said where they stand sees it from each page that marks.
	r := httptest.NewRequest(http.MethodGet, "http://localhost/warden/add?lang=en", nil)
	r.AddCookie(&http.Cookie{Name: "upprop_point", Value: "Parkeringen"})
	if w := answer(s, r); !strings.Contains(w.Body.String(), "/warden/plan?of=Norra&amp;point=Parkeringen") {
		t.Error(w.Body)
	}
	// It comes from here, to be kept by the browser, and to nobody who may not mark.
	w := get(t, s, "/warden/plan/picture?of=Norra&v=abc123")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("ETag") != `"abc123"` || !strings.Contains(w.Header().Get("Cache-Control"), "private, max-age") || w.Body.Len() != len(drawnPlan().File) {
		t.Error(w.Code, w.Header())
	}
	for _, path := range []string{"/warden/plan?of=S%C3%B6dra", "/warden/plan/picture?of="} {
		if w := get(t, s, path); w.Code != http.StatusNotFound {
			t.Error(path, w.Code)
		}
	}
	h := campus()
	shut, _ := muster(t, h, withBell(h), func(c *evac.Config) { c.Withhold = func(*http.Request) bool { return true } })
	for _, path := range []string{at, "/warden/plan/picture?of=Norra"} {
		if w := get(t, shut, path); w.Code == http.StatusOK {
			t.Error(path, "is shown to who may not mark")
		}
	}
	// Where nobody has chosen a plan, nothing leads to one.
	bare, _ := muster(t, h, withBell(h), func(c *evac.Config) { c.Plans = nil })
	if w := get(t, bare, "/warden/point"); strings.Contains(w.Body.String(), "/warden/plan") {
		t.Error(w.Body)
	}
}
