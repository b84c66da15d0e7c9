package evac_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// wire is the line between a browser and the node, which a test can cut.
type wire struct {
	next http.Handler
	mode atomic.Value // "", "cut" or "hang"
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch w.mode.Load() {
	case "cut":
		panic(http.ErrAbortHandler)
	case "hang":
		<-r.Context().Done()
		return
	}
	w.next.ServeHTTP(rw, r)
}

// serve puts a service on a loopback port. Live pages end with the test.
func serve(t testing.TB, s http.Handler) (*httptest.Server, *wire) {
	t.Helper()
	w := &wire{next: s}
	w.mode.Store("")
	srv := httptest.NewServer(w)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	return srv, w
}

var sizes = [][2]int{{390, 844}, {820, 1180}, {1440, 900}, {320, 640}}

// contrast reports text that is less than 7:1 on its ground. axe must have run
// on the page.
func contrast(t *testing.T, p *browsertest.Page, what string) {
	t.Helper()
	p.Bool(`window.dim = undefined, axe.run(document, {runOnly: {type: "rule", values: ["color-contrast-enhanced"]}})
		.then(r => window.dim = r.violations.flatMap(v => v.nodes.map(n => n.html + " " + n.failureSummary)).join("\n")), true`)
	p.Until(`window.dim !== undefined`)
	if dim := p.String(`window.dim`); dim != "" {
		t.Errorf("%s: under 7:1: %s", what, dim)
	}
}

// TestEveryPage runs axe over every face of the list, in both languages and
// themes, and checks that gloves can hit what is there and that nothing
// scrolls sideways. With UPPROP_SHOTS it keeps pictures.
func TestEveryPage(t *testing.T) {
	full, _ := muster(t, campus())
	hidden, _ := muster(t, campus(), func(c *evac.Config) { c.Withhold = func(*http.Request) bool { return true } })
	nobody := newHouse()
	nobody.hear(evac.Entrance{Node: node(1), Name: "Huvudentrén", Here: true, CompleteAsOf: at})
	empty, _ := muster(t, nobody)
	waiting := campus()
	waiting.waits = true
	wait, _ := muster(t, waiting, withBell(waiting))
	running := func(drill bool, sites ...record.SiteID) *evac.Service {
		h := campus()
		h.waits = true
		var all []record.Start
		for i, site := range sites {
			all = append(all, record.Start{ID: record.EvacID{byte(i + 1)}, At: record.HLCOf(at.Add(-11 * time.Minute)), Drill: drill, Site: site})
		}
		h.evacuate(all...)
		s, _ := muster(t, h, withBell(h))
		return s
	}
	drill, real := running(true, "Norra"), running(false, "", "Norra")
	pinned := func(pin string, change func(*house, *lock)) *evac.Service {
		h := campus()
		s, l := locked(t, h, pin)
		change(h, l)
		return s
	}
	choose := pinned("", func(*house, *lock) {})
	shut := pinned("1234", func(*house, *lock) {})
	shutDrill := pinned("1234", func(h *house, l *lock) { h.evacuate(drillOf(false)) })
	wrong := pinned("1234", func(h *house, l *lock) {
		h.evacuate(drillOf(true))
		l.wrong, l.wait = 5, at.Add(2*time.Second)
	})
	unlocked := pinned("1234", func(h *house, l *lock) {
		h.evacuate(drillOf(true))
		l.open = true
		h.gate(false, at.Add(-26*time.Hour))
	})
	marking := underWay(t)
	quiet, talking := alarmed(t)
	waits(t, quiet, 6, stairs.Point)
	waits(t, quiet, 7, "")
	quiet.call(stairs, record.Call{Fact: (bell{h: quiet}).fact("screen"), Help: record.HelpTold})
	quiet.call(stairs, record.Call{Fact: (bell{h: quiet}).fact("screen"), Help: record.HelpComing})
	quiet.call(stairs, record.Call{Fact: (bell{h: quiet}).fact("screen"), Count: 3})
	fed := campus()
	fed.feeds = []evac.Feed{feedOf("Passagesystemet i Norra huset", "Norra", at.Add(-3*time.Hour)), feedOf("Bemanning", "", at.Add(-time.Minute)), feedOf("Nattvakten", "", time.Time{})}
	fed.evacuate(drillOf(true))
	staffed, _ := muster(t, fed, withBell(fed))
	resting := campus()
	cut, _ := muster(t, resting, withBell(resting), func(c *evac.Config) { c.Cables = cables{} })
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	faces := []struct {
		name, path string
		service    http.Handler
	}{
		{"list", "/warden", full},
		{"find", "/warden/find", full},
		{"hidden", "/warden", hidden},
		{"empty", "/warden", empty},
		{"site", "/warden?site=nowhere", full},
		{"waiting", "/warden", wait},
		{"drill", "/warden", drill},
		{"real", "/warden", real},
		{"pin-choose", "/warden", choose},
		{"pin-rest", "/warden", shut},
		{"pin-real", "/warden", shutDrill},
		{"pin-wrong", "/warden", wrong},
		{"pin-page", "/warden/pin", shut},
		{"pin-unlocked", "/warden", unlocked},
		{"marking", "/warden", marking},
		{"marking-all", "/warden?tab=all", marking},
		{"person", "/warden/person/" + visitOf(6).String(), marking},
		{"point", "/warden/point", marking},
		{"plan", "/warden/plan?of=Norra&point=Parkeringen", marking},
		{"add", "/warden/add", marking},
		{"added", "/warden/add?badge=" + visitOf(7).Badge().String(), marking},
		{"sweep", "/warden/sweep", marking},
		{"refuge", "/warden/refuge", talking},
		{"scan", "/warden/scan", marking},
		{"alarm-start", "/warden/alarm", wait},
		{"alarm-cut", "/warden/alarm", cut},
		{"feeds", "/warden", staffed},
		{"alarm-drill", "/warden/alarm", drill},
		{"alarm-real", "/warden/alarm", real},
	}
	for _, l := range []string{"sv", "en"} {
		for _, dark := range []bool{false, true} {
			if dark != (l == "en") && !browsertest.All() {
				continue
			}
			theme := map[bool]string{true: "dark", false: "light"}[dark]
			t.Run(l+"-"+theme, func(t *testing.T) {
				p := b.Page(t, browsertest.Look{Dark: dark})
				for _, face := range faces {
					if only := os.Getenv("UPPROP_FACES"); only != "" && !strings.Contains(only, face.name) {
						continue
					}
					srv, _ := serve(t, face.service)
					sep := "?"
					if strings.Contains(face.path, "?") {
						sep = "&"
					}
					p.Goto(srv.URL + face.path + sep + "lang=" + l)
					if (face.service != full || face.name == "list") && face.path == "/warden" {
						p.Until(`document.querySelector("[data-live-state]")?.dataset.liveIs === "on"`)
					}
					if face.name == "alarm-cut" {
						p.Click(".cut > summary")
						p.Click(".cut [value='Östra grinden']")
						p.Until(`document.querySelector(".cut").open`)
					}
					p.Axe(face.name)
					if face.name == "plan" {
						p.Weight(face.name, 150_000)
					}
					contrast(t, p, face.name)
					for _, s := range sizes {
						p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
						p.Fits(fmt.Sprintf("%s at %d", face.name, s[0]))
						p.Targets(fmt.Sprintf("%s at %d", face.name, s[0]), "48")
						if shots != "" {
							picture := p.Screenshot
							if s[0] == 390 {
								picture = p.Shot
							}
							picture(filepath.Join(shots, fmt.Sprintf("%s-%d-%s-%s.png", face.name, s[0], l, theme)))
						}
					}
					p.Look(browsertest.Look{Dark: dark})
				}
			})
		}
	}
}

// cables are links that nobody cuts.
type cables struct{}

func (cables) Nodes() []string {
	return []string{"Huvudentrén", "Östra grinden", "Lastkajen vid Norra industrigatan", "Utrymning 1"}
}

func (cables) StartCut(context.Context, record.SiteID, []string, time.Duration) error { return nil }

// underWay is a campus in the middle of an evacuation.
func underWay(t testing.TB) *evac.Service {
	t.Helper()
	h, s := alarmed(t)
	b := bell{h: h}
	for n, mark := range map[uint32]record.Mark{0: record.Safe, 1: record.Safe, 11: record.Safe, 12: record.Missing, 6: record.Refuge} {
		point := record.PointName("Parkeringen")
		if mark == record.Refuge {
			point = "Trapphus B, plan 3"
		}
		if err := b.Mark(t.Context(), visitOf(n).String(), mark, point, "screen", record.OnceID{}); err != nil {
			t.Fatal(err)
		}
	}
	_ = b.Mark(t.Context(), visitOf(6).String(), record.Refuge, "Hissbryggan", "screen", record.OnceID{})
	_ = b.Sweep(t.Context(), "Norra", "Plan 2", true)
	_ = b.Sweep(t.Context(), "Norra", "Plan 10", false)
	return s
}

// TestLiveInBrowser: what happens in the house shows without a reload, what
// the reader has written stays, and a lost node is said to be lost.
func TestLiveInBrowser(t *testing.T) {
	h := campus()
	h.now = time.Now
	s, _ := muster(t, h)
	srv, line := serve(t, s)
	p := browsertest.Start(t).Page(t, browsertest.Look{Width: 390, Height: 844})
	p.Goto(srv.URL + "/warden?lang=en")
	p.Until(`document.querySelector("[data-live-on]").checkVisibility()`)
	mark := `document.body.dataset.same = "page", true`
	if !p.Bool(mark) {
		t.Fatal("cannot mark the page")
	}
	p.Click("#q")
	p.Type("inkommen")
	p.Until(`document.querySelector("#found").textContent === "Showing 0/24"`)
	in := presentAt(99, 4, "Plan 2", record.HLCOf(time.Now()))
	h.add(in, &record.Card{Name: "Nyss Inkommen"})
	p.Until(`document.querySelector("#found").textContent === "Showing 1/25"`)
	p.Until(`[...document.querySelectorAll("[data-person]")].filter(e => e.checkVisibility()).map(e => e.querySelector(".name [data-s=name]").textContent).join() === "Nyss Inkommen"`)
	if !p.Bool(`document.activeElement.id === "q" && document.activeElement.value === "inkommen" && document.body.dataset.same === "page"`) {
		t.Error("the update took the field or the page away")
	}
	h.remove(in.Visit)
	p.Until(`document.querySelector("#found").textContent === "Showing 0/24"`)
	p.Type(browsertest.Escape)
	p.Until(`[...document.querySelectorAll("[data-person]")].filter(e => e.checkVisibility()).length === 24`)

	// The node is cut off, then answers but says nothing, then is back.
	line.mode.Store("cut")
	srv.CloseClientConnections()
	lost := `document.querySelector("[data-live-lost]").checkVisibility() && /Lost contact with this node\s+\d\d:\d\d:\d\d – list as of\s+\d\d:\d\d:\d\d/.test(document.querySelector("[data-live-lost]").innerText)`
	p.Until(lost)
	if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
		p.Screenshot(filepath.Join(shots, "lost-390-en-light.png"))
	}
	p.Axe("lost")
	contrast(t, p, "lost")
	line.mode.Store("")
	p.Until(`document.querySelector("[data-live-on]").checkVisibility() && !document.querySelector("[data-live-lost]").checkVisibility()`)
	if !p.Bool(`document.body.dataset.same === "page"`) {
		t.Error("the page was loaded anew")
	}
}

// TestSilentStream: a stream that is open and says nothing is not live.
func TestSilentStream(t *testing.T) {
	s, _ := muster(t, campus())
	mux := http.NewServeMux()
	mux.Handle("/", s)
	mux.HandleFunc("/warden/live", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(": here\n\n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	srv, _ := serve(t, mux)
	p := browsertest.Start(t).Page(t, browsertest.Look{Width: 820, Height: 1180})
	p.Goto(srv.URL + "/warden?lang=sv")
	if p.Bool(`document.querySelector("[data-live-on]").checkVisibility()`) {
		t.Error("an open stream without news counts as live")
	}
	p.Until(`document.querySelector("[data-live-lost]").checkVisibility()`)
}

// TestPaper keeps the list as PDF for the eye, with UPPROP_SHOTS, and checks
// that paper never shows a part of the list as if it were all.
func TestPaper(t *testing.T) {
	s, _ := muster(t, campus())
	srv, _ := serve(t, s)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/warden?lang=sv")
	p.Until(`document.querySelector("[data-live-state]").dataset.liveIs === "on"`)
	p.Click("#q")
	p.Type("skf")
	p.Until(`[...document.querySelectorAll("[data-person]")].filter(e => e.checkVisibility()).length === 5`)
	pdf := p.PDF()
	if !p.Bool(`[...document.querySelectorAll("[data-person]")].filter(e => e.checkVisibility()).length === 24`) {
		t.Error("a part of the list was printed")
	}
	if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
		if err := os.WriteFile(filepath.Join(shots, "paper.pdf"), pdf, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.Look(browsertest.Look{Width: 794, Height: 1123, Print: true})
	for _, css := range []string{".find", ".bar", "[data-print]"} {
		if p.Bool(`document.querySelector("` + css + `").checkVisibility()`) {
			t.Errorf("%s is on the paper", css)
		}
	}
	if !p.Bool(`document.querySelector(".truth-line").checkVisibility() && document.querySelector("#doors").checkVisibility() && document.querySelector(".on-paper").checkVisibility()`) {
		t.Error("the paper does not say how old it is")
	}
}
