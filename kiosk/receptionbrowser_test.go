package kiosk_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// reception is a door with types, documents, invitations and hosts.
func reception(c *kiosk.Config) {
	rules := kiosk.Paper{ID: "rules", Name: map[string]string{"sv": "Ordningsregler", "en": "House rules"}, Text: map[string]kiosk.PaperText{
		"sv": {Body: "Spring inte i korridorerna.\n\nBär brickan så att den syns.\n" + strings.Repeat("Håll utgångarna fria. ", 60), Hash: "abc", Version: "2026-11-22 09:00:00"},
		"en": {Body: "Do not run.\n\nWear your badge.\n" + strings.Repeat("Keep the exits clear. ", 60), Hash: "def", Version: "2026-11-22 09:00:00"},
	}}
	c.Types = func() []kiosk.Type {
		ask := func(fields ...string) map[string]string {
			out := map[string]string{"assist": "may"}
			for _, f := range fields {
				out[f] = "may"
			}
			return out
		}
		return []kiosk.Type{
			{ID: "visitor", Name: map[string]string{"sv": "Besökare", "en": "Visitor"}, Ask: ask("host", "company")},
			{ID: "contractor", Name: map[string]string{"sv": "Entreprenör", "en": "Contractor"}, Ask: ask("host", "company", "phone", "purpose", "email"), Papers: []kiosk.Paper{rules}},
			{ID: "delivery", Name: map[string]string{"sv": "Leverans", "en": "Delivery"}, Ask: ask("host")},
			{ID: "group", Name: map[string]string{"sv": "Skolklass eller grupp", "en": "School or group"}, Ask: ask("host"), Group: true},
		}
	}
	c.Invitations = &guests{signed: kiosk.Signatures{{Document: "rules", Hash: "def", At: at}}}
	c.FindHosts = func(_ context.Context, q string) ([]kiosk.Host, bool) {
		if !strings.HasPrefix("karin", strings.ToLower(q)) || len(q) < 3 {
			return nil, false
		}
		return []kiosk.Host{{Name: "Karin Lindqvist", Unit: "Plan 3"}, {Name: "Karin Åkesson-Konstantinidou", Unit: "Avdelningen för lokalförsörjning"}}, true
	}
}

// TestReceptionPages runs axe over the pages of types, documents, groups, hosts
// and invitations, in both languages and themes, at the sizes of kiosk, phone and
// desktop. With UPPROP_SHOTS it keeps pictures.
func TestReceptionPages(t *testing.T) {
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	for _, l := range []string{"sv", "ar"} {
		for _, dark := range []bool{false, true} {
			if testing.Short() && dark != (l == "ar") {
				continue
			}
			theme := map[bool]string{true: "dark", false: "light"}[dark]
			t.Run(l+"-"+theme, func(t *testing.T) {
				k, h, _ := door(t, reception)
				srv := serve(t, k)
				p := b.Page(t, browsertest.Look{Dark: dark})
				see := func(name string) {
					p.Axe(name)
					for _, s := range [][2]int{{390, 844}, {820, 1180}, {1440, 900}, {320, 640}} {
						p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
						p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
						p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "44")
						if shots != "" && s[0] != 320 {
							p.Shot(filepath.Join(shots, fmt.Sprintf("r-%s-%d-%s-%s.png", name, s[0], l, theme)))
						}
					}
					p.Look(browsertest.Look{Dark: dark})
				}
				visit := func(path string) { p.Goto(srv.URL + path + "?lang=" + l) }
				visit("/kiosk")
				see("start")
				visit("/kiosk/arrive")
				see("types")
				visit("/kiosk/arrive/contractor")
				see("contractor")
				h.mu.Lock()
				h.refuse = lang.Problem{Key: lang.DocumentUnsigned, Field: "signature"}
				h.mu.Unlock()
				p.Type("Anna" + browsertest.Enter)
				p.Wait(".summary")
				see("unsigned")
				h.mu.Lock()
				h.refuse = nil
				h.mu.Unlock()
				visit("/kiosk/arrive/visitor")
				p.Click("#host")
				p.Type("kar")
				p.Wait(".hosts button")
				see("hosts")
				p.Click(".hosts button")
				p.Until(`document.querySelector("#host").value === "Karin Lindqvist, Plan 3"`)
				visit("/kiosk/arrive/group")
				p.Type("Lärare Ek")
				p.Click("#with")
				p.Type("Bo Ek" + browsertest.Enter + "Maximiliana Konstantinidou-Vasilopoulos" + browsertest.Enter)
				see("group")
				p.Click("form button[type=submit]")
				p.Wait(".badge + .badge")
				see("group-welcome")
				visit("/kiosk/invited")
				see("invited")
				p.Type("1234" + browsertest.Enter)
				p.Wait(".summary")
				see("invited-fault")
				p.Click("#code")
				p.Until(`(document.querySelector("#code").value = "", true)`)
				p.Type("7k3m-9q2x-4trb" + browsertest.Tab + "Åsa" + browsertest.Enter)
				p.Wait("#company")
				see("invited-form")
				visit("/kiosk/invited")
				p.Type("invite-early" + browsertest.Enter)
				p.Wait(".signed")
				see("invited-early")
			})
		}
	}
}

// TestDrawnSignature draws with the mouse, clears, draws again, and sends it.
func TestDrawnSignature(t *testing.T) {
	k, h, _ := door(t, reception)
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/kiosk/arrive/contractor?lang=sv")
	p.Type("Anna Öberg")
	draw := `(() => { const c = document.querySelector("canvas"), r = c.getBoundingClientRect();
		c.setPointerCapture = () => {}; c.hasPointerCapture = () => true;
		const at = (type, x, y) => c.dispatchEvent(new PointerEvent(type, {pointerId: 1, clientX: r.left + x * r.width, clientY: r.top + y * r.height}));
		at("pointerdown", .1, .5); for (let i = 1; i < 9; i++) at("pointermove", .1 + i * .1, i % 2 ? .2 : .8);
		return document.querySelector("[name=drawing]").value.split(" ").length === 9 })()`
	if !p.Bool(draw) {
		t.Error("what is drawn is not kept as it was drawn")
	}
	p.Click("[data-draw-clear]")
	if p.Bool(`document.querySelector("[name=drawing]").value !== ""`) {
		t.Error("what was cleared is still there")
	}
	if !p.Bool(draw) {
		t.Error("nothing can be drawn after clearing")
	}
	p.Click("form button[type=submit]")
	p.Wait(".badge")
	got := h.checkedIn()
	if len(got) != 1 || !strings.HasPrefix(got[0].Drawing, "100,150 ") || got[0].Signed["rules"] != "abc" {
		t.Errorf("%d arrived, with %q", len(got), got[0].Drawing)
	}
}

// TestSignedWithoutScript types a name in a browser that runs none.
func TestSignedWithoutScript(t *testing.T) {
	k, h, _ := door(t, reception)
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{NoScript: true})
	p.Goto(srv.URL + "/kiosk/arrive?lang=sv")
	p.Click("a[href^='/kiosk/arrive/contractor']")
	p.Wait("#signature")
	if p.Bool(`document.querySelector("canvas").checkVisibility()`) {
		t.Error("there is a field to draw in that does nothing")
	}
	p.Click("#name")
	p.Type("Anna Öberg")
	p.Click("#signature")
	p.Type("Anna Öberg")
	p.Click("form button[type=submit]")
	p.Wait(".badge")
	if got := h.checkedIn(); len(got) != 1 || got[0].Signature != "Anna Öberg" || got[0].Signed["rules"] != "abc" || got[0].Type != "contractor" {
		t.Errorf("%d arrived", len(got))
	}
}
