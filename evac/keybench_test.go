package evac_test

import (
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// paints notes, for each key, when it went down and when the frame that comes
// after what the page did about it was on the screen.
const paints = `window.addEventListener("keydown", (down) => {
	window.painted = 0;
	requestAnimationFrame(() => {
		const after = new MessageChannel();
		after.port1.onmessage = () => { window.painted = performance.now() - down.timeStamp; };
		after.port2.postMessage(0);
	});
}, true), true`

// types types a text key by key into what has the focus, and returns how long
// each took to be painted, in milliseconds.
func types(b *testing.B, p *browsertest.Page, text string) (ms []float64) {
	b.Helper()
	for _, r := range text {
		p.Bool(`window.painted = 0, true`)
		p.Type(string(r))
		p.Until(`window.painted > 0`)
		took, err := strconv.ParseFloat(p.String(`window.painted.toFixed(2)`), 64)
		if err != nil {
			b.Fatal(err)
		}
		ms = append(ms, took)
	}
	return ms
}

// BenchmarkKey10000 is a letter that is sought on the warden's screen with
// 10,000 people inside, from the key to the frame that shows what is found. It
// must take 50 ms at most. Beside it: a key in a field of a page that does
// nothing about it.
func BenchmarkKey10000(b *testing.B) {
	h := crowd(10_000)
	h.evacuate(record.Start{ID: record.EvacID{1}, At: record.HLCOf(at)})
	s, _ := muster(b, h, withBell(h))
	srv, _ := serve(b, s)
	chromium := browsertest.Start(b)

	bare := chromium.Page(b, phone)
	bare.Goto(srv.URL + "/warden/point?lang=en")
	bare.Bool(paints)
	bare.Click(`input[type="text"]`)
	p := chromium.Page(b, phone)
	p.Goto(srv.URL + "/warden?lang=en")
	p.Click("#q")
	p.Type("z")
	p.Until(`document.querySelector("#found").textContent.endsWith("/10000")`)
	p.Type(browsertest.Escape)
	p.Bool(paints)

	const name, sought = "öberg 99", "öberg 99karin 4"
	var keys, floor []float64
	b.ResetTimer()
	for b.Loop() {
		for _, text := range []string{name, sought[len(name):]} {
			keys = append(keys, types(b, p, text)...)
			p.Type(browsertest.Escape)
			p.Until(`document.querySelector("#q").value === ""`)
		}
		floor = append(floor, types(b, bare, sought)...)
	}
	if n := b.N * utf8.RuneCountInString(sought); len(keys) != n || len(floor) != n {
		b.Fatalf("%d keys are measured, and %d without a list", len(keys), len(floor))
	}
	for name, of := range map[string][]float64{"key": keys, "bare-key": floor} {
		slices.Sort(of)
		b.ReportMetric(of[len(of)/2], name+"-p50-ms")
		b.ReportMetric(of[min(len(of)*99/100, len(of)-1)], name+"-p99-ms")
	}
}
