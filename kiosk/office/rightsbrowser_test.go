package office_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/node/rights"
)

// tourRights walks past the pages for rights in one tab, and calls see at each.
func tourRights(p *browsertest.Page, h *house, l string, see func(name string)) {
	visit := func(path string) { p.Goto(h.url + path + "?lang=" + l) }
	visit("/login")
	p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	p.Wait(".desk")
	visit("/desk/rights")
	see("rights")
	p.Click("#q")
	p.Type("ek" + browsertest.Enter)
	p.Wait("#found tbody a")
	see("rights-found")
	p.Click("#found tbody a")
	p.Wait("form[action$=extract]")
	see("subject")
	p.Click("form[action$=extract] button[value=text]")
	p.Wait("form[action$=extract] + .line")
	see("subject-extract")
	p.Click("form[action$=erase] button")
	p.Wait(".summary")
	see("subject-fault")
	visit("/desk/rights")
	p.Click("section[aria-labelledby=open-h] tbody a")
	p.Wait("form[action$=letter]")
	see("case")
	p.Click("form[action$=letter] button")
	p.Wait("form[action$=letter] + .line")
	see("case-letter")
	visit("/desk/rights/holds")
	p.Click("form[action$=holds] button")
	p.Wait("section[aria-labelledby=kept-h] tbody tr")
	see("holds")
	p.Click("tbody th a.code")
	p.Wait("button[value=lift]")
	see("hold")
	visit("/desk/rights/bulk")
	p.Click("#host")
	p.Type("Karin Lindqvist" + browsertest.Enter)
	p.Wait("button[value=prepare]")
	see("bulk")
	visit("/admin/privacy")
	p.Click("button[value=text]")
	p.Wait(".line")
	see("privacy")
	visit("/admin/retention")
	p.Click("#days")
	p.Type("7" + browsertest.Enter)
	p.Wait("form.actions .danger")
	see("retention")
}

// TestEveryRightsPage is TestEveryPage for the pages of rights.
func TestEveryRightsPage(t *testing.T) {
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	for _, l := range []string{"sv", "en"} {
		dark := l == "en"
		t.Run(l, func(t *testing.T) {
			h, held := peopled(t), false
			for _, s := range h.node.Replica().Open() {
				if c, err := h.node.Visits().CardOf(s); err == nil && c.Name == "Anna-Lena Öberg" {
					if _, _, err := h.node.Rights().OpenCase(context.Background(), s.Visit, rights.Objection, "skyddad identitet"); err != nil {
						t.Fatal(err)
					}
				}
				if c, err := h.node.Visits().CardOf(s); err == nil && c.Host == "Karin Lindqvist" && !held {
					held = true
					if _, err := h.node.Kept().Add(context.Background(), s.Visit, "en olycka på gården", record.DayOf(time.Now())+200); err != nil {
						t.Fatal(err)
					}
				}
			}
			p := b.Page(t, browsertest.Look{Dark: dark})
			tourRights(p, h, l, func(name string) {
				p.Axe(name)
				for _, s := range append(sizes, [2]int{320, 640}) {
					p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
					p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
					p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "44")
					if shots != "" && s[0] != 320 {
						p.Screenshot(filepath.Join(shots, fmt.Sprintf("%s-%d-%s.png", name, s[0], l)))
					}
				}
				p.Look(browsertest.Look{Dark: dark})
			})
		})
	}
}
