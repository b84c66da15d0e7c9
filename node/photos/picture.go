package photos

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"

	"golang.org/x/image/draw"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// MaxInput bounds a picture as it is handed in, in bytes; MaxSide and MaxPixels
	// what is decoded of it, whatever its bytes say.
	MaxInput  = 256 << 10
	MaxSide   = 2048
	MaxPixels = 1 << 21
	// maxScans bounds in how many passes over the whole picture it is written: a camera
	// writes one, or some ten, and each costs as much as its pixels.
	maxScans = 32
	// MaxPicture bounds a picture as it is kept, in bytes.
	MaxPicture = 14 << 10
	// Width and Height are those of a picture as it is kept, at most.
	Width, Height = 240, 300
)

// ErrPicture means that bytes are no picture that is taken.
var ErrPicture = &Problem{Key: "photo.picture", Field: "photo", Hint: fmt.Sprintf("that picture cannot be kept: hand in a JPEG of at most %d kB and %d megapixels, such as 1600 by 1200", MaxInput>>10, MaxPixels>>20)}

// decoding lets one picture be decoded at a time: two would take twice the memory,
// and no longer for both.
var decoding = make(chan struct{}, 1)

// Prepare makes of a picture from outside the one that is kept: a portrait cut out
// of its middle, scaled down and written anew, so that nothing is left of what was
// beside the picture (place, time, device). How large it would be is judged before
// anything is decoded. The slice is the caller's. Errors: ErrPicture.
func Prepare(raw []byte) (record.Picture, error) {
	if len(raw) > MaxInput || bytes.Count(raw, []byte{0xff, 0xda}) > maxScans {
		return nil, ErrPicture
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil || c.Width < 16 || c.Height < 16 || c.Width > MaxSide || c.Height > MaxSide || c.Width*c.Height > MaxPixels {
		return nil, ErrPicture
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	from, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrPicture
	}
	for _, try := range []struct{ parts, quality int }{{1, 82}, {1, 74}, {1, 64}, {1, 52}, {1, 40}, {2, 60}, {2, 30}, {4, 30}} {
		out, err := write(scaled(from, Width/try.parts, Height/try.parts), try.quality)
		if err != nil {
			return nil, fmt.Errorf("prepare a picture: %w", err)
		}
		if len(out) <= MaxPicture {
			return out, nil
		}
	}
	return nil, ErrPicture
}

func write(m image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// scaled is the middle of a picture in the proportions of a portrait, as wide and
// high as said or, where there is less in it, smaller.
func scaled(from image.Image, width, height int) image.Image {
	b := from.Bounds()
	w, h := b.Dx(), b.Dx()*height/width
	if h > b.Dy() {
		w, h = b.Dy()*width/height, b.Dy()
	}
	// A little more is left out below than above: faces are in the upper half.
	left, top := b.Min.X+(b.Dx()-w)/2, b.Min.Y+(b.Dy()-h)*2/5
	if w < width {
		width, height = max(w, 1), max(h, 1)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(out, out.Bounds(), from, image.Rect(left, top, left+w, top+h), draw.Src, nil)
	return out
}

// Decode reads a picture that is kept. Errors: ErrPicture.
func Decode(p record.Picture) (image.Image, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(p))
	if err != nil || c.Width > Width || c.Height > Height {
		return nil, ErrPicture
	}
	m, err := jpeg.Decode(bytes.NewReader(p))
	if err != nil {
		return nil, errors.Join(ErrPicture, err)
	}
	return m, nil
}
