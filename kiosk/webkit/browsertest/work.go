package browsertest

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// Work is how long the page's main thread has been at work since the page was
// opened, in its own time: what else the machine does plays no part. The first
// call begins to count.
func (p *Page) Work() time.Duration {
	p.t.Helper()
	var d time.Duration
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if !p.counting {
			p.counting = true
			_, err := chromedp.Call(ctx, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
			return err
		}
		got, err := chromedp.Call(ctx, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, m := range got.Metrics {
			if m.Name == "TaskDuration" {
				d = time.Duration(m.Value * float64(time.Second))
			}
		}
		return nil
	}))
	return d
}
