package badge

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// face is a picture with a light and a dark half, and greys between.
func face() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 240, 300))
	for y := range 300 {
		for x := range 240 {
			dx, dy := (x-120)*(x-120), (y-130)*(y-130)
			v := uint8(x)
			if dx*5+dy*3 < 30000 {
				v = uint8(255 - y/2)
			}
			m.Set(x, y, color.Gray{v})
		}
	}
	return m
}

// A badge with a photo has it in dots of two colours, as dark in all as the picture
// is, beside a code that still reads; and the label is still one graphic.
func TestDrawPhoto(t *testing.T) {
	for s, size := range sizes {
		w := people["plain"]
		bare, err := Draw(w, size)
		if err != nil {
			t.Fatal(err)
		}
		w.Photo = face()
		p, err := Draw(w, size)
		if err != nil {
			t.Fatal(s, err)
		}
		changed := 0
		for i := range p.Pix {
			if p.Pix[i] != bare.Pix[i] {
				changed++
			}
		}
		if changed < len(p.Pix)/100 {
			t.Errorf("%s: no photo is drawn: %d dots of %d differ", s, changed, len(p.Pix))
		}
		bmp, err := gozxing.NewBinaryBitmapFromImage(p)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := qrcode.NewQRCodeReader().Decode(bmp, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}); err != nil || got.GetText() != payload {
			t.Fatalf("%s: the code does not read beside a photo: %v", s, err)
		}
		unzpl(t, s, ZPL(p), p)
		if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
			var b bytes.Buffer
			if err := png.Encode(&b, p); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "label-"+s+"-photo.png"), b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
