package evac_test

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// TestScannerInBrowser: a scanner that types marks wherever the focus is.
func TestScannerInBrowser(t *testing.T) {
	_, s := alarmed(t)
	srv, _ := serve(t, s)
	p := browsertest.Start(t).Page(t, phone)
	p.Goto(srv.URL + "/warden?lang=en")
	live(p)
	p.Type(strings.ToLower(payload(t, 3)) + browsertest.Enter)
	p.Until(`document.querySelector("[data-undo]").innerText.includes("Maximilian")`)
	if q := verdict(t, s, 3); q.State != evac.Safe || q.How != "qr" {
		t.Errorf("marked as %s by %s", q.State, q.How)
	}
	// In the field for seeking it is a badge too, and leaves no trace.
	p.Click("#q")
	p.Type(payload(t, 4) + browsertest.Enter)
	p.Until(`document.querySelector("[data-undo]").innerText.includes("Örjan")`)
	if got := p.Value("#q"); got != "" {
		t.Errorf("the field holds %q", got)
	}
	// A badge of nobody who is known is kept.
	p.Type(payload(t, 900) + browsertest.Enter)
	p.Until(`document.querySelector("[data-undo]").innerText.includes("` + visitOf(900).Badge().String() + `")`)
}

// payload is what is on somebody's badge.
func payload(t testing.TB, n uint32) string {
	t.Helper()
	code, err := record.SignQR(record.QR{Kind: record.BadgeQR, Visit: visitOf(n), Last: 20700}, func([]byte) []byte { return make([]byte, 64) })
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestKeyboardInBrowser: everything that is pressed can be typed.
func TestKeyboardInBrowser(t *testing.T) {
	_, s := alarmed(t)
	srv, _ := serve(t, s)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/warden?lang=en")
	live(p)
	p.Type("/oberg")
	p.Until(`document.querySelector("#found").textContent === "Showing 1/24"`)
	p.Type(browsertest.Enter)
	p.Until(`document.querySelector("#found").textContent.startsWith("Enter again")`)
	if q := verdict(t, s, 0); q.State == evac.Safe {
		t.Fatal("marked without being asked")
	}
	p.Type(browsertest.Enter)
	p.Until(`document.querySelector("` + line(0) + `").dataset.state === "safe"`)
	p.Type(browsertest.Escape)
	p.Until(`document.querySelectorAll("#people [data-person]").length > 1`)
	p.Type(browsertest.Down + browsertest.Down)
	p.Until(`document.activeElement.closest("[data-person]") === document.querySelectorAll("#people [data-person]")[1]`)
	p.Bool(`document.activeElement.closest("[data-person]").querySelector(".press-safe").focus(), true`)
	p.Type(browsertest.Enter)
	p.Until(`document.querySelectorAll("#people [data-person]")[1].dataset.state === "safe"`)
}
