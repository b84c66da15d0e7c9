package evac_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// TestTenThousandInBrowser: the list opens within two seconds from cold and
// each letter that is sought takes 50 ms at most, with 10,000 people inside.
func TestTenThousandInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser with 10,000 people")
	}
	h := crowd(10_000)
	h.evacuate(record.Start{ID: record.EvacID{1}, At: record.HLCOf(at)})
	s, _ := muster(t, h, withBell(h))
	srv, _ := serve(t, s)
	began := time.Now()
	page := get(t, s, "/warden?lang=en").Body.Bytes()
	server := time.Since(began)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(page)
	_ = z.Close()

	p := browsertest.Start(t).Page(t, phone)
	p.Work()
	began = time.Now()
	p.Goto(srv.URL + "/warden?lang=en")
	p.Wait("#people [data-person]")
	open, worked := time.Since(began), p.Work()
	p.Click("#q")
	p.Type("z")
	p.Until(`document.querySelector("#found").textContent.endsWith("/10000")`)
	all, workedAll := time.Since(began), p.Work()
	p.Type(browsertest.Escape)
	// From the letter to the frame that shows what is found.
	var taken []time.Duration
	for _, text := range []string{"ö", "öb", "öbe", "öberg 99", "öberg 999", "", "karin", "karin 4", "zz", ""} {
		before := p.Work()
		p.Bool(fmt.Sprintf(`(q => { q.value = %q; q.dispatchEvent(new Event("input", { bubbles: true })); document.body.getBoundingClientRect(); })(document.querySelector("#q")), true`, text))
		took := p.Work() - before
		taken = append(taken, took.Round(100*time.Microsecond))
	}
	// One mark, from the tap to the line that says safe, and what it cost on the wire.
	p.Bool(`window.t0 = 0, window.t1 = 0, window.bytes = 0, (() => {
		const li = document.querySelector("#people [data-person]");
		document.addEventListener("live-data", (e) => { bytes += e.detail.length; });
		new MutationObserver(() => { if (li.dataset.state === "safe" && !t1) t1 = performance.now(); }).observe(li, { attributes: true });
		t0 = performance.now();
		li.querySelector(".press-safe").click();
	})(), true`)
	p.Until(`window.t1 > 0`)
	t.Logf("server %v, page %d bytes (%d packed), first line %v (main thread %v), all lines %v (main thread %v), letters %v; a mark shows after %s ms and sends %s bytes",
		server, len(page), packed.Len(), open, worked, all, workedAll, taken, p.String(`(t1 - t0).toFixed(0)`), p.String(`String(bytes)`))
	if worked > 2*time.Second {
		t.Errorf("the list takes %v of the page's own time to open", worked)
	}
	if slices.Sort(taken); taken[len(taken)/2] > 50*time.Millisecond {
		t.Errorf("a letter takes %v", taken[len(taken)/2])
	}
	if !p.Bool(`bytes < 4000`) {
		t.Errorf("a mark sends %s bytes", p.String(`String(bytes)`))
	}
}
