package kiosk_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// The keystroke-level model (Card, Moran and Newell, Communications of the ACM
// 23:7, 1980) says how long a person takes for what a page asks of them, so that
// a page which asks for more fails here, on any machine. To press a key takes a
// slow writer 0.5 s, to reach something 1.1 s, to make up one's mind 1.35 s. To
// hold a code to the reader is given 3 s.
const (
	pressing  = 500 * time.Millisecond
	reaching  = 1100 * time.Millisecond
	deciding  = 1350 * time.Millisecond
	presented = 3 * time.Second
)

// person goes through pages and is timed by the model.
type person struct {
	p       *browsertest.Page
	took    time.Duration
	screens int
}

// arrives at another screen, by what is on it.
func (h *person) arrives(css string) {
	h.p.Wait(css)
	h.screens++
	h.took += deciding
}

func (h *person) taps(css string) {
	h.p.Click(css)
	h.took += deciding + reaching
}

func (h *person) writes(s string) {
	h.p.Type(s)
	h.took += time.Duration(utf8.RuneCountInString(s)) * pressing
}

func (h *person) shows(code string) {
	h.p.Type(code + browsertest.Enter)
	h.took += deciding + presented
}

// TestThePaceOfArriving: with an invitation's QR somebody is inside after three
// screens at most and within 20 s, and without anything within 45 s, who writes
// their name, finds their host, and says which company they are from.
func TestThePaceOfArriving(t *testing.T) {
	k, h, _ := door(t, reception)
	srv := serve(t, k)
	b := browsertest.Start(t)
	for _, c := range []struct {
		name    string
		screens int
		within  time.Duration
		goes    func(*person)
	}{
		{"by QR", 3, 20 * time.Second, func(one *person) {
			one.shows("INVITE" + strings.Repeat("7K3M", 40))
			one.arrives("#name")
			one.taps("main form button[type=submit]")
		}},
		{"walks in", 4, 45 * time.Second, func(one *person) {
			one.taps(".choice.first")
			one.arrives(`a[href*="/arrive/visitor"]`)
			one.taps(`a[href*="/arrive/visitor"]`)
			one.arrives("#name")
			one.writes("Anna-Lena Öberg")
			one.taps("#host")
			one.writes("kar")
			one.p.Wait(".hosts button")
			one.taps(".hosts button")
			one.taps("#company")
			one.writes("Ekström & Söner AB")
			one.taps("main form button[type=submit]")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			one := &person{p: b.Page(t, browsertest.Look{})}
			one.p.Goto(srv.URL + "/kiosk?lang=sv")
			one.arrives(".choice.first")
			before := len(h.arrivals)
			c.goes(one)
			one.arrives(".badge")
			if len(h.arrivals) != before+1 {
				t.Error("nobody has arrived")
			}
			if one.screens > c.screens || one.took > c.within {
				t.Errorf("%d screens and %v; %d and %v are allowed", one.screens, one.took, c.screens, c.within)
			}
			t.Logf("%d screens, %v", one.screens, one.took)
		})
	}
}
