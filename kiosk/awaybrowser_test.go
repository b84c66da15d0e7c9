package kiosk_test

import (
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// node serves a door at an address that stays the same, and can be stopped.
type node struct {
	t    *testing.T
	k    *kiosk.Kiosk
	addr string
	srv  *httptest.Server
}

func (n *node) start() {
	n.t.Helper()
	l, err := net.Listen("tcp", n.addr)
	for range 100 { // somebody's connection may have the port for a moment
		if err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
		l, err = net.Listen("tcp", n.addr)
	}
	if err != nil {
		n.t.Fatal(err)
	}
	n.addr = l.Addr().String()
	n.srv = httptest.NewUnstartedServer(n.k)
	_ = n.srv.Listener.Close() // its own, which is not used
	n.srv.Listener = l
	n.srv.Start()
}

func (n *node) stop() {
	n.srv.CloseClientConnections()
	n.srv.Close()
}

// stored is what a promise of a text comes to.
func stored(p *browsertest.Page, promise string) string {
	p.Bool(`(window.stored = undefined, ` + promise + `.then(text => { window.stored = text; }), true)`)
	p.Until(`window.stored !== undefined`)
	return p.String(`window.stored`)
}

// TestTheNodeIsAway: whoever stands at a screen whose node cannot be reached is told
// so, and where to go instead. What they have written is there when it is back; where
// the browser was on its way to another page, the start is. Nothing of that is the
// browser's own page. With UPPROP_SHOTS pictures are kept.
func TestTheNodeIsAway(t *testing.T) {
	k, _, _ := door(t, func(c *kiosk.Config) {
		c.Entrances = func() []string { return []string{"Östra grinden", "Västra porten"} }
		c.Phone = "08-123 456 78"
	})
	n := &node{t: t, k: k, addr: "127.0.0.1:0"}
	n.start()
	t.Cleanup(func() { n.stop() })
	p := browsertest.Start(t).Page(t, browsertest.Look{Width: 1080, Height: 1920})
	url := "http://" + n.addr
	p.Goto(url + "/kiosk/arrive?lang=sv")
	p.Until(`navigator.serviceWorker.controller !== null`)
	keeps := func(words string) {
		t.Helper()
		for !strings.Contains(stored(p, `caches.open("upprop-away").then(c => c.match("/kiosk/away")).then(r => r ? r.text() : "")`), words) {
			p.Wait("main") // it is still being kept
		}
	}
	keeps("tappat kontakten</h1>")
	p.Click("#name")
	p.Type("Anna Öberg")

	n.stop()
	p.Wait("dialog.away[open]")
	says := p.Text("dialog.away")
	for _, want := range []string{"tappat kontakten", "Östra grinden, Västra porten", "08-123 456 78", "återsamlingsplatsen", "has lost contact"} {
		if !strings.Contains(says, want) {
			t.Errorf("it does not say %q: %s", want, says)
		}
	}
	for _, s := range [][2]int{{1080, 1920}, {820, 1180}, {360, 740}, {320, 640}} {
		for _, dark := range []bool{false, true} {
			p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
			p.Axe("away")
			p.Fits("away")
			if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
				p.Screenshot(filepath.Join(dir, "away-"+map[bool]string{true: "dark", false: "light"}[dark]+"-"+strings.Repeat("x", s[0]/300)+".png"))
			}
		}
	}
	p.Look(browsertest.Look{Width: 1080, Height: 1920})
	n.start()
	p.Until(`document.querySelector("dialog.away") === null`)
	if got := p.Value("#name"); got != "Anna Öberg" {
		t.Errorf("what was written is %q", got)
	}

	// On the way to another page, in the language that was read.
	p.Goto(url + "/kiosk?lang=en")
	keeps("has lost contact</h1>")
	n.stop()
	p.Click(`a[href="/kiosk/leave?lang=en"]`)
	p.Wait("main [data-away-page]")
	if says := p.Text("main"); !strings.Contains(says, "Go to another entrance: Östra grinden, Västra porten") {
		t.Error(says)
	}
	p.Axe("away instead of a page")
	n.start()
	p.Wait(".start")
	if kept := stored(p, `caches.keys().then(names => Promise.all(names.map(n => caches.open(n).then(c => c.keys())))).then(all => all.flat().map(r => new URL(r.url).pathname).filter(p => !p.includes("/assets/")).join(" "))`); kept != "/kiosk/away" {
		t.Errorf("the browser keeps %q", kept)
	}
}

// TestTheNodeIsAwayInAnEvacuation: what says where to go in an evacuation is never
// covered; that its node is away is said above it.
func TestTheNodeIsAwayInAnEvacuation(t *testing.T) {
	k, _, _ := door(t, func(c *kiosk.Config) {
		c.Evacuation = func() (kiosk.Evacuation, bool) {
			return kiosk.Evacuation{Since: at, Points: []kiosk.Point{{Name: "Parkeringen", Position: "vid eken"}}}, true
		}
	})
	n := &node{t: t, k: k, addr: "127.0.0.1:0"}
	n.start()
	t.Cleanup(func() { n.stop() })
	p := browsertest.Start(t).Page(t, browsertest.Look{Width: 1080, Height: 1920})
	p.Goto("http://" + n.addr + "/kiosk?lang=sv")
	p.Wait(".evac")
	p.Until(`navigator.serviceWorker.controller !== null`)
	n.stop()
	p.Wait(".away-line")
	if says := p.Text("body"); !strings.Contains(says, "tappat kontakten") || !strings.Contains(says, "Parkeringen") || !p.Bool(`document.querySelector("dialog[open]") === null`) {
		t.Error(says)
	}
	p.Axe("away in an evacuation")
	p.Fits("away in an evacuation")
	n.start()
	p.Until(`document.querySelector(".away-line") === null`)
}
