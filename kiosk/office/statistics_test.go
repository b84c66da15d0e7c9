package office_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
)

// counted leaves counts of days that are long gone in a node's folder.
func counted(t testing.TB) func(dir string) {
	return func(dir string) {
		var days []string
		for d := 1; d <= 12; d++ {
			days = append(days, fmt.Sprintf(`"2026-03-%02d":{"Norra":{"all":%d,"hours":{"8":%d,"9":20,"13":-1},"types":{"visitor":%d,"contractor":7,"group <b>":-1}},"Södra":{"all":-1,"hours":{"10":-1},"types":{"visitor":-1}}}`,
				d, 30+d*4, 5+d*3, 23+d*4))
		}
		if err := os.WriteFile(filepath.Join(dir, "statistics.json"), []byte("{"+strings.Join(days, ",")+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStatisticsPage(t *testing.T) {
	h := newHouse(t, identity.RoleDesk, counted(t))
	h.operator("audit", operators.Auditor)
	r := h.reader().login("audit")
	r.get("/desk/statistics?lang=en").is(200, "/desk/statistics", "Nothing has been counted for these days")
	r.get("/desk/statistics?lang=en&from=2026-03-01&to=2026-03-12").is(
		200, "/desk/statistics", "684–720 arrivals in all", "2026-03-12 Södra", ">1–4<", "group <b>", `<rect width="100"`)
	r.get("/desk/statistics?lang=en&from=2026-03-12&to=nonsense&site=Norra").is(200, "/desk/statistics", ">78 arrivals in all<", "Contractor")
}

// TestStatisticsLooks is TestEveryPage for the page of statistics.
func TestStatisticsLooks(t *testing.T) {
	b := browsertest.Start(t)
	h := newHouse(t, identity.RoleDesk, counted(t))
	h.operator("audit", operators.Admin)
	shots := os.Getenv("UPPROP_SHOTS")
	in := b.Page(t, browsertest.Look{})
	in.Goto(h.url + "/login")
	in.Wait("#alias")
	in.Type("audit" + browsertest.Tab + good + browsertest.Enter)
	in.Wait(".desk")
	for _, l := range []string{"sv", "en"} {
		dark := l == "en"
		p := b.Page(t, browsertest.Look{Dark: dark})
		p.Goto(h.url + "/desk/statistics?from=2026-03-01&to=2026-03-12&lang=" + l)
		p.Axe("statistics in " + l)
		for _, s := range [][2]int{{390, 844}, {820, 1180}, {1440, 900}, {320, 640}} {
			p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
			p.Fits(fmt.Sprintf("statistics at %d", s[0]))
			p.Targets(fmt.Sprintf("statistics at %d", s[0]), "44")
			if shots != "" {
				p.Screenshot(filepath.Join(shots, fmt.Sprintf("statistics-%d-%s.png", s[0], l)))
			}
		}
	}
}
