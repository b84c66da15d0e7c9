package photos_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/upprop/upprop/node/photos"
)

// drawn is a JPEG of a picture.
func drawn(t testing.TB, width, height int, at func(x, y int) color.Color) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, at(x, y))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 75}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func grey(x, y int) color.Color { return color.Gray{uint8(x*3 + y)} }

// withExif puts what a telephone writes beside a picture into a JPEG.
func withExif(jpg []byte) []byte {
	secret := append([]byte("Exif\x00\x00"), bytes.Repeat([]byte("59.33N 18.06E "), 9)...)
	out := append([]byte{}, jpg[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(2+len(secret)))
	out = append(out, secret...)
	out = append(out, 0xff, 0xfe, 0x00, 0x09)
	out = append(out, "comment"...)
	return append(out, jpg[2:]...)
}

// Whatever is handed in is kept as a small portrait with nothing beside it.
func TestPrepare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	noise := func(int, int) color.Color {
		return color.RGBA{uint8(rng.Uint32()), uint8(rng.Uint32()), uint8(rng.Uint32()), 255}
	}
	for name, raw := range map[string][]byte{
		"wide": drawn(t, 900, 300, grey), "high": drawn(t, 300, 1200, grey), "small": drawn(t, 40, 40, grey), "exif": withExif(drawn(t, 480, 600, grey)),
		"noise": drawn(t, 320, 400, noise),
	} {
		p, err := photos.Prepare(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, err := photos.Decode(p)
		if err != nil || len(p) > photos.MaxPicture || bytes.Contains(p, []byte("Exif")) || bytes.Contains(p, []byte("comment")) || bytes.Contains(p, []byte("18.06E")) {
			t.Fatalf("%s: %d bytes: %v", name, len(p), err)
		}
		if b := m.Bounds(); b.Dx() > photos.Width || b.Dx()*5 < b.Dy()*4-4 || b.Dx()*5 > b.Dy()*4+4 {
			t.Errorf("%s: %v is no portrait", name, b)
		}
	}
	// A head in the middle stays in the middle.
	p, err := photos.Prepare(drawn(t, 1000, 500, func(x, _ int) color.Color {
		if x > 450 && x < 550 {
			return color.Black
		}
		return color.White
	}))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := photos.Decode(p)
	if r, _, _, _ := m.At(photos.Width/2, photos.Height/2).RGBA(); r > 0x4000 {
		t.Error("what is in the middle has been cut off")
	}
	if r, _, _, _ := m.At(4, photos.Height/2).RGBA(); r < 0xc000 {
		t.Error("the picture is squeezed")
	}
}

// What would take much memory is refused before it is decoded, and so is all that
// is no JPEG.
func TestPrepareRefuses(t *testing.T) {
	bomb := drawn(t, 64, 64, grey)
	i := bytes.Index(bomb, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(bomb[i+5:], 60000)
	binary.BigEndian.PutUint16(bomb[i+7:], 60000)
	many := bytes.Clone(bomb)
	binary.BigEndian.PutUint16(many[i+5:], 2040)
	binary.BigEndian.PutUint16(many[i+7:], 2040)
	var other bytes.Buffer
	if err := png.Encode(&other, image.NewGray(image.Rect(0, 0, 50, 50))); err != nil {
		t.Fatal(err)
	}
	whole := drawn(t, 200, 200, grey)
	for name, raw := range map[string][]byte{
		"a bomb": bomb, "many pixels": many, "a PNG": other.Bytes(), "nothing": nil, "half": whole[:len(whole)/2], "tiny": drawn(t, 8, 8, grey),
		"too long": append(bytes.Clone(whole), make([]byte, photos.MaxInput)...),
	} {
		if p, err := photos.Prepare(raw); !errors.Is(err, photos.ErrPicture) || p != nil {
			t.Errorf("%s is taken: %v", name, err)
		}
	}
}

// Whatever is handed in, it ends, and what comes of it is a small picture.
// inPasses is a JPEG that is written in so many passes over the whole picture, a
// few bytes each.
func inPasses(width, height uint16, passes int) []byte {
	out := []byte{0xff, 0xd8, 0xff, 0xdb, 0, 67, 0}
	out = append(out, bytes.Repeat([]byte{1}, 64)...)
	out = append(out, 0xff, 0xc2, 0, 11, 8)
	out = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(out, height), width)
	out = append(out, 1, 1, 0x11, 0)
	out = append(append(out, 0xff, 0xc4, 0, 20, 0x10, 1), append(make([]byte, 15), 0xe0)...) // one code: of many blocks that end here
	for range passes {
		out = append(out, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0, 0x7f, 0xfe, 0, 3)
	}
	return append(out, 0xff, 0xd9)
}

// Few bytes that go over a large picture thousands of times would keep everybody
// waiting for a minute.
func TestPrepareRefusesManyPasses(t *testing.T) {
	if _, err := photos.Prepare(inPasses(240, 320, 12)); err != nil {
		t.Error("in some passes, as cameras write it:", err)
	}
	if _, err := photos.Prepare(inPasses(240, 320, 64)); !errors.Is(err, photos.ErrPicture) {
		t.Error("in many passes:", err)
	}
}

func FuzzPrepare(f *testing.F) {
	f.Add(drawn(f, 60, 60, grey))
	f.Add(withExif(drawn(f, 33, 17, grey)))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xc0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := photos.Prepare(raw)
		if err != nil {
			return
		}
		if m, err := photos.Decode(p); err != nil || len(p) > photos.MaxPicture || m.Bounds().Dx() > photos.Width {
			t.Errorf("%d bytes became %d: %v", len(raw), len(p), err)
		}
	})
}
