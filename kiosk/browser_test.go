package kiosk_test

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
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

// tour walks past every page and face of a page in one tab, and calls see at
// each. It is driven by keyboard alone.
func tour(p *browsertest.Page, url, l string, h *house, see func(name string)) {
	visit := func(path string) { p.Goto(url + path + "?lang=" + l) }
	visit("/kiosk")
	see("start")
	visit("/kiosk/arrive")
	see("arrive")
	p.Type(browsertest.Enter)
	p.Wait(".summary")
	see("arrive-fault")
	visit("/kiosk/arrive")
	p.Type("Anna-Lena Öberg" + browsertest.Tab + "Karin Lindqvist" + browsertest.Tab + "Ekström & Söner AB" + browsertest.Tab + browsertest.Space)
	p.Wait("#assist")
	see("arrive-assist")
	p.Type(browsertest.Tab + "Rullstol" + browsertest.Enter)
	p.Wait(".badge")
	see("welcome")
	p.Click(`a[href*="/pass"]`)
	p.Wait(".pass .qr")
	see("pass")
	visit("/kiosk/leave")
	see("leave")
	p.Type("hej" + browsertest.Enter)
	p.Wait(".summary")
	see("leave-fault")
	visit("/kiosk/goodbye")
	see("goodbye")
	p.Click(".aid form .button")
	p.Wait(".help-state")
	see("help")
	visit("/kiosk/privacy")
	see("privacy")
	visit("/kiosk/nowhere")
	see("missing")
	h.refuse = lang.Problem{Key: lang.ClosedEvacuation}
	visit("/kiosk/leave")
	p.Type("7K3M9Q21" + browsertest.Enter)
	p.Wait(".problem")
	see("evacuation")
	h.refuse = nil
}

var sizes = [][2]int{{390, 844}, {820, 1180}, {1440, 900}}

// TestEveryPage runs axe, in both languages and themes, and checks that
// fingers can hit what is there and that nothing scrolls sideways, down to
// 320 px, which is also 1280 px at 400 %. With UPPROP_SHOTS it keeps pictures.
func TestEveryPage(t *testing.T) {
	k, h, _ := door(t, func(c *kiosk.Config) { c.Phone = "031-123 45 67" })
	srv := serve(t, k)
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	for _, l := range []string{"sv", "en", "ar"} {
		for _, dark := range []bool{false, true} {
			if testing.Short() && dark != (l == "en") || l == "ar" && dark {
				continue
			}
			theme := map[bool]string{true: "dark", false: "light"}[dark]
			t.Run(l+"-"+theme, func(t *testing.T) {
				p := b.Page(t, browsertest.Look{Dark: dark})
				tour(p, srv.URL, l, h, func(name string) {
					p.Axe(name)
					p.Weight(name, 150_000)
					for _, s := range append(sizes, [2]int{320, 640}) {
						p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
						p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
						p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "60")
						if shots != "" {
							// A picture of more than the window is off to one side where a page
							// is written from the right.
							shot := p.Screenshot
							if l == "ar" {
								shot = p.Shot
							}
							shot(filepath.Join(shots, fmt.Sprintf("%s-%d-%s-%s.png", name, s[0], l, theme)))
						}
					}
					p.Look(browsertest.Look{Dark: dark})
				})
			})
		}
	}
}

// TestByKeyboard goes the whole way, start to start, with Tab, Enter and
// letters, in Swedish and in Arabic.
func TestByKeyboard(t *testing.T) {
	b := browsertest.Start(t)
	byKeyboard(t, b, "sv", "Anna Öberg", "You are checked out.")
	byKeyboard(t, b, "ar", "ليلى حداد", "You are checked out.")
}

func byKeyboard(t *testing.T, b *browsertest.Browser, l, name, gone string) {
	t.Helper()
	k, h, _ := door(t)
	srv := serve(t, k)
	p := b.Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/kiosk?lang=" + l)
	if l == "sv" {
		// Reading aloud is offered where this machine has a voice of the page's language.
		for voice, hidden := range map[string]string{"en-GB": "true", "sv_SE": "false"} {
			p.Until(`(speechSynthesis.getVoices = () => [{ localService: true, lang: "` + voice + `" }], speechSynthesis.dispatchEvent(new Event("voiceschanged")), document.querySelector("[data-aloud]").hidden === ` + hidden + `)`)
		}
		p.Until(`(speechSynthesis.getVoices = () => [{ localService: false, lang: "sv-SE" }], speechSynthesis.dispatchEvent(new Event("voiceschanged")), document.querySelector("[data-aloud]").hidden)`)
	}
	p.Type(browsertest.Tab)
	if !p.Bool(`document.activeElement.matches(".skip") && document.activeElement.checkVisibility()`) {
		t.Error("the first Tab does not reach the skip link")
	}
	p.Type(browsertest.Enter)
	p.Until(`location.hash === "#content"`)
	p.Type(browsertest.Tab)
	if !p.Bool(`document.activeElement.matches(".choice.first")`) {
		t.Error("after the skip link, Tab does not reach the first choice")
	}
	p.Type(browsertest.Enter)
	p.Wait("#name")
	if !p.Bool(`document.activeElement.id === "name"`) {
		t.Error("the form does not start in its first field")
	}
	// First an empty name: the summary takes the focus, its link the field.
	p.Type(browsertest.Enter)
	p.Wait(".summary")
	if !p.Bool(`document.activeElement.matches(".summary")`) {
		t.Error("the summary of faults does not take the focus")
	}
	p.Type(browsertest.Tab + browsertest.Enter)
	p.Until(`document.activeElement.id === "name"`)
	p.Type(name + browsertest.Enter)
	p.Wait(".badge")
	if got := h.checkedIn(); len(got) != 1 || got[0].Name != name || got[0].Lang != l {
		t.Fatalf("the house has %d arrivals", len(got))
	}
	if !strings.Contains(p.Text("h1"), name) || strings.Contains(p.URL(), "Anna") {
		t.Errorf("%s at %s", p.Text("h1"), p.URL())
	}
	img, err := png.Decode(bytes.NewReader(p.Element(".qr", 2)))
	if err != nil {
		t.Fatal(err)
	}
	qr := decodeQR(t, img)
	// The scanner reads that very badge, on the start page, as a keyboard.
	p.Goto(srv.URL + "/kiosk?lang=en")
	p.Type(qr + browsertest.Enter)
	p.Wait(".goodbye")
	if got := p.Text(".goodbye .lede"); !strings.HasPrefix(got, gone) {
		t.Errorf("goodbye says %q", got)
	}
	p.Type(browsertest.Enter)
	p.Wait(".choices")
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
	for shape, want := range map[kiosk.Badge][2]float64{
		kiosk.BadgeCard:  {86, 54},
		kiosk.BadgeLabel: {62, 100},
	} {
		k, _, _ := door(t, func(c *kiosk.Config) { c.Badge = shape })
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

// TestBadgeScansOffTheScreen reads the picture of the badge's QR as it is
// shown, also on the smallest screen, and shows it to the door on the way out.
func TestBadgeScansOffTheScreen(t *testing.T) {
	k, _, _ := door(t)
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{Width: 320, Height: 640})
	p.Goto(srv.URL + "/kiosk/arrive?lang=sv")
	p.Type("Anna" + browsertest.Enter)
	p.Wait(".badge")
	shot := filepath.Join(t.TempDir(), "badge.png")
	p.Screenshot(shot)
	f, err := os.Open(shot)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	payload := decodeQR(t, img)
	p.Goto(srv.URL + "/kiosk/leave?lang=sv")
	p.Type(payload + browsertest.Enter)
	p.Wait(".goodbye")
	if got := p.Text("h1"); got != "Hej då, Anna!" {
		t.Errorf("the bearer of the QR is told %q", got)
	}
	if strings.Contains(p.URL(), "Anna") {
		t.Error("a name is in the address")
	}
	p.Axe("goodbye")
	p.Fits("goodbye")
	if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, "goodbye-name-320.png"))
	}
}
