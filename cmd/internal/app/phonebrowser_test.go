package app

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

var phoneSize = browsertest.Look{Width: 390, Height: 844}

// TestPhoneInABrowser pairs a phone, marks, takes its network away, marks twice
// more, opens the page anew without any network, gives the network back, and
// counts what the node has on record; then it ends the pairing.
func TestPhoneInABrowser(t *testing.T) {
	b := browsertest.Start(t)
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	badges, qr := map[string]string{}, ""
	for _, v := range []visits.Arrival{
		{Name: "Astrid Marker", Company: "Kvarnen Testmark", Host: "Sven Värdmark", Assist: "Rullstolmark, plan 2"},
		{Name: "Bengt Markerson", Company: "Kvarnen Testmark"},
		{Name: "Cecilia Markerby"},
		{Name: "Didrik Ömarker"},
	} {
		got, err := a.Node().Visits().CheckIn(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		badges[v.Name.Reveal()], qr = got.Badge.String(), got.QR
	}
	if _, err := a.Node().Alarm().Start(t.Context(), false, ""); err != nil {
		t.Fatal(err)
	}
	key, err := a.Node().Phones().Pair(t.Context(), "Car park 2", 0)
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSuffix(a.URL(), "/") + "/phone"
	p := b.Page(t, phoneSize)
	p.Goto(url)
	p.Wait("#start")
	shot(t, p, "start")
	p.Axe("not paired")
	p.Goto("about:blank")
	p.Goto(url + "#" + key.Text())
	p.Until(`document.querySelectorAll("#people > li").length === 4`)
	if at := p.URL(); at != url {
		t.Error("the key stays in the address bar")
	}
	if first := p.String(`document.querySelector("#people > li .who strong").textContent`); first != "Astrid Marker" {
		t.Error("who needs help is not first:", first)
	}
	for _, lang := range []string{"en", "sv"} {
		if p.String(`document.documentElement.lang`) != lang {
			p.Click("#lang")
		}
		for _, dark := range []bool{false, true} {
			look := phoneSize
			look.Dark = dark
			p.Look(look)
			what := fmt.Sprintf("list-%s-dark-%v", lang, dark)
			shot(t, p, what)
			p.Axe(what)
			p.Fits(what)
			p.Targets(what, "56")
		}
	}
	p.Look(phoneSize)
	p.Click("#lang")
	refugesOnAPhone(t, p, a)

	press := func(name, mark string) {
		t.Helper()
		row := fmt.Sprintf(`[...document.querySelectorAll("#people > li")].find(e => e.textContent.includes(%q))`, name)
		p.Until(`!!` + row)
		if !p.Bool(fmt.Sprintf(`(%s.querySelector("button[name=%s]").click(), true)`, row, mark)) {
			t.Fatal(name)
		}
	}
	press("Astrid", "safe")
	p.Until(`document.querySelector("#last-text").textContent.includes("Recorded at Reception")`)
	p.Until(`navigator.serviceWorker.controller !== null || navigator.serviceWorker.getRegistration("/phone").then(r => !!r?.active)`)

	p.Offline(true)
	p.Until(`document.querySelector("#contact").dataset.is === "off"`)
	press("Bengt", "safe")
	press("Cecilia", "missing")
	p.Until(`document.querySelector("#last-text").textContent.includes("Cecilia Markerby: Missing. Kept on this phone")`)
	says := p.Text("#contact")
	if !strings.Contains(says, "No contact with any node since") || !strings.Contains(says, "2 marks wait") {
		t.Error(says)
	}
	shot(t, p, "offline")
	p.Axe("offline")
	p.Reload()
	p.Until(`document.querySelectorAll("#people > li").length > 0 && document.querySelector("#contact").textContent.includes("2 marks wait")`)
	shot(t, p, "offline-reloaded")
	if n := marksOf(t, a, badges["Bengt Markerson"]); n != 0 {
		t.Fatal("marked without a network:", n)
	}
	// One of them was a slip.
	p.Click("#own summary")
	p.Until(`(b => b && (b.click(), true))(document.querySelector("#acts button[aria-label=\"Undo: Cecilia Markerby\"]"))`)
	p.Until(`document.querySelector("#contact").textContent.includes("1 mark waits")`)
	p.Offline(false)
	p.Until(`document.querySelector("#contact").dataset.is === "on" && !document.querySelector("#contact").textContent.includes("wait")`)
	p.Until(`document.querySelector("#own").textContent.includes("recorded at Reception")`)
	for name, want := range map[string]int{"Astrid Marker": 1, "Bengt Markerson": 1, "Cecilia Markerby": 0, "Didrik Ömarker": 0} {
		if n := marksOf(t, a, badges[name]); n != want {
			t.Errorf("%d marks of %s, want %d", n, name, want)
		}
	}
	// What was recorded is taken back too.
	p.Until(`(b => b && (b.click(), true))(document.querySelector("#acts button[aria-label=\"Undo: Bengt Markerson\"]"))`)
	p.Until(`[...document.querySelectorAll("#people > li")].some(e => e.textContent.includes("Bengt") && e.dataset.state === "inside")`)
	// By keyboard: sought, and marked.
	p.Bool(`(document.querySelector("#q").focus(), true)`)
	p.Type("omarker")
	p.Until(`document.querySelector("#found").textContent.includes("matches")`)
	p.Bool(`(document.querySelector("#q").select(), true)`)
	p.Type("ömark")
	p.Until(`document.querySelectorAll("#people > li").length === 1`)
	p.Type("\t\t\t\t" + browsertest.Enter)
	p.Until(`document.querySelector("#last-text").textContent.includes("Recorded at Reception")`)
	if n := marksOf(t, a, badges["Didrik Ömarker"]); n != 1 {
		t.Error("by keyboard:", n)
	}
	// By a scanner that types: the last who came is scanned again.
	p.Bool(`(document.querySelector("#q").focus(), document.querySelector("#q").select(), true)`)
	p.Type(qr + browsertest.Enter)
	p.Until(`document.querySelector("#q").value === "" && document.querySelector("#last-text").textContent === "Didrik Ömarker: Safe. Recorded at Reception."`)
	within(t, "the mark by scanner", func() bool { return marksOf(t, a, badges["Didrik Ömarker"]) == 2 })
	inProfile(t, "Astrid Marker", "Kvarnen Testmark", "Rullstolmark", badges["Astrid Marker"])

	if err := a.Node().Phones().Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	p.Until(`!document.querySelector("#start").hidden && document.querySelector("#start-title").textContent === "The pairing has ended"`)
	page := p.String(`document.documentElement.outerHTML`)
	for _, name := range []string{"Marker", "marker", "Testmark", key.ID.String()} {
		if strings.Contains(page, name) {
			t.Error("left on the page:", name)
		}
	}
	shot(t, p, "over")
	p.Axe("over")
	p.Until(`indexedDB.databases().then(all => all.length === 0)`)
	p.Reload()
	p.Wait("#start")
	if n := p.String(`document.querySelector("#start-title").textContent`); n != "This phone is not paired" {
		t.Error(n)
	}
	p.Goto("about:blank")
}

// refugesOnAPhone answers those who wait, once by a slip that is not taken, and
// not where no node is there to tell them.
func refugesOnAPhone(t *testing.T, p *browsertest.Page, a *App) {
	t.Helper()
	if _, err := a.Node().Alarm().Hear(t.Context(), alarm.HearRequest{Point: "Stair B", Count: 2}); err != nil {
		t.Fatal(err)
	}
	p.Until(`document.querySelector("#refuges-n").textContent === "Refuges: 1 is to be answered"`)
	p.Click("#refuges summary")
	stands := func() record.Help {
		e, _ := a.Node().Alarm().Running("")
		for _, x := range a.Node().Replica().Calls().In(e) {
			return x.Stands.Help
		}
		return ""
	}
	press := func(word string) {
		p.Until(fmt.Sprintf(`(b => b && !b.disabled && (b.click(), true))([...document.querySelectorAll("#places button")].find(b => b.textContent === %q))`, word))
	}
	press("Help is coming")
	p.Until(`document.querySelector("#places .said")?.textContent === "Stair B is told: Help is coming. Recorded at Reception."`)
	p.Until(`document.querySelector("#refuges-n").textContent === "Refuges"`)
	if got := stands(); got != record.HelpComing {
		t.Errorf("they are told %q", got)
	}
	press("All are fetched")
	p.Until(`[...document.querySelectorAll("#places button")].some(b => b.textContent === "Press again: all are fetched")`)
	for _, dark := range []bool{false, true} {
		look := phoneSize
		look.Dark = dark
		p.Look(look)
		what := fmt.Sprintf("refuges-dark-%v", dark)
		shot(t, p, what)
		p.Axe(what)
		p.Fits(what)
		p.Targets(what, "56")
	}
	p.Look(phoneSize)
	press("Press again: all are fetched")
	p.Until(`document.querySelector("#places .said")?.textContent.startsWith("Stair B is told: All are fetched.")`)
	if got := stands(); got != record.HelpFetched {
		t.Errorf("they are told %q", got)
	}
	p.Click("#refuges summary")
}

func shot(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, "phone-"+name+".png"))
	}
}

// marksOf is how many marks are on record of a badge, copies and all.
func marksOf(t *testing.T, a *App, badge string) (n int) {
	t.Helper()
	code, err := record.ParseCode(badge)
	if err != nil {
		t.Fatal(err)
	}
	said, err := a.Node().Replica().Evidence(code.Badge)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range said {
		if s.Event.Kind == record.Marked {
			n++
		}
	}
	return n
}

// profile is the folder that Chromium keeps beside this test's others.
func inProfile(t *testing.T, words ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Dir(t.TempDir()), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "Default") {
			return nil // Chromium comes and goes with its files
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		files++
		for _, w := range words {
			wide := make([]byte, 0, 2*len(w))
			for _, c := range []byte(w) {
				wide = append(wide, c, 0)
			}
			if bytes.Contains(body, []byte(w)) || bytes.Contains(body, wide) {
				t.Errorf("%q can be read in %s", w, filepath.Base(path))
			}
		}
		return nil
	})
	if err != nil || files < 5 {
		t.Fatal(files, err)
	}
}
