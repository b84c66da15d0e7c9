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

// Flag is a flag of Chromium's, without its hyphens.
type Flag struct {
	Name  string
	Value any
}

// Filmed are the flags of a browser whose camera, allowed without asking, shows
// a file of Camera's.
func Filmed(file string) []Flag {
	return []Flag{
		{"use-fake-device-for-media-stream", true},
		{"use-fake-ui-for-media-stream", true},
		{"use-file-for-fake-video-capture", file},
	}
}

// Start starts Chromium. Where it is not installed the test is skipped,
// loudly, unless the environment says CI: there it fails.
func Start(t testing.TB, flags ...Flag) *Browser {
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
	for _, f := range flags {
		opts = append(opts, chromedp.Flag(f.Name, f.Value))
	}
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
const limit = time.Minute
