package browsertest

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Weight reports a page that is more than most bytes in all: itself and what it
// loads, as it is read, before any packing for the way. Data that a page fetches
// by itself afterwards counts too.
func (p *Page) Weight(what string, most int) {
	p.t.Helper()
	// What came from the browser's own store has its full size here as well.
	n := run(p, chromedp.Evaluate[int](`[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
		.reduce((sum, e) => sum + e.decodedBodySize, 0)`))
	switch {
	case n == 0:
		p.t.Errorf("%s: its weight cannot be told", what)
	case n > most:
		p.t.Errorf("%s: %d bytes in all, over %d: %s", what, n, most, p.String(`[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
			.sort((a, b) => b.decodedBodySize - a.decodedBodySize).slice(0, 5).map(e => new URL(e.name).pathname + " " + e.decodedBodySize).join(", ")`))
	}
}

// FirstPaint is how long after a page was asked for something of it was first
// seen.
func (p *Page) FirstPaint() time.Duration {
	p.t.Helper()
	p.Until(`performance.getEntriesByType("paint").length > 0`)
	ms := run(p, chromedp.Evaluate[float64](`performance.getEntriesByType("paint").at(-1).startTime`))
	return time.Duration(ms * float64(time.Millisecond))
}

// Slow makes the processor so many times slower for the page.
func (p *Page) Slow(times float64) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: times})
		return err
	}))
}
