package evac_test

import (
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// TestPadInBrowser: by finger, by keyboard, and without script.
func TestPadInBrowser(t *testing.T) {
	h := campus()
	h.evacuate(drill())
	s, l := locked(t, h, "")
	srv, _ := serve(t, s)
	p := browsertest.Start(t).Page(t, browsertest.Look{Width: 390, Height: 844})
	live := func() {
		t.Helper()
		p.Until(`document.querySelector("[data-live-state]")?.dataset.liveIs === "on"`)
	}
	press := func(keys ...string) {
		t.Helper()
		for _, k := range keys {
			p.Click(`[data-key="` + k + `"]`)
		}
	}
	p.Goto(srv.URL + "/warden?lang=en")
	live()
	if p.Bool(`[...document.querySelectorAll(".pin-keys button")].some(e => e.getBoundingClientRect().height < 60 || e.getBoundingClientRect().width < 60)`) {
		t.Error("a key is smaller than 60 px")
	}

	// Chosen by finger: OK leads to the second field first.
	press("1", "2", "3", "5", "erase", "4")
	if got := p.Value("#pin-1"); got != "1234" {
		t.Errorf("the keys wrote %q", got)
	}
	p.Click("[data-pin-ok]")
	press("1", "2", "3", "4")
	if got := p.Value("#pin-2"); got != "1234" {
		t.Errorf("the keys wrote %q into the second field", got)
	}
	if !p.Bool(`document.querySelector("#pin-1").type === "password" && document.querySelector("#pin-1").inputMode === "none"`) {
		t.Error("the PIN is in clear, or the screen's keyboard covers the keys")
	}
	// What happens in the house meanwhile takes no digit away.
	h.gate(false, at)
	p.Until(`document.querySelector(".truth-unknown") !== null`)
	p.Click("[data-pin-ok]")
	p.Wait(".pin-lock")
	if s := l.State(); !s.Set || s.Locked {
		t.Errorf("not chosen: %+v", s)
	}
	p.Until(`document.body.innerText.includes("Öberg")`)

	// Locked with one press, everywhere.
	p.Click(".pin-lock button")
	p.Wait(".pin-box")
	if p.Bool(`document.body.innerText.includes("Öberg")`) {
		t.Error("names stay after they were locked")
	}

	// Unlocked by keyboard alone; a wrong one is said to be wrong.
	live()
	p.Bool(`document.querySelector(".pin-box summary").focus(), true`)
	p.Type(browsertest.Tab)
	p.Type("9999" + browsertest.Enter)
	p.Wait(".pin-fault")
	live()
	if !p.Bool(`document.querySelector(".pin-fault").innerText.includes("Wrong PIN")`) {
		t.Error("no word of the wrong PIN")
	}
	p.Bool(`document.querySelector("#pin-1").focus(), true`)
	p.Type("1234" + browsertest.Enter)
	p.Wait(".pin-lock")

	// Without script the pad has a page of its own, which stands still.
	_ = l.Lock()
	p.Look(browsertest.Look{Width: 390, Height: 844, NoScript: true})
	p.Goto(srv.URL + "/warden?lang=en")
	p.Click(".no-script a")
	p.Wait("#pin-1")
	p.Click("#pin-1")
	p.Type("1234" + browsertest.Enter)
	p.Wait(".pin-lock")
	if l.State().Locked {
		t.Error("not unlocked without script")
	}
}
