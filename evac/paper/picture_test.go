package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"regexp"
	"strconv"
	"testing"
)

// A label's page is as large as the label, lying or standing.
func TestPicture(t *testing.T) {
	box := regexp.MustCompile(`/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]`)
	for _, size := range [][2]int{{76, 51}, {40, 62}, {50, 50}} {
		p := image.NewPaletted(image.Rect(0, 0, 600, 400), color.Palette{color.White, color.Black})
		var b bytes.Buffer
		if err := Picture(&b, p, size[0], size[1]); err != nil {
			t.Fatal(err)
		}
		m := box.FindSubmatch(b.Bytes())
		if m == nil || !bytes.Contains(b.Bytes(), []byte("/Subtype /Image")) {
			t.Fatalf("no page with a picture: %.400q", b.Bytes())
		}
		for i := range 2 {
			points, err := strconv.ParseFloat(string(m[i+1]), 64)
			if got := points * 25.4 / 72; err != nil || fmt.Sprintf("%.0f", got) != strconv.Itoa(size[i]) {
				t.Errorf("%v mm: side %d is %.1f mm", size, i, got)
			}
		}
	}
}
