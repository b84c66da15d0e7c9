package paper

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
)

// The house's logo is on a paper; one that cannot be read holds none up.
func TestLogoOnPaper(t *testing.T) {
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewNRGBA(image.Rect(0, 0, 300, 100))); err != nil {
		t.Fatal(err)
	}
	p, l := printer(t), listOf("real", crowd(40)...)
	plain := listed(t, p, l, headOf(lang.Swedish))
	for what, c := range map[string]struct {
		file []byte
		on   bool
	}{"whole": {logo.Bytes(), true}, "broken": {[]byte("\x89PNG"), false}, "cut": {logo.Bytes()[:60], false}} {
		h := headOf(lang.Swedish)
		h.Logo = c.file
		pdf := listed(t, p, l, h)
		if bytes.Contains(pdf, []byte("/Subtype /Image")) != c.on {
			t.Errorf("%s: on the paper: %v", what, !c.on)
		}
		if !slices.Equal(texts(pdf), texts(plain)) || pagesOf(pdf) != pagesOf(plain) {
			t.Errorf("%s: another text", what)
		}
	}
}
