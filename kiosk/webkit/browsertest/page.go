package browsertest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Page is one tab. Its methods fail the test when they cannot do what they
// say. One goroutine may use a page at a time.
type Page struct {
	t   testing.TB
	ctx context.Context
	// noScript is set while the page runs no script of its own.
	noScript bool
	// counting is set once Work counts.
	counting bool
}

// Page opens a tab, which is closed when the test ends.
func (b *Browser) Page(t testing.TB, look Look) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open tab: %v", err)
	}
	p.Look(look)
	return p
}

// Look changes how the page is looked at.
func (p *Page) Look(look Look) {
	p.t.Helper()
	if look.Width == 0 {
		look.Width, look.Height = 1440, 900
	}
	p.noScript = look.NoScript
	scheme, media := "light", ""
	if look.Dark {
		scheme = "dark"
	}
	if look.Print {
		media = "print"
	}
	p.do(chromedp.EmulateViewport(int64(look.Width), int64(look.Height)))
	p.do(func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: media,
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		if err == nil {
			_, err = chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: look.NoScript})
		}
		return chromedp.Void{}, err
	})
}

func (p *Page) do(a chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, a); err != nil {
		p.t.Fatalf("drive page: %v", err)
	}
}

// Goto loads a URL and waits for it.
func (p *Page) Goto(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
	p.settle()
}

// Wait waits until an element is there and visible.
func (p *Page) Wait(css string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(css)))
	p.settle()
}

// settle waits for the first frame of a new page: until then Chromium drops
// what is typed.
func (p *Page) settle() {
	p.t.Helper()
	if p.noScript {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`new Promise(done => {
			const painted = () => requestAnimationFrame(() => requestAnimationFrame(() => done(true)));
			document.readyState === "complete" ? painted() : addEventListener("load", painted);
		})`, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		// A page that is just being left answers with an error.
		if ctx.Err() != nil {
			p.t.Fatalf("wait for page: %v", err)
		}
	}
}

// Type types as a keyboard does, into whatever has the focus. "\t" is Tab and
// "\r" is Enter.
//
// A key goes down with its character in one event, as from a keyboard, so that
// a page which acts on the key swallows the character too.
func (p *Page) Type(keys string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for _, r := range keys {
			events := kb.Encode(r)
			if len(events) == 3 {
				events[0].Text, events[0].UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			}
			for _, e := range []*input.DispatchKeyEventParams{events[0], events[len(events)-1]} {
				if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, *e); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// Keys for Type.
const (
	Tab    = kb.Tab
	Enter  = kb.Enter
	Escape = kb.Escape
	Space  = " "
	Down   = kb.ArrowDown
)

// Click clicks an element.
func (p *Page) Click(css string) { p.t.Helper(); p.do(chromedp.Click(chromedp.CSS(css))) }

// Text is the visible text of an element.
func (p *Page) Text(css string) string {
	p.t.Helper()
	return run(p, chromedp.Text(chromedp.CSS(css)))
}

// Value is the value of a field.
func (p *Page) Value(css string) string {
	p.t.Helper()
	return run(p, chromedp.Value(chromedp.CSS(css)))
}

// URL is where the page is.
func (p *Page) URL() string { p.t.Helper(); return run(p, chromedp.Location()) }

// Bool evaluates an expression of script that is true or false.
func (p *Page) Bool(expression string) bool {
	p.t.Helper()
	return run(p, chromedp.Evaluate[bool](expression))
}

// String evaluates an expression of script that is a string.
func (p *Page) String(expression string) string {
	p.t.Helper()
	return run(p, chromedp.Evaluate[string](expression))
}

// Until waits until an expression of script is true.
func (p *Page) Until(expression string) {
	p.t.Helper()
	_ = run(p, chromedp.Poll[bool](expression))
}

// Screenshot writes the whole page as a PNG file.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	p.write(path, run(p, chromedp.FullScreenshot(100)))
}

// Shot writes what is in the window as a PNG file: what sticks to an edge is
// where a reader sees it. It takes it anew while it changes, since Chromium fills
// what it has not drawn yet with one colour: on a slow machine, a button that
// sticks to an edge has no words in the first picture after the window changed.
func (p *Page) Shot(path string) {
	p.t.Helper()
	last := run(p, chromedp.CaptureScreenshot())
	for range 4 {
		next := run(p, chromedp.CaptureScreenshot())
		if bytes.Equal(next, last) {
			break
		}
		last = next
	}
	p.write(path, last)
}

// Element is a PNG of one element, scaled.
func (p *Page) Element(css string, scale float64) []byte {
	p.t.Helper()
	return run(p, chromedp.ScreenshotScale(chromedp.CSS(css), scale))
}

// PDF prints the page at the size that its style asks for.
func (p *Page) PDF() []byte {
	p.t.Helper()
	return run(p, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
}

func (p *Page) write(path string, b []byte) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatalf("write screenshot: %v", err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		p.t.Fatalf("write screenshot: %v", err)
	}
}

func run[T any](p *Page, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatalf("read page: %v", err)
	}
	return v
}
