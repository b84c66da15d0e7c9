package browsertest

import (
	"context"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Offline takes the network away from the page, as a browser sees it where
// there is none, or gives it back.
func (p *Page) Offline(on bool) {
	p.t.Helper()
	p.do(func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		worker := on
		c := network.Conditions{DownloadThroughput: -1, UploadThroughput: -1, Offline: on}
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			EmulateOfflineServiceWorker: &worker, MatchedNetworkConditions: []*network.Conditions{&c},
		})
		if err == nil {
			_, err = chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: on, DownloadThroughput: -1, UploadThroughput: -1})
		}
		return chromedp.Void{}, err
	})
}

// Unreachable takes one address away from the page, "http://host:port/*".
func (p *Page) Unreachable(pattern string) {
	p.t.Helper()
	p.do(func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{URLPattern: pattern, DownloadThroughput: -1, UploadThroughput: -1, Offline: true}},
		})
		return chromedp.Void{}, err
	})
}

// Reload loads the page anew.
func (p *Page) Reload() {
	p.t.Helper()
	p.do(chromedp.Reload())
	p.settle()
}
