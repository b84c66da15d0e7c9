package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/feed"
	"github.com/upprop/upprop/node/visits"
)

// TestPhoneSaysWhoTellsOfStaff: the line of who is counted, at every size, in
// both languages and both lights.
func TestPhoneSaysWhoTellsOfStaff(t *testing.T) {
	b := browsertest.Start(t)
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	for _, name := range []string{"Access control, North building", "Night shift"} {
		if _, err := a.Node().Feeds().Add(t.Context(), feed.Request{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker", Assist: "Rullstol"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Node().Alarm().Start(t.Context(), false, ""); err != nil {
		t.Fatal(err)
	}
	key, err := a.Node().Phones().Pair(t.Context(), "Car park 2", 0)
	if err != nil {
		t.Fatal(err)
	}
	p := b.Page(t, phoneSize)
	p.Goto(strings.TrimSuffix(a.URL(), "/") + "/phone#" + key.Text())
	p.Until(`document.querySelectorAll("#people > li").length === 1`)
	for lang, says := range map[string]string{"en": "NEVER heard", "sv": "ALDRIG hörd"} {
		if p.String(`document.documentElement.lang`) != lang {
			p.Click("#lang")
		}
		for _, dark := range []bool{false, true} {
			for _, size := range [][2]int{{320, 640}, {390, 844}, {820, 1180}} {
				p.Look(browsertest.Look{Width: size[0], Height: size[1], Dark: dark})
				what := fmt.Sprintf("feeds-%d-%s-dark-%v", size[0], lang, dark)
				shot(t, p, what)
				p.Axe(what)
				p.Fits(what)
				p.Targets(what, "56")
			}
		}
		if is := p.Text("#scope"); strings.Contains(is, says) || !strings.Contains(is, "Night shift") {
			t.Errorf("%s: it is said twice, or not at all: %s", lang, is)
		}
		if is := p.Text("#doubt"); strings.Count(is, says) != 2 {
			t.Errorf("%s: %s", lang, is)
		}
	}
	p.Goto("about:blank")
}
