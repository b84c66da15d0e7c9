package evac_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

var phone = browsertest.Look{Width: 390, Height: 844}

// alarmed is a campus in which a real evacuation runs, on a warden's screen.
func alarmed(t testing.TB) (*house, *evac.Service) {
	t.Helper()
	h := campus()
	h.waits = true
	h.evacuate(drillOf(false))
	s, _ := muster(t, h, withBell(h))
	return h, s
}

// shoot keeps a picture where UPPROP_SHOTS says so.
func shoot(p *browsertest.Page, name string) {
	if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
		p.Shot(filepath.Join(shots, name+".png"))
	}
}

// line is the selector of somebody's line; the house numbers them.
func line(n uint32) string { return "#p-" + visitOf(n).String() }

// tap brings an element to the middle, as a reader does, and clicks it: what
// sticks to an edge may lie over it elsewhere.
func tap(p *browsertest.Page, css string) {
	p.Until(`(e => e && (e.scrollIntoView({block: "center"}), true))(document.querySelector(` + strconv.Quote(css) + `))`)
	p.Click(css)
}

// axe looks at the page in a window in which nothing lies over anything.
func axe(p *browsertest.Page, what string) {
	p.Look(browsertest.Look{Width: 390, Height: 7000})
	p.Axe(what)
	p.Look(phone)
}

// live waits until the page has all lines.
func live(p *browsertest.Page) {
	p.Until(`document.querySelector("[data-live-state]")?.dataset.liveIs === "on" && document.querySelector("[data-pages]") === null`)
}

// verdict is where the house puts somebody.
func verdict(t testing.TB, s *evac.Service, n uint32) evac.Person {
	t.Helper()
	l, err := s.Muster("")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.People {
		if p.Visit == visitOf(n) {
			return p
		}
	}
	t.Fatalf("nobody has number %d", n)
	return evac.Person{}
}

// TestMarkInBrowser: a tap is a mark at this warden's point, the tick turns
// when the node has answered, and it can be taken back.
func TestMarkInBrowser(t *testing.T) {
	_, s := alarmed(t)
	srv, _ := serve(t, s)
	p := browsertest.Start(t).Page(t, phone)
	p.Goto(srv.URL + "/warden?lang=en")
	live(p)
	axe(p, "before any mark")

	// The point is chosen once.
	p.Click("#here a")
	p.Wait(".big-choice")
	shoot(p, "point-390-en")
	axe(p, "the point")
	p.Click(".big-choice")
	p.Wait("#board")
	live(p)
	if got := p.Text("#here"); !strings.Contains(got, "You are at Parkeringen") {
		t.Errorf("after the point was chosen: %q", got)
	}

	before := p.String(`String(document.querySelector("` + line(0) + `").getBoundingClientRect().top + scrollY)`)
	tap(p, line(0)+" .press-safe")
	p.Until(`document.querySelector("` + line(0) + `").dataset.state === "safe"`)
	if q := verdict(t, s, 0); q.State != evac.Safe || q.Point != "Parkeringen" || !q.PointKnown {
		t.Errorf("marked as %+v", q)
	}
	// The line stays under the finger, and says what it is now.
	if p.String(`String(document.querySelector("`+line(0)+`").getBoundingClientRect().top + scrollY)`) != before {
		t.Error("the line moved away from under the finger")
	}
	if got := p.Text(line(0)); !strings.Contains(got, "Safe") || !strings.Contains(got, "Parkeringen: marked by") {
		t.Errorf("the line says %q", got)
	}
	if got := p.Text("[data-undo]"); !strings.Contains(got, "Anna-Lena Öberg is safe. Saved.") {
		t.Errorf("the bar says %q", got)
	}
	p.Until(`document.querySelector("#tab-safe .tab-count").textContent === "1" && document.querySelector("#tab-find .tab-count").textContent === "23"`)
	shoot(p, "marked-390-en")
	axe(p, "marked")
	contrast(t, p, "marked")

	// When others are asked for, it is among the safe.
	p.Click("#tab-safe")
	p.Until(`document.querySelectorAll("#people [data-person]").length === 1`)
	p.Click("#tab-find")
	p.Until(`document.querySelectorAll("#people [data-person]").length === 23`)
	p.Click("#tab-all")
	p.Until(`document.querySelectorAll("#people [data-person]").length === 24`)

	// Taken back from the bar.
	p.Click("[data-undo] .undo-do")
	p.Until(`document.querySelector("` + line(0) + `").dataset.state === "inside"`)
	if q := verdict(t, s, 0); q.State != evac.Inside {
		t.Errorf("after it was taken back: %s", q.State)
	}

	// More: missing, and at a refuge.
	tap(p, line(6)+" .press-more")
	p.Wait("[data-sheet]")
	shoot(p, "sheet-390-en")
	axe(p, "the sheet")
	if p.Bool(`[...document.querySelectorAll("[data-sheet] button, [data-sheet] a, .press > *, .actions-bar :is(a, button), .tabs a")].some(e => e.checkVisibility() && e.getBoundingClientRect().height < 56)`) {
		t.Error("something that is pressed is lower than 56 px")
	}
	p.Click(`[data-at="Hissbryggan"]`)
	p.Until(`document.querySelector("` + line(6) + `").dataset.state === "refuge"`)
	if q := verdict(t, s, 6); q.State != evac.Refuge || q.Point != "Hissbryggan" {
		t.Errorf("at a refuge: %+v", q)
	}
	tap(p, line(7)+" .press-more")
	p.Wait("[data-sheet]")
	p.Click(`[data-sheet] [name="missing"]`)
	p.Until(`document.querySelector("` + line(7) + `").dataset.state === "missing"`)
}

// TestUnsavedInBrowser: what the node has not confirmed is said not to be saved,
// survives a reload, and can be sent again.
func TestUnsavedInBrowser(t *testing.T) {
	h, s := alarmed(t)
	srv, wire := serve(t, s)
	p := browsertest.Start(t).Page(t, phone)
	p.Goto(srv.URL + "/warden?lang=en")
	live(p)

	// The disk is full: the node says so, and so does the line.
	h.disk.Store(&lang.Problem{Key: lang.DiskFull})
	tap(p, line(0)+" .press-safe")
	p.Until(`document.querySelector("` + line(0) + `").dataset.saving === "failed"`)
	if got := p.Text(line(0)); !strings.Contains(got, "NOT saved.") || !strings.Contains(got, "Try again") || strings.Contains(got, "Saved.") {
		t.Errorf("the line says %q", got)
	}
	if q := verdict(t, s, 0); q.State != evac.Inside {
		t.Errorf("the house says %s", q.State)
	}
	h.disk.Store(nil)
	tap(p, line(0)+" .press-safe")
	p.Until(`document.querySelector("` + line(0) + `").dataset.state === "safe" && document.querySelector("[data-unsaved-all]").hidden`)

	// The node is gone.
	wire.mode.Store("cut")
	srv.CloseClientConnections()
	p.Until(`document.querySelector("[data-live-lost]").checkVisibility()`)
	tap(p, line(1)+" .press-safe")
	tap(p, line(2)+" .press-safe")
	p.Until(`document.querySelector("[data-unsaved-all]").innerText.includes("Not saved: 2.")`)
	if got := p.Text(line(1)); !strings.Contains(got, "NOT saved. This node does not answer.") {
		t.Errorf("the line says %q", got)
	}
	shoot(p, "offline-390-en")
	axe(p, "offline")
	contrast(t, p, "offline")

	// It is back, and the page is loaded anew meanwhile.
	wire.mode.Store("")
	p.Goto(srv.URL + "/warden?lang=en")
	live(p)
	p.Until(`document.querySelector("[data-unsaved-all]").innerText.includes("Not saved: 2.") && document.querySelector("` + line(1) + `").dataset.saving === "failed"`)
	p.Click("[data-send-again]")
	// What is being sent is not counted as unsaved on the screen, and not saved yet.
	p.Until(`document.querySelector("[data-unsaved-all]").hidden && sessionStorage.getItem("upprop-unsaved") === "[]"`)
	for _, n := range []uint32{0, 1, 2} {
		if q := verdict(t, s, n); q.State != evac.Safe {
			t.Errorf("number %d is %s", n, q.State)
		}
	}
}

// TestMarkWithoutScript: a tap is a form, and the page goes on at the next line.
func TestMarkWithoutScriptInBrowser(t *testing.T) {
	_, s := alarmed(t)
	srv, _ := serve(t, s)
	p := browsertest.Start(t).Page(t, browsertest.Look{Width: 390, Height: 844, NoScript: true})
	p.Goto(srv.URL + "/warden?lang=en")
	tap(p, line(8)+" .press-safe") // the first of Lastzon; the next is 9
	p.Wait("[data-undo]")
	if q := verdict(t, s, 8); q.State != evac.Safe {
		t.Errorf("marked as %s", q.State)
	}
	if url := p.URL(); !strings.Contains(url, "tab=find") || strings.Contains(url, "Sven") || !strings.HasSuffix(url, line(9)) && !strings.Contains(url, "#p-") {
		t.Errorf("led to %s", url)
	}
	if got := p.Text("[data-undo]"); !strings.Contains(got, "Sven Å is safe. Saved.") {
		t.Errorf("the bar says %q", got)
	}
	p.Click("[data-undo] .undo-do")
	p.Wait(`[data-undo]:has(.undo-do[hidden])`)
	if q := verdict(t, s, 8); q.State == evac.Safe {
		t.Error("not taken back")
	}
	// More leads to the person's page.
	tap(p, line(8)+" .press-more")
	p.Wait(".fact-list")
	p.Click(`.presses [name="missing"]`)
	p.Wait(`.person-page[data-state="missing"]`)
	if q := verdict(t, s, 8); q.State != evac.Missing {
		t.Errorf("marked as %s", q.State)
	}
}

// TestLooks: sunlight is black on white with 7:1 at least, kept on the device,
// and the list fits at 200 % zoom.
func TestLooksInBrowser(t *testing.T) {
	s := underWay(t)
	srv, _ := serve(t, s)
	p := browsertest.Start(t).Page(t, phone)
	for _, look := range []string{"sun", "dark", ""} {
		p.Goto(srv.URL + "/warden?lang=sv")
		live(p)
		tap(p, "[data-settings] summary")
		p.Until(`(e => e && (e.click(), true))(document.querySelector("[data-look-choice][value='` + look + `']"))`)
		p.Goto(srv.URL + "/warden?lang=sv")
		live(p)
		if !p.Bool(`(document.documentElement.dataset.look ?? "") === "` + look + `"`) {
			t.Errorf("%q is not kept", look)
		}
		axe(p, look)
		contrast(t, p, look)
		shoot(p, "look-"+look)
	}
	// At 200 % a window of 780 px has 390, and one of 640 has 320.
	p.Look(browsertest.Look{Width: 320, Height: 480})
	p.Fits("at 200 %")
	// Sound and vibration are asked for, and what was asked for stays.
	p.Look(phone)
	tap(p, "[data-settings] summary")
	p.Until(`(e => e && (e.click(), true))(document.querySelector("[data-setting=sound]"))`)
	p.Goto(srv.URL + "/warden?lang=sv")
	live(p)
	if !p.Bool(`document.querySelector("[data-setting=sound]").checked && !document.querySelector("[data-setting=buzz]").checked`) {
		t.Error("the sound is not kept")
	}
}

// TestStrangersSeeNoButtons: who sees no names may mark nobody.
func TestStrangersSeeNoButtons(t *testing.T) {
	h := campus()
	h.evacuate(drillOf(false))
	s, _ := muster(t, h, withBell(h), func(c *evac.Config) { c.Withhold = func(*http.Request) bool { return true } })
	_, page := send(s, "GET", "/warden?lang=en", nil)
	if strings.Contains(page, "data-marks") || strings.Contains(page, "/warden/scan") {
		t.Error("the buttons are offered")
	}
	for _, path := range []string{"/warden/add", "/warden/point", "/warden/scan", "/warden/sweep"} {
		if status, _ := send(s, "GET", path, nil); status < 400 {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/warden/mark", "/warden/add", "/warden/point", "/warden/sweep", "/warden/join"} {
		if status, _ := send(s, "POST", path, map[string][]string{"safe": {visitOf(1).String()}, "text": {"x"}, "zone": {"Plan 2"}, "says": {"clear"}}); status < 400 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if len(h.Open()[1].Marks) > 0 {
		t.Error("a mark was made")
	}
}
