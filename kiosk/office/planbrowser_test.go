package office_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/points"
)

// A photograph that is too large to be sent is made smaller on the way, points are
// placed by a press and by the keyboard alone, and the page can be read at each size.
// With UPPROP_SHOTS pictures are kept.
func TestPlanInBrowser(t *testing.T) {
	b := browsertest.Start(t)
	h := newHouse(t, identity.RoleDesk)
	h.operator("Astrid Ek", operators.Admin)
	for name, e := range map[record.PointName]points.Edit{
		"Godsmottagningens yttre vändplan mot Norra industrigatan": {Position: ptr("innanför grindarna, till höger om vakten")},
		"Parkeringen": {}, "Trapphus B, plan 2": {Kind: ptr(points.Refuge)},
	} {
		e.Site = ptr(record.SiteID(""))
		if _, err := h.node.Points().Put(t.Context(), "", name, e); err != nil {
			t.Fatal(err)
		}
	}
	p := b.Page(t, browsertest.Look{})
	p.Goto(h.url + "/login?lang=sv")
	p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	p.Wait(".desk")
	p.Goto(h.url + "/admin/plan?site=&lang=sv")
	p.Wait("[data-upload]")
	// A camera's picture, three times as wide as one is kept, and of more than 1 MiB.
	p.Until(`(() => {
		if (window.sent) return window.sent.size > 1 << 20;
		const c = document.createElement("canvas"), on = c.getContext("2d");
		[c.width, c.height] = [4800, 2400];
		const grain = on.createImageData(480, 240);
		for (let i = 0, n = 1; i < grain.data.length; i++) { n = n * 1103515245 + 12345 & 0x7fffffff; grain.data[i] = i % 4 === 3 ? 255 : 225 + (n >> 16) % 30; }
		for (let x = 0; x < 4800; x += 480) for (let y = 0; y < 2400; y += 240) on.putImageData(grain, x, y);
		on.strokeStyle = "#333"; on.lineWidth = 18;
		for (let x = 0; x < 4; x++) on.strokeRect(600 + x * 900, 420, 900, 780);
		on.strokeRect(600, 1200, 3600, 780);
		c.toBlob(blob => {
			window.sent = new File([blob], "big.jpg", {type: "image/jpeg"});
			const all = new DataTransfer();
			all.items.add(window.sent);
			const input = document.querySelector("#plan");
			input.files = all.files;
			input.dispatchEvent(new Event("change", {bubbles: true}));
		}, "image/jpeg", 1);
		return false;
	})()`)
	p.Until(`document.querySelector("#plan").files[0]?.size < 1 << 20 && !document.querySelector("button[value=plan]").disabled`)
	p.Click("button[value=plan]")
	p.Wait("[data-plan][data-press] img")
	if got, ok := h.node.Plans().Of(""); !ok || got.Width != 1600 || got.Height != 800 {
		t.Fatalf("%v %d × %d", ok, got.Width, got.Height)
	}
	// By a press in the middle of the picture; by the keyboard alone. The page is come to
	// anew, so that what it says afterwards is of the places.
	p.Goto(h.url + "/admin/plan?site=&lang=sv")
	p.Wait("[data-plan][data-press] img")
	p.Click("[data-row='1'] [data-pick]")
	p.Until(`document.querySelector(".plan-mark[data-here]")?.dataset.mark === "1"`)
	p.Click("[data-plan] img")
	p.Until(`Math.abs(document.querySelector("#x-1").value - 50) < 1 && Math.abs(document.querySelector("#y-1").value - 50) < 1`)
	p.Click("#x-2")
	p.Type("20" + browsertest.Tab + "80.5")
	p.Until(`document.querySelector("[data-mark='2']").getAttribute("y") === "80.5%" && !document.querySelector("[data-mark='2']").hasAttribute("data-off")`)
	p.Type(browsertest.Enter)
	p.Wait(".notice[data-tone=done]")
	placed := 0
	for _, x := range h.node.Points().List() {
		if x.Place != nil {
			placed++
		}
	}
	if placed != 2 {
		t.Errorf("%+v", h.node.Points().List())
	}
	for _, look := range []struct {
		lang string
		dark bool
	}{{"sv", false}, {"en", true}} {
		for path, name := range map[string]string{"/admin/plan?site=&lang=": "plan", "/admin/points?lang=": "points"} {
			p.Look(browsertest.Look{Dark: look.dark})
			p.Goto(h.url + path + look.lang)
			p.Wait("main h1")
			p.Weight(name, 150_000)
			p.Axe(name + " " + look.lang)
			for _, s := range sizes {
				p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: look.dark})
				p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
				p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "44")
				if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
					p.Screenshot(filepath.Join(dir, fmt.Sprintf("o-%s-%d-%s.png", name, s[0], look.lang)))
				}
			}
		}
	}
}
