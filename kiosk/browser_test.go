package kiosk_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/node/badges"
)

// serve serves a kiosk until the test ends; its streams end first.
func serve(t *testing.T, k *kiosk.Kiosk) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(k)
	t.Cleanup(func() {
		_ = k.Close()
		srv.Close()
	})
	return srv
}

// TestASlowReader: a tablet that is busy, or a reader over Bluetooth, leaves time between
// the keys of a badge, and it is read all the same.
func TestASlowReader(t *testing.T) {
	k, _, _ := door(t, reception)
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/kiosk?lang=sv")
	p.Wait(".choice.first")
	for _, key := range "7K3M9Q21" + browsertest.Enter {
		time.Sleep(100 * time.Millisecond)
		p.Type(string(key))
	}
	p.Wait(".goodbye")
}

// TestPause waits for the question, answers it once, and then does not.
func TestPause(t *testing.T) {
	k, _, _ := door(t, func(c *kiosk.Config) { c.Warn, c.Clear = time.Second, 9*time.Second })
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/kiosk/arrive?lang=sv")
	p.Type("Anna")
	p.Wait("dialog[open]")
	p.Axe("pause")
	p.Targets("pause", "60")
	if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, "pause-1440-sv-light.png"))
	}
	p.Type(browsertest.Enter)
	p.Until(`!document.querySelector("dialog").open`)
	if got := p.Value("#name"); got != "Anna" {
		t.Errorf("after more time the name is %q", got)
	}
	p.Wait("dialog[open]")
	p.Wait(".choices")
	p.Goto(srv.URL + "/kiosk/arrive?lang=sv")
	if got := p.Value("#name"); got != "" {
		t.Errorf("the next person finds %q", got)
	}
	// A welcome page is not only left but put away.
	p.Type("Anna" + browsertest.Enter)
	p.Wait(".badge")
	url := p.URL()
	p.Wait(".choices")
	p.Goto(url)
	if p.Bool(`document.body.innerText.includes("Anna")`) {
		t.Error("the welcome page is still to be had")
	}
}

// TestPrint checks the size of the paper and keeps it for people to look at.
func TestPrint(t *testing.T) {
	b := browsertest.Start(t)
	for shape, want := range map[badges.Shape][2]float64{
		badges.Card:  {86, 54},
		badges.Label: {62, 100},
	} {
		k, _, _ := door(t, func(c *kiosk.Config) {
			c.Badges = func() badges.Layout {
				l := badges.Standard()
				l.Shape = shape
				return l
			}
		})
		srv := serve(t, k)
		p := b.Page(t, browsertest.Look{})
		p.Goto(srv.URL + "/kiosk/arrive?lang=sv")
		p.Type("Anna-Lena Öberg" + browsertest.Tab + "Karin Lindqvist" + browsertest.Tab + "Ekström & Söner AB" + browsertest.Enter)
		p.Wait(".badge")
		pdf := p.PDF()
		if n := bytes.Count(pdf, []byte("/Type /Page\n")); n != 1 {
			t.Errorf("%s: %d sheets, want 1", shape, n)
		}
		var w, h float64
		if _, err := fmt.Sscanf(string(pdf[max(0, bytes.Index(pdf, []byte("/MediaBox"))):]), "/MediaBox [0 0 %g %g]", &w, &h); err != nil {
			t.Fatalf("%s: no size of paper: %v", shape, err)
		}
		const mm = 25.4 / 72
		if math.Abs(w*mm-want[0]) > 0.5 || math.Abs(h*mm-want[1]) > 0.5 {
			t.Errorf("%s: %.1f × %.1f mm, want %v", shape, w*mm, h*mm, want)
		}
		if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, "badge-"+string(shape)+".pdf"), pdf, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestWithoutScript goes the whole way in a browser that runs none.
func TestWithoutScript(t *testing.T) {
	k, h, _ := door(t)
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{NoScript: true})
	p.Goto(srv.URL + "/kiosk?lang=sv")
	p.Click(".choice.first")
	p.Wait("#name")
	p.Click("#name")
	p.Type("Anna")
	p.Click(".tick")
	p.Wait("#assist")
	p.Click("form button")
	p.Wait(".badge")
	if p.Bool(`document.querySelector("[data-print]").checkVisibility()`) {
		t.Error("there is a print button that does nothing")
	}
	p.Click(".finish")
	p.Wait(".choices")
	if got := h.checkedIn(); len(got) != 1 || got[0].Assist != "Behöver hjälp vid utrymning" {
		t.Errorf("the house has %d arrivals", len(got))
	}
}

// TestCloses shuts the door while the start page stands there, and opens it.
func TestCloses(t *testing.T) {
	var shut atomic.Bool
	k, _, _ := door(t, func(c *kiosk.Config) {
		c.Closed = func() error {
			if shut.Load() {
				return fmt.Errorf("evacuation: %w", lang.Problem{Key: lang.ClosedEvacuation})
			}
			return nil
		}
	})
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/kiosk?lang=sv")
	p.Wait(".choices")
	// Reading aloud is offered where this machine has a voice of the page's language.
	for voice, hidden := range map[string]string{`true, lang: "en-GB"`: "true", `true, lang: "sv_SE"`: "false", `false, lang: "sv-SE"`: "true"} {
		p.Until(`(speechSynthesis.getVoices = () => [{ localService: ` + voice + ` }], speechSynthesis.dispatchEvent(new Event("voiceschanged")), document.querySelector("[data-aloud]").hidden === ` + hidden + `)`)
	}
	shut.Store(true)
	p.Wait(".problem")
	if got := p.Text("h1"); got != "Gå inte in" {
		t.Errorf("the closed door says %q", got)
	}
	p.Axe("closed")
	v := &visitor{t: t, k: k}
	v.get("/kiosk/arrive")
	if v.res.Code != 503 || v.form != "" {
		t.Errorf("the form is still there: status %d", v.res.Code)
	}
	v.get("/kiosk/leave")
	if v.res.Code != 200 {
		t.Errorf("nobody can leave: status %d", v.res.Code)
	}
	shut.Store(false)
	p.Wait(".choices")
}
