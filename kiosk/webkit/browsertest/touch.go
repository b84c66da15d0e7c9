package browsertest

import (
	"context"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Touchscreen gives the page a screen that is touched.
func (p *Page) Touchscreen() {
	p.t.Helper()
	p.do(func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5})
		return chromedp.Void{}, err
	})
}

// Attended keeps the page in the front, where a keyboard types: Tab past its last
// place would otherwise give the focus to the browser.
func (p *Page) Attended() {
	p.t.Helper()
	p.do(func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return chromedp.Void{}, err
	})
}

// middle brings an element to the middle of the window, as a finger scrolls, and
// answers where on the screen it is, or why it cannot be touched there.
const middle = `(async css => {
	const e = [...document.querySelectorAll(css)].find(e => e.checkVisibility({visibilityProperty: true}));
	if (!e) return "is not on the page";
	e.scrollIntoView({block: "center", behavior: "instant"});
	await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
	const b = e.getBoundingClientRect(), x = b.left + b.width / 2, y = b.top + b.height / 2, hit = document.elementFromPoint(x, y);
	if (!hit) return "is out of sight";
	if (!e.contains(hit) && hit.closest("label")?.control !== e) return "is covered by " + hit.outerHTML.slice(0, 120);
	return [x, y, b.left, b.top, b.width, b.height].join(" ");
})`

// box is where an element is touched, and its box: x, y, left, top, width, height.
func (p *Page) box(css string) []float64 {
	p.t.Helper()
	said := run(p, chromedp.Evaluate[string](middle+"("+strconv.Quote(css)+")", chromedp.EvalAwaitPromise))
	var out []float64
	for _, s := range strings.Fields(said) {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			p.t.Fatalf("touch %s: it %s", css, said)
		}
		out = append(out, n)
	}
	return out
}

// Tap touches the middle of an element with a finger and lets go. Nothing may lie
// over it.
func (p *Page) Tap(css string) {
	p.t.Helper()
	at := p.box(css)
	p.stroke([][2]float64{{at[0], at[1]}})
}

// Scrawl draws a signature across an element with a finger, which leaves it at full
// speed.
func (p *Page) Scrawl(css string) {
	p.t.Helper()
	b := p.box(css)
	path := make([][2]float64, 9)
	for i := range path {
		path[i] = [2]float64{b[2] + b[4]*float64(i+1)/10, b[3] + b[5]*[2]float64{0.3, 0.7}[i%2]}
	}
	p.stroke(path)
}

// stroke puts a finger down, moves it along a path, and lifts it.
func (p *Page) stroke(path [][2]float64) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		kind := input.DispatchTouchEventTypeTouchStart
		for _, at := range path {
			r := 8.0 // half a fingertip
			_, err := chromedp.Call(ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{
				Type: kind, TouchPoints: []*input.TouchPoint{{X: at[0], Y: at[1], RadiusX: &r, RadiusY: &r}},
			})
			if err != nil {
				return err
			}
			kind = input.DispatchTouchEventTypeTouchMove
		}
		_, err := chromedp.Call(ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
		return err
	}))
}

// Insert puts words in where the focus is, as a keyboard on the screen does, in
// place of what stands there.
func (p *Page) Insert(words string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(document.activeElement.select?.(), true)`)); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: words})
		return err
	}))
}
