package kiosk_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/lang/langtest"
	"github.com/upprop/upprop/kiosk/webkit"
)

func TestCatalog(t *testing.T) {
	langtest.Lint(t, lang.Base(), langtest.Sources{
		Templates: []fs.FS{webkit.Templates(), os.DirFS("pages"), os.DirFS("badge"), os.DirFS("steps"), os.DirFS("webkit")},
		GoDirs:    []string{".", "webkit", "lang"}, Visitors: true,
	})
}
