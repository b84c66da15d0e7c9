package kiosk_test

import (
	"encoding/xml"
	"image"
	"image/color"
	"image/draw"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

var (
	svgElement = regexp.MustCompile(`(?s)<svg class="qr".*?</svg>`)
	run        = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
)

// TestQRDecodes reads the QR off the page as a scanner would, drawing the
// page's own SVG.
func TestQRDecodes(t *testing.T) {
	k, _, _ := door(t)
	v := &visitor{t: t, k: k}
	v.post("/kiosk/arrive", "name=Anna", "lang=en")
	v.follow()
	img, label, size := drawn(t, v.res.Body.String())
	if !strings.Contains(label, "7K3M-9Q21") {
		t.Errorf("label %q", label)
	}
	if size != 45+2*4 {
		t.Errorf("%d modules a side, want those of version 7", size)
	}
	want := "UPP1B7K3M9Q21" + payload
	if got := decodeQR(t, img); got != want {
		t.Errorf("the QR says %q, want %q", got, want)
	}
	if strings.Contains(v.res.Body.String(), want) {
		t.Error("the payload stands in clear on the page")
	}
}

// drawn is the QR code of a page as a camera sees it, its label, and how many
// modules wide it is with the quiet zone.
func drawn(t *testing.T, page string) (img image.Image, label string, modules int) {
	t.Helper()
	svg := svgElement.FindString(page)
	var doc struct {
		ViewBox string `xml:"viewBox,attr"`
		Role    string `xml:"role,attr"`
		Label   string `xml:"aria-label,attr"`
		Path    []struct {
			Fill string `xml:"fill,attr"`
			D    string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal([]byte(svg), &doc); err != nil {
		t.Fatalf("the SVG is not well formed: %v\n%s", err, svg)
	}
	if doc.Role != "img" || doc.Label == "" {
		t.Errorf("role %q, label %q", doc.Role, doc.Label)
	}
	size, err := strconv.Atoi(strings.Fields(doc.ViewBox)[2])
	if err != nil || len(doc.Path) != 2 || doc.Path[1].Fill != "#000" {
		t.Fatalf("unexpected drawing: %v %+v", err, doc)
	}
	const scale = 6
	gray := image.NewGray(image.Rect(0, 0, size*scale, size*scale))
	draw.Draw(gray, gray.Bounds(), image.White, image.Point{}, draw.Src)
	for _, m := range run.FindAllStringSubmatch(doc.Path[1].D, -1) {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		n, _ := strconv.Atoi(m[3])
		if x < 4 || y < 4 || x+n > size-4 || y+1 > size-4 {
			t.Fatalf("a module stands in the quiet zone: %v", m)
		}
		draw.Draw(gray, image.Rect(x*scale, y*scale, (x+n)*scale, (y+1)*scale), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return gray, doc.Label, size
}

// readQR is what a reader makes of the QR code of a page.
func readQR(t *testing.T, page string) string {
	t.Helper()
	img, _, _ := drawn(t, page)
	return decodeQR(t, img)
}

func decodeQR(t *testing.T, img image.Image) string {
	t.Helper()
	bmp, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	res, err := qrcode.NewQRCodeReader().Decode(bmp, nil)
	if err != nil {
		t.Fatalf("the QR does not decode: %v", err)
	}
	return res.GetText()
}
