package look

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	_ "image/jpeg" // what a logo may be uploaded as
	"image/png"
	"math"

	"golang.org/x/image/draw"
)

const (
	// MaxUpload is the largest file that is taken in, in bytes.
	MaxUpload = 1 << 20
	// MaxStored is the largest logo as it is kept, in bytes.
	MaxStored = 24 << 10
	// MaxWidth and MaxHeight are the bounds of a logo as it is kept, in pixels.
	MaxWidth, MaxHeight = 480, 160
	// maxPixels bounds what is unpacked from a file.
	maxPixels = 16 << 20
	// maxScans bounds in how many passes a JPEG is written: each costs as much as all
	// its pixels.
	maxScans = 32
	// leastSide is below which nothing can be seen.
	leastSide = 8
)

// Logo is a picture of the house, as it is kept: always a PNG of this program's
// own making. It may not be changed.
type Logo struct {
	// ID names it by what is in it.
	ID            string
	PNG           []byte
	Width, Height int
	// On is the ground on which it is seen, "light" or "dark", where one can see
	// through it; else empty.
	On string
}

// Flat is the logo on the ground on which it is seen, with nothing to see through,
// for paper and mails; nil where there is no logo.
func (l *Logo) Flat() *image.NRGBA {
	if l == nil {
		return nil
	}
	whole, err := png.Decode(bytes.NewReader(l.PNG))
	if err != nil {
		return nil // it was whole when it was read
	}
	ground := image.NewUniform(color.White)
	if l.On == "dark" {
		ground = image.NewUniform(color.NRGBA{Light.Ink.R, Light.Ink.G, Light.Ink.B, 255})
	}
	out := image.NewNRGBA(image.Rect(0, 0, l.Width, l.Height))
	draw.Draw(out, out.Bounds(), ground, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), whole, whole.Bounds().Min, draw.Over)
	return out
}

// FlatPNG is Flat as a file; nil where there is no logo.
func (l *Logo) FlatPNG() []byte {
	m := l.Flat()
	if m == nil {
		return nil
	}
	var out bytes.Buffer
	if png.Encode(&out, m) != nil {
		return nil // into memory
	}
	return out.Bytes()
}

// Errors of shrink.
var (
	errNoPicture = errors.New("no picture")
	errSVG       = errors.New("a drawing in SVG")
	errHuge      = errors.New("too many pixels")
	errTiny      = errors.New("too small")
)

// shrink makes a logo of a PNG or a JPEG: nothing of the file is kept but what it
// looks like. What is larger than a logo may be is made smaller, until it goes into
// MaxStored.
func shrink(file []byte) (*Logo, error) {
	if isSVG(file) {
		return nil, errSVG
	}
	head, kind, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case err != nil || kind != "png" && kind != "jpeg":
		return nil, errNoPicture
	case kind == "jpeg" && bytes.Count(file, []byte{0xff, 0xda}) > maxScans:
		return nil, errNoPicture
	case head.Width < leastSide || head.Height < leastSide:
		return nil, errTiny
	case head.Width > maxPixels || head.Height > maxPixels || head.Width*head.Height > maxPixels:
		return nil, errHuge
	}
	whole, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, errNoPicture
	}
	size := whole.Bounds().Size()
	scale := min(1, float64(MaxWidth)/float64(size.X), float64(MaxHeight)/float64(size.Y))
	for ; ; scale *= 0.85 {
		w, h := max(1, int(math.Round(float64(size.X)*scale))), max(1, int(math.Round(float64(size.Y)*scale)))
		small := image.NewNRGBA(image.Rect(0, 0, w, h))
		draw.CatmullRom.Scale(small, small.Bounds(), whole, whole.Bounds(), draw.Src, nil)
		var out bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
			return nil, errNoPicture
		}
		if out.Len() <= MaxStored {
			return &Logo{ID: nameOf(out.Bytes()), PNG: out.Bytes(), Width: w, Height: h, On: groundOf(small)}, nil
		}
	}
}

func isSVG(file []byte) bool {
	start := bytes.ToLower(file[:min(len(file), 1024)])
	return bytes.Contains(start, []byte("<svg")) || bytes.HasPrefix(bytes.TrimLeft(start, "\ufeff \r\n\t"), []byte("<?xml"))
}

// nameOf names a picture by what is in it.
func nameOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:12])
}

// restored is a logo from the settings; nil where they hold none of that name that
// this program would have made.
func restored(id string, file []byte) *Logo {
	if len(file) > MaxStored || nameOf(file) != id {
		return nil
	}
	head, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil || head.Width > MaxWidth || head.Height > MaxHeight || head.Width < 1 || head.Height < 1 {
		return nil
	}
	whole, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil
	}
	return &Logo{ID: id, PNG: file, Width: head.Width, Height: head.Height, On: groundOf(whole)}
}

// groundOf is the ground on which a picture is seen that one can see through.
func groundOf(m image.Image) string {
	var seen, light float64
	all := m.Bounds()
	for y := all.Min.Y; y < all.Max.Y; y++ {
		for x := all.Min.X; x < all.Max.X; x++ {
			c, _ := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			seen += float64(c.A) / 255
			light += float64(c.A) / 255 * Colour{c.R, c.G, c.B}.Luminance()
		}
	}
	switch area := float64(all.Dx() * all.Dy()); {
	case seen > 0.98*area:
		return ""
	case seen > 0 && light/seen > 0.55:
		return "dark"
	}
	return "light"
}
