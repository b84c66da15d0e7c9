package look

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// bars is a plain logo; another hue is another logo.
func bars(w, h int, hue uint8) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x/8%2 == 0 {
				m.SetNRGBA(x, y, color.NRGBA{hue, 40, 120, 255})
			}
		}
	}
	return m
}

func noise(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	return m
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newBook(t *testing.T, name string) (*Book, sheettest.Desk, *[]string) {
	t.Helper()
	desk, told := sheettest.New(t, name), &[]string{}
	return New(Config{Settings: desk, Record: func(by, what, note string) { *told = append(*told, by+" "+what+" "+note) }}), desk, told
}

func colour(s string) Edit { return Edit{Colour: &s} }

func TestSetAndPutBack(t *testing.T) {
	b, _, told := newBook(t, "Reception")
	ctx := t.Context()
	if l := b.Now(); !l.Plain() || l.Mark() != "" {
		t.Errorf("at first %+v", l)
	}
	if err := b.Set(ctx, "anna", colour(" 0B4F8A ")); err != nil {
		t.Fatal(err)
	}
	if err := b.Set(ctx, "anna", Edit{Logo: pngOf(t, bars(300, 100, 200))}); err != nil {
		t.Fatal(err)
	}
	first := b.Now()
	if first.Colour == nil || first.Colour.String() != "#0b4f8a" || first.Logo == nil || first.Logo.Width != 300 || first.Logo.Height != 100 {
		t.Fatalf("%+v", first)
	}
	if err := b.Set(ctx, "anna", Edit{Logo: pngOf(t, bars(300, 100, 90))}); err != nil {
		t.Fatal(err)
	}
	if l := b.Now(); l.Mark() == first.Mark() || l.Logo.ID == first.Logo.ID || *l.Colour != *first.Colour {
		t.Errorf("%+v", l)
	}
	if err := b.PutBack(ctx, "anna", LogoKey, first.Logo.ID); err != nil || b.Now().Mark() != first.Mark() {
		t.Error(err, b.Now())
	}
	if err := b.PutBack(ctx, "anna", LogoKey, strings.Repeat("0", 24)); !errors.Is(err, errForgot) {
		t.Error(err)
	}
	none := None
	if err := b.Set(ctx, "anna", Edit{Colour: &none, Drop: true}); err != nil || !b.Now().Plain() {
		t.Error(err, b.Now())
	}
	n := len(*told)
	if err := b.Set(ctx, "anna", Edit{Colour: &none, Drop: true}); err != nil || len(*told) != n {
		t.Error("what is so already was written again", err)
	}
	if (*told)[0] != "anna look.set colour #0b4f8a" || !strings.HasPrefix((*told)[1], "anna look.set logo ") {
		t.Error(*told)
	}
}

// Two desks that do not hear each other change the colour and the logo apart: both
// are there afterwards. Two logos do not mix.
func TestMerge(t *testing.T) {
	north, a, _ := newBook(t, "North")
	south, b, _ := newBook(t, "South")
	ctx := t.Context()
	if err := errors.Join(north.Set(ctx, "", colour("#ffe600")), south.Set(ctx, "", Edit{Logo: pngOf(t, noise(200, 80))})); err != nil {
		t.Fatal(err)
	}
	sheettest.Heal(t, a, b)
	l := north.Now()
	if l.Colour == nil || l.Logo == nil || l.Mark() != south.Now().Mark() {
		t.Fatalf("%+v and %+v", l, south.Now())
	}
	if err := errors.Join(north.Set(ctx, "", Edit{Logo: pngOf(t, bars(99, 50, 9))}), south.Set(ctx, "", Edit{Logo: pngOf(t, bars(98, 50, 8))})); err != nil {
		t.Fatal(err)
	}
	want := []string{north.Now().Logo.ID, south.Now().Logo.ID}
	sheettest.Heal(t, a, b)
	if l := north.Now(); l.Logo == nil || !slices.Contains(want, l.Logo.ID) || south.Now().Mark() != l.Mark() {
		t.Errorf("%+v", l)
	}
}

func TestShrink(t *testing.T) {
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, bars(900, 900, 200), nil); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		file          []byte
		width, height int // 0: whatever fits
	}{
		"small": {pngOf(t, bars(60, 20, 1)), 60, 20}, "wide": {pngOf(t, bars(1920, 200, 1)), 480, 50},
		"jpeg": {jpg.Bytes(), 160, 160}, "noise": {pngOf(t, noise(480, 160)), 0, 0},
	} {
		l, err := shrink(c.file)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(l.PNG) > MaxStored || l.Width > MaxWidth || l.Height > MaxHeight || c.width > 0 && (l.Width != c.width || l.Height != c.height) {
			t.Errorf("%s: %d bytes, %d × %d", what, len(l.PNG), l.Width, l.Height)
		}
		if back := restored(l.ID, l.PNG); back == nil || back.Width != l.Width {
			t.Errorf("%s: not restored", what)
		}
	}
}

func TestRefusals(t *testing.T) {
	b, desk, told := newBook(t, "Reception")
	ctx := context.Background()
	var moving bytes.Buffer
	if err := gif.Encode(&moving, bars(40, 40, 1), nil); err != nil {
		t.Fatal(err)
	}
	good := pngOf(t, bars(40, 40, 1))
	var passes bytes.Buffer // a picture that says to be written in many passes
	if err := jpeg.Encode(&passes, bars(40, 40, 1), nil); err != nil {
		t.Fatal(err)
	}
	passes.Truncate(passes.Len() - 2)
	passes.Write(bytes.Repeat(passes.Bytes()[bytes.Index(passes.Bytes(), []byte{0xff, 0xda}):], maxScans))
	passes.Write([]byte{0xff, 0xd9})
	// A header that promises more pixels than there is memory for.
	bomb := bytes.Clone(good)
	copy(bomb[16:], []byte{0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff})
	closed := New(Config{Settings: desk, MayEdit: func() bool { return false }})
	for what, c := range map[string]struct{ got, want error }{
		"svg":     {b.Set(ctx, "", Edit{Logo: []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`)}), errDrawing},
		"xml":     {b.Set(ctx, "", Edit{Logo: []byte("\ufeff <?xml version=\"1.0\"?>")}), errDrawing},
		"gif":     {b.Set(ctx, "", Edit{Logo: moving.Bytes()}), errPicture},
		"passes":  {b.Set(ctx, "", Edit{Logo: passes.Bytes()}), errPicture},
		"cut":     {b.Set(ctx, "", Edit{Logo: good[:len(good)/2]}), errPicture},
		"text":    {b.Set(ctx, "", Edit{Logo: []byte("hello")}), errPicture},
		"large":   {b.Set(ctx, "", Edit{Logo: make([]byte, MaxUpload+1)}), errLarge},
		"tiny":    {b.Set(ctx, "", Edit{Logo: pngOf(t, bars(4, 40, 1))}), errSmall},
		"colour":  {b.Set(ctx, "", colour("red")), errColour},
		"elsehow": {closed.Set(ctx, "", colour("#123456")), errNotHere},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", what, c.got)
		}
	}
	if err := b.Set(ctx, "", Edit{Logo: bomb}); err == nil {
		t.Error("a bomb was unpacked")
	}
	if len(*told) != 0 || len(desk.Settings(Prefix)) != 0 {
		t.Error("something was saved")
	}
}

// What another node's settings hold is looked at before it is shown.
func TestHostileSettings(t *testing.T) {
	b, desk, _ := newBook(t, "Reception")
	svg := []byte(`<svg onload="alert(1)"/>`)
	err := desk.Set(t.Context(), sheet.Text(ColourKey, "#fff;}body{display:none"), sheet.Text(LogoKey, nameOf(svg)),
		crdt.Setting{Key: pictureKey + nameOf(svg) + "/a", Value: shape.Bytes(svg)})
	if err != nil {
		t.Fatal(err)
	}
	if l := b.Now(); !l.Plain() {
		t.Errorf("%+v", l)
	}
}

// Old logos do not gather for ever.
func TestOldLogosGo(t *testing.T) {
	b, desk, _ := newBook(t, "Reception")
	for i := range 2*maxPictures + 3 {
		if err := b.Set(t.Context(), "", Edit{Logo: pngOf(t, bars(40, 40, uint8(i)))}); err != nil {
			t.Fatal(err)
		}
	}
	kept := map[string]bool{}
	for _, s := range desk.Settings(pictureKey) {
		if len(s.Value.Bytes()) > 0 {
			kept[s.Key] = true
		}
	}
	if len(kept) > maxPictures || b.Now().Logo == nil {
		t.Error(fmt.Sprint(len(kept), " are kept"))
	}
}
