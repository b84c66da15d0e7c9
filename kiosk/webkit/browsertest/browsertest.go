// Package browsertest drives the screens in a real Chromium: by keyboard, in
// both themes, at any size, and past axe-core. It is for tests, links into no
// binary that ships, and calls nothing but the server under test.
//
// Invariant: every browser it starts is gone when the test ends.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser is one Chromium with an empty profile.
type Browser struct{ ctx context.Context }

// Start starts Chromium. Where it is not installed the test is skipped,
// loudly, unless the environment says CI: there it fails.
func Start(t testing.TB) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("Chromium is not installed: the screens were NOT tested in a browser (apt-get install chromium)")
		}
		t.Skip("!!! Chromium is not installed: the screens were NOT tested in a browser (apt-get install chromium) !!!")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, closeBrowser := chromedp.NewContext(alloc)
	t.Cleanup(func() { closeBrowser(); stop() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return &Browser{ctx: ctx}
}

// Look is how a page is looked at. The zero value is a light 1440 × 900
// window with script.
type Look struct {
	Width, Height int
	Dark          bool
	Print         bool
	NoScript      bool
}

// limit bounds every single step, so that a page that never comes fails the
// test instead of hanging it.
const limit = 20 * time.Second
