package office_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/deliveries"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

var sizes = [][2]int{{390, 844}, {820, 1180}, {1440, 900}}

// peopled is a house with people in every state.
func peopled(t *testing.T) *house {
	h := newHouse(t, identity.RoleDesk)
	h.operator("Astrid Ek", operators.Admin)
	h.operator("4711", operators.Security)
	ctx := context.Background()
	var last visits.Receipt
	for _, a := range []visits.Arrival{
		{Name: "Anna-Lena Öberg", Company: "Ekström & Söner AB", Host: "Karin Lindqvist", How: "kiosk"},
		{Name: "Maximiliana Konstantinidou-Vasilopoulos", Company: "Statens fastighetsverk, regionkontoret i Göteborg", Host: "Avdelningen för lokalförsörjning", How: "kiosk", Assist: "Rullstol, hiss behövs"},
		{Name: "محمد الأحمد", Host: "Sven", How: "kiosk"},
		{Name: "Bo Ek", How: "desk", Email: "bo@example.se", Phone: "031-123 45 67", Purpose: "Besiktning"},
		{Name: "Stina Berg", Company: "Budbilen", How: "kiosk", Type: "delivery"},
	} {
		got, err := h.node.Visits().CheckIn(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		last = got
	}
	for _, r := range []deliveries.Request{
		{For: "Karin Lindqvist", From: "PostNord", Kept: "Hylla 3", Items: 2, Note: "Ömtåligt"},
		{For: "محمد الأحمد", From: "Blommor & Blad", Cold: true},
		{For: "Maximiliana Konstantinidou-Vasilopoulos", From: "Statens fastighetsverk, regionkontoret i Göteborg", Kept: "Kylskåpet bakom receptionen", Items: 120, Cold: true},
	} {
		taken, err := h.node.Deliveries().Take(ctx, "", r)
		if err != nil {
			t.Fatal(err)
		}
		if r.Note != "" {
			if err := h.node.Deliveries().End(ctx, "", taken.ID, deliveries.PickedUp, "Bo Ek"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := h.node.Calls().Ring(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.node.Visits().CheckOut(ctx, last.Badge.String(), "kiosk"); err != nil {
		t.Fatal(err)
	}
	for _, s := range h.node.Replica().Open() {
		if c, err := h.node.Visits().CardOf(s); err == nil && c.Name == "محمد الأحمد" {
			timed := record.Event{Kind: record.TimedOut, Visit: s.Visit, How: "clock"}
			if _, err := h.node.Replica().Commit(ctx, crdt.Draft{Event: &timed}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h
}

// tour walks past every page in one tab, by keyboard and link, and calls see at
// each.
func tour(p *browsertest.Page, h *house, l string, see func(name string)) {
	visit := func(path string) { p.Goto(h.url + path + "?lang=" + l) }
	visit("/login")
	see("login")
	p.Type("Astrid Ek" + browsertest.Tab + "fel lösenord" + browsertest.Enter)
	p.Wait(".summary")
	see("login-fault")
	p.Click("#password")
	p.Type(good + browsertest.Enter)
	p.Wait(".desk")
	see("desk")
	p.Type("/" + "öberg" + browsertest.Enter)
	p.Wait("[data-filtered] a")
	see("desk-found")
	p.Type(browsertest.Escape)
	p.Wait(".lists[data-live]")
	p.Type("n")
	p.Wait("#name")
	see("arrive")
	p.Type(browsertest.Enter)
	p.Wait(".summary")
	see("arrive-fault")
	p.Click("#name")
	p.Type("Eva Lund" + browsertest.Tab + browsertest.Tab + "Volvo" + browsertest.Tab + "Karin" + browsertest.Enter)
	p.Wait(".badge")
	see("badge")
	visit("/desk")
	p.Click("#unsure tbody a")
	p.Wait(".visit")
	see("visit-unsure")
	visit("/desk")
	p.Click("#present tbody tr:last-child a")
	p.Wait(".visit")
	p.Click("form[action$=dossier] button")
	p.Wait(".visit")
	see("visit-dossier")
	visit("/desk/deliveries")
	see("deliveries")
	p.Click("section:last-of-type tbody a")
	p.Wait(".facts")
	see("delivery-ended")
	visit("/desk/deliveries")
	p.Click("tbody a")
	p.Wait(".facts")
	see("delivery")
	p.Goto(h.url + "/desk/delivery?lang=" + l)
	see("delivery-take")
	visit("/login/password")
	see("password")
	visit("/admin")
	see("nodes")
	p.Click("form[action='/admin/nodes'] button")
	p.Wait(".join-qr")
	see("joining")
	visit("/admin")
	p.Click("tbody a")
	p.Wait(".facts")
	see("node")
	visit("/login/factor")
	p.Wait(".join-qr")
	see("factor")
	visit("/admin/operators")
	see("operators")
	p.Click("tbody tr:not(:has(.soft)) a")
	p.Wait(".cards")
	see("operator")
	p.Click("form:has(input[value=reset]) button")
	p.Wait("#once")
	see("once")
	visit("/admin/settings")
	see("settings")
	visit("/admin/look")
	see("look")
	visit("/admin/languages")
	see("languages")
	visit("/admin/history")
	see("history")
	visit("/desk/nowhere")
	see("missing")
	h.factor("Astrid Ek")
	visit("/login/factor")
	see("factor-stands")
	p.Click("form[action='/logout'] button")
	p.Wait("#alias")
	p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	p.Wait("#code")
	see("code")
}

// TestEveryPage runs axe, in both languages and themes (browsertest.All: each by each), and checks that
// fingers can hit what is there and that nothing scrolls sideways, down to
// 320 px, which is also 1280 px at 400 %. With UPPROP_SHOTS it keeps pictures.
func TestEveryPage(t *testing.T) {
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	for _, l := range []string{"sv", "en"} {
		for _, dark := range []bool{false, true} {
			if dark != (l == "en") && !browsertest.All() {
				continue
			}
			theme := map[bool]string{true: "dark", false: "light"}[dark]
			t.Run(l+"-"+theme, func(t *testing.T) {
				h := peopled(t)
				p := b.Page(t, browsertest.Look{Dark: dark})
				tour(p, h, l, func(name string) {
					p.Axe(name)
					p.Weight(name, 150_000)
					for _, s := range append(sizes, [2]int{320, 640}) {
						p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
						p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
						p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "44")
						if shots != "" && s[0] != 320 {
							p.Screenshot(filepath.Join(shots, fmt.Sprintf("%s-%d-%s-%s.png", name, s[0], l, theme)))
						}
					}
					p.Look(browsertest.Look{Dark: dark})
				})
			})
		}
	}
}

// TestTheWholeWay signs in, checks in at the desk and out again, makes an
// operator and a join line, by keyboard where there is a key for it.
func TestTheWholeWay(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("Astrid Ek", operators.Admin)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(h.url + "/desk?lang=sv")
	p.Wait("#alias")
	p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	p.Wait(".desk")
	p.Until(`document.querySelector("[data-live-is=on]") !== null`)
	// Somebody checks in at a door meanwhile, and is on the page at once.
	if _, err := h.node.Visits().CheckIn(context.Background(), visits.Arrival{Name: "Bo Ek", How: "kiosk"}); err != nil {
		t.Fatal(err)
	}
	p.Until(`document.querySelector("#present").innerText.includes("Bo Ek")`)
	p.Type("n")
	p.Wait("#name")
	p.Type("Anna Öberg" + browsertest.Enter)
	p.Wait(".badge")
	if p.Bool(`location.href.includes("Anna")`) {
		t.Error("a name is in the address")
	}
	p.Type(browsertest.Escape)
	p.Wait(".desk")
	// What one types filters the list; letters are no shortcuts meanwhile.
	p.Type("/" + "anna")
	p.Until(`[...document.querySelectorAll("#present [data-row]")].filter(r => r.checkVisibility()).length === 1`)
	p.Click("#present [data-row]:not(.filtered) a")
	p.Wait(".visit")
	p.Type("u" + browsertest.Enter)
	p.Wait("#gone table")
	if n := len(h.node.Replica().Open()); n != 1 {
		t.Errorf("%d are inside", n)
	}
	p.Goto(h.url + "/admin/operators?lang=sv")
	p.Click("#alias")
	p.Type("Bo Lund" + browsertest.Enter)
	p.Wait("#once")
	if got := p.Text("#once"); len(got) != 19 {
		t.Errorf("the one-time password is %q", got)
	}
	p.Goto(h.url + "/admin?lang=sv")
	p.Click("form[action='/admin/nodes'] button")
	p.Wait(".join-qr .qr")
	if got := p.Text("#join"); len(got) < 60 || got[:12] != "upprop join " {
		t.Errorf("the join line is %q", got)
	}
	p.Click(".me button")
	p.Wait("#alias")
	p.Goto(h.url + "/desk?lang=sv")
	p.Wait("#alias")
}

// TestWithoutScript does the same in a browser that runs none.
func TestWithoutScript(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("Astrid Ek", operators.Admin)
	p := browsertest.Start(t).Page(t, browsertest.Look{NoScript: true})
	p.Goto(h.url + "/desk?lang=sv")
	p.Wait("#alias")
	p.Click("#alias")
	p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	p.Wait(".desk")
	p.Click(".desk-top .button")
	p.Wait("#name")
	p.Click("#name")
	p.Type("Anna Öberg" + browsertest.Enter)
	p.Wait(".badge")
	if p.Bool(`document.querySelector("[data-print]").checkVisibility()`) {
		t.Error("there is a print button that does nothing")
	}
	p.Click(".badge-page form a:last-child")
	p.Wait("#present table")
	p.Click("#present tbody a")
	p.Wait(".visit")
	p.Click(".visit .actions button")
	p.Wait("#gone table")
	if n := len(h.node.Replica().Open()); n != 0 {
		t.Errorf("%d are inside", n)
	}
}
