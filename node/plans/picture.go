package plans

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/upprop/upprop/crdt/shape"
)

const (
	// MaxUpload is the largest file that is taken in, in bytes.
	MaxUpload = 1 << 20
	// MaxStored is the largest picture as it is kept, in bytes: twelve settings.
	MaxStored = 12 * shape.MaxSetting
	// MaxSide bounds both sides of a picture as it is kept, in pixels.
	MaxSide = 1600
	// MaxSmall is the largest picture on a page, in bytes; sideSmall bounds its sides.
	MaxSmall, sideSmall = 60_000, 1100
	// maxPixels bounds what is unpacked from a file.
	maxPixels = 16 << 20
	// maxScans bounds in how many passes a JPEG is written: each costs as much as all
	// its pixels.
	maxScans = 32
	// leastSide is below which no plan can be read.
	leastSide = 32
)

// Picture is a PNG or a JPEG, Type says which as media types do. ID names it by
// what is in it.
type Picture struct {
	ID, Type      string
	File          []byte
	Width, Height int
}

var (
	errPicture = &Problem{Key: "plans.picture", Field: "plan", Hint: "the file is no picture that can be read, and nothing was saved: choose a PNG or a JPEG; a drawing or a PDF is saved as PNG in the program that made it"}
	errLarge   = &Problem{Key: "plans.too_large", Field: "plan", Limit: MaxUpload >> 10, Hint: fmt.Sprintf("the file is larger than %d kB or has more than 16 million pixels, and nothing was saved: make it smaller; it is kept at most %d pixels wide", MaxUpload>>10, MaxSide)}
	errSmall   = &Problem{Key: "plans.too_small", Field: "plan", Limit: leastSide, Hint: fmt.Sprintf("the picture is less than %d pixels high or wide, and nothing was saved: choose a larger one", leastSide)}
)

// decoding lets one picture be decoded at a time: two would take twice the memory,
// and no longer for both.
var decoding = make(chan struct{}, 1)

// made is a picture of a file from outside: nothing of the file is kept but what it
// looks like. Errors: *Problem.
func made(file []byte) (Picture, error) {
	if len(file) > MaxUpload {
		return Picture{}, errLarge
	}
	p, err := shrink(file, MaxSide, MaxStored)
	if err == nil && min(p.Width, p.Height) < leastSide {
		return Picture{}, errSmall
	}
	return p, err
}

// decode reads a PNG or a JPEG of at most so many pixels to each side. How large it
// would be is judged before anything is decoded. Errors: *Problem.
func decode(file []byte, side int) (image.Image, error) {
	read, head := png.Decode, png.DecodeConfig
	if bytes.HasPrefix(file, []byte{0xff, 0xd8}) {
		read, head = jpeg.Decode, jpeg.DecodeConfig
		if bytes.Count(file, []byte{0xff, 0xda}) > maxScans {
			return nil, errPicture
		}
	}
	c, err := head(bytes.NewReader(file))
	switch {
	case err != nil || c.Width < 1 || c.Height < 1:
		return nil, errPicture
	case c.Width > side || c.Height > side || c.Width*c.Height > maxPixels:
		return nil, errLarge
	}
	m, err := read(bytes.NewReader(file))
	if err != nil {
		return nil, errPicture
	}
	return m, nil
}

// shrink draws a file anew, on white, at most so large to each side and of at most
// so many bytes: as a PNG where that is enough, which keeps lines sharp, else as a
// JPEG, and smaller where neither is. Errors: *Problem.
func shrink(file []byte, side, most int) (Picture, error) {
	decoding <- struct{}{}
	defer func() { <-decoding }()
	whole, err := decode(file, maxPixels)
	if err != nil {
		return Picture{}, err
	}
	size := whole.Bounds().Size()
	for scale := min(1, float64(side)/float64(max(size.X, size.Y))); ; scale *= 0.85 {
		m := scaled(whole, max(1, int(math.Round(float64(size.X)*scale))), max(1, int(math.Round(float64(size.Y)*scale))))
		for _, quality := range []int{0, 82, 70, 55} {
			out, kind, err := write(m, quality)
			if err != nil {
				return Picture{}, fmt.Errorf("draw a plan: %w", err)
			}
			if len(out) <= most {
				return Picture{nameOf(out), kind, out, m.Rect.Dx(), m.Rect.Dy()}, nil
			}
		}
	}
}

// write is a picture as a JPEG; of no quality, as a PNG.
func write(m *image.RGBA, quality int) (file []byte, kind string, err error) {
	var b bytes.Buffer
	if quality == 0 {
		err = png.Encode(&b, m)
		return b.Bytes(), "image/png", err
	}
	err = jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	return b.Bytes(), "image/jpeg", err
}

// scaled is a picture on white, no larger than it was, each pixel the mean of what
// it covers. It holds one line of the large picture at a time.
func scaled(from image.Image, w, h int) *image.RGBA {
	all := from.Bounds()
	out, line := image.NewRGBA(image.Rect(0, 0, w, h)), image.NewRGBA(image.Rect(0, 0, all.Dx(), 1))
	sums := make([]float64, 3*w)
	for row := range h {
		clear(sums)
		cover(row, h, all.Dy(), func(y int, share float64) {
			draw.Draw(line, line.Rect, image.White, image.Point{}, draw.Src)
			draw.Draw(line, line.Rect, from, image.Pt(all.Min.X, all.Min.Y+y), draw.Over)
			for x := range w {
				cover(x, w, all.Dx(), func(i int, part float64) {
					for c := range 3 {
						sums[3*x+c] += float64(line.Pix[4*i+c]) * part * share
					}
				})
			}
		})
		for x := range w {
			mean := func(c int) uint8 { return uint8(min(255, sums[3*x+c]+0.5)) }
			out.SetRGBA(x, row, color.RGBA{mean(0), mean(1), mean(2), 255})
		}
	}
	return out
}

// cover tells which of many steps the one of a few covers, and by which share of
// itself.
func cover(one, few, many int, tell func(i int, share float64)) {
	per := float64(many) / float64(few)
	from, to := float64(one)*per, float64(one+1)*per
	for i := int(from); i < many && float64(i) < to; i++ {
		tell(i, (min(to, float64(i+1))-max(from, float64(i)))/per)
	}
}

// nameOf names a picture by what is in it.
func nameOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:12])
}

// judge is a picture from the settings; false where they hold none of that name that
// this program would have made.
func judge(id string, file []byte) (Picture, bool) {
	if nameOf(file) != id {
		return Picture{}, false
	}
	m, err := decode(file, MaxSide)
	if err != nil {
		return Picture{}, false
	}
	kind := "image/png"
	if file[0] == 0xff {
		kind = "image/jpeg"
	}
	return Picture{id, kind, file, m.Bounds().Dx(), m.Bounds().Dy()}, true
}
