package plans

import (
	"bytes"
	"errors"
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
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

func newBook(t *testing.T, name string) (*Book, sheettest.Desk, *[]string) {
	t.Helper()
	desk, told := sheettest.New(t, name), &[]string{}
	return New(Config{
		Settings: desk, Known: func(s record.SiteID) bool { return s != "Nowhere" },
		Record: func(by, what, note string) { *told = append(*told, by+" "+what+" "+note) },
	}), desk, told
}

// drawing is lines on a ground that one can see through.
func drawing(w, h, every int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x%every == 0 || y%every == 0 {
				m.SetNRGBA(x, y, color.NRGBA{20, 20, 90, 255})
			}
		}
	}
	return m
}

// noise is what no compression makes small.
func noise(w, h int) image.Image {
	r, m := rand.New(rand.NewPCG(1, 2)), image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = uint8(r.Uint32()) | uint8(i%4/3*255)
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

func jpegOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSetClearAndPutBack(t *testing.T) {
	b, desk, told := newBook(t, "Reception")
	ctx := t.Context()
	first, err := b.Set(ctx, "anna", "North", pngOf(t, drawing(900, 600, 50)))
	if err != nil || first.Width != 900 || first.Height != 600 || first.Type != "image/png" {
		t.Fatalf("%+v %v", first, err)
	}
	if _, err := b.Set(ctx, "", "", pngOf(t, drawing(64, 64, 9))); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Set(ctx, "anna", "North", pngOf(t, drawing(900, 600, 70))); err != nil {
		t.Fatal(err)
	}
	all := b.List()
	if len(all) != 2 || all[0].Site != "" || all[1].Site != "North" || all[1].ID == first.ID {
		t.Fatalf("%+v", all)
	}
	// The same file once more is kept once.
	before := len(desk.Settings(pictureKey))
	if _, err := b.Set(ctx, "", "South", pngOf(t, drawing(900, 600, 70))); err != nil || len(desk.Settings(pictureKey)) != before {
		t.Error(err, len(desk.Settings(pictureKey)), before)
	}
	if err := b.PutBack(ctx, "anna", slug("North"), first.ID); err != nil {
		t.Fatal(err)
	}
	if now, ok := b.Of("North"); !ok || now.ID != first.ID || !bytes.Equal(now.File, first.File) {
		t.Errorf("%v %v", ok, now.ID)
	}
	if err := b.PutBack(ctx, "", slug("North"), strings.Repeat("0", 24)); !errors.Is(err, errForgot) {
		t.Error(err)
	}
	if err := b.Clear(ctx, "anna", "North"); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.Of("North"); ok || !errors.Is(b.Clear(ctx, "", "North"), errNoPlan) {
		t.Error("it is still there")
	}
	if (*told)[0] != "anna plan.set North" || !slices.Contains(*told, "anna plan.remove North") {
		t.Error(*told)
	}
}

// Two operators who do not hear each other choose plans apart: of two sites both are
// there, of one site one of the two is, whole.
func TestMerge(t *testing.T) {
	north, a, _ := newBook(t, "North")
	south, b, _ := newBook(t, "South")
	set := func(b *Book, site record.SiteID, every int) string {
		t.Helper()
		p, err := b.Set(t.Context(), "", site, pngOf(t, drawing(300, 200, every)))
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	set(north, "North", 20)
	set(south, "South", 30)
	one, other := set(north, "Both", 40), set(south, "Both", 50)
	sheettest.Heal(t, a, b)
	if len(north.List()) != 3 || len(south.List()) != 3 {
		t.Fatalf("%d and %d", len(north.List()), len(south.List()))
	}
	x, _ := north.Of("Both")
	if y, _ := south.Of("Both"); x.ID != y.ID || x.ID != one && x.ID != other {
		t.Error(x.ID, y.ID)
	}
}

func TestShrink(t *testing.T) {
	for what, c := range map[string]struct {
		file                []byte
		width, height, side int
		kind                string // empty: either
	}{
		"drawing": {pngOf(t, drawing(2000, 1250, 100)), 1600, 1000, MaxSide, "image/png"},
		"tall":    {pngOf(t, drawing(500, 2000, 100)), 400, 1600, MaxSide, "image/png"},
		"small":   {pngOf(t, drawing(200, 100, 10)), 200, 100, MaxSide, "image/png"},
		"noise":   {jpegOf(t, noise(640, 400)), 0, 0, MaxSide, "image/jpeg"},
	} {
		p, err := made(c.file)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(p.File) > MaxStored || p.Width > c.side || p.Height > c.side || c.width > 0 && (p.Width != c.width || p.Height != c.height) || p.Type != c.kind {
			t.Errorf("%s: %d bytes, %d × %d, %s", what, len(p.File), p.Width, p.Height, p.Type)
		}
		if back, ok := judge(p.ID, p.File); !ok || back.Width != p.Width || back.Type != p.Type {
			t.Errorf("%s: not restored", what)
		}
		small, err := shrink(p.File, sideSmall, MaxSmall)
		if err != nil || len(small.File) > MaxSmall || max(small.Width, small.Height) > sideSmall {
			t.Errorf("%s: %d bytes small, %v", what, len(small.File), err)
		}
	}
	// What could be seen through is white; lines are where they were.
	m := scaled(drawing(400, 400, 100), 100, 100)
	if r, g, b, a := m.At(60, 60).RGBA(); r>>8 != 255 || g>>8 != 255 || b>>8 != 255 || a>>8 != 255 {
		t.Error("the ground is", r>>8, g>>8, b>>8, a>>8)
	}
	if r, _, b, _ := m.At(25, 10).RGBA(); r>>8 != 196 || b>>8 != 214 {
		t.Error("a line is", r>>8, b>>8)
	}
}

func TestRefusals(t *testing.T) {
	b, desk, told := newBook(t, "Reception")
	ctx := t.Context()
	was, err := b.Set(ctx, "", "North", pngOf(t, drawing(80, 60, 20)))
	if err != nil {
		t.Fatal(err)
	}
	n := len(*told)
	var moving bytes.Buffer
	if err := gif.Encode(&moving, drawing(40, 40, 9), nil); err != nil {
		t.Fatal(err)
	}
	good, flat := pngOf(t, drawing(40, 40, 9)), jpegOf(t, drawing(40, 40, 9))
	// A picture that says to be written in many passes.
	scan := flat[bytes.Index(flat, []byte{0xff, 0xda}) : len(flat)-2]
	passes := slices.Concat(flat[:len(flat)-2], bytes.Repeat(scan, maxScans), []byte{0xff, 0xd9})
	// A header that promises more pixels than there is memory for.
	bomb := bytes.Clone(good)
	copy(bomb[16:], []byte{0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff})
	closed := New(Config{Settings: desk, MayEdit: func() bool { return false }})
	set := func(b *Book, site record.SiteID, file []byte) error { _, err := b.Set(ctx, "", site, file); return err }
	for what, c := range map[string]struct{ got, want error }{
		"svg":     {set(b, "North", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`)), errPicture},
		"gif":     {set(b, "North", moving.Bytes()), errPicture},
		"passes":  {set(b, "North", passes), errPicture},
		"cut":     {set(b, "North", good[:len(good)/2]), errPicture},
		"nothing": {set(b, "North", nil), errPicture},
		"large":   {set(b, "North", make([]byte, MaxUpload+1)), errLarge},
		"tiny":    {set(b, "North", pngOf(t, drawing(leastSide-1, 40, 9))), errSmall},
		"ribbon":  {set(b, "North", pngOf(t, drawing(8000, 40, 9))), errSmall},
		"site":    {set(b, "Nowhere", good), errNoSite},
		"slash":   {set(b, "a/b", good), errNoSite},
		"closed":  {set(closed, "North", good), errNotHere},
		"clear":   {closed.Clear(ctx, "", "North"), errNotHere},
		"undo":    {closed.PutBack(ctx, "", slug("North"), None), errNotHere},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", what, c.got)
		}
	}
	if set(b, "North", bomb) == nil {
		t.Error("a bomb was unpacked")
	}
	if now, _ := b.Of("North"); now.ID != was.ID || len(*told) != n {
		t.Error("something was lost")
	}
}

// As many as every node can hold, and no more; those there are can be put back.
func TestRoom(t *testing.T) {
	b, _, _ := newBook(t, "Reception")
	var first Plan
	for i := range MaxPictures {
		p, err := b.Set(t.Context(), "", "North", pngOf(t, drawing(40, 40+i, 9)))
		if err != nil {
			t.Fatal(i, err)
		}
		if i == 0 {
			first = p
		}
	}
	if _, err := b.Set(t.Context(), "", "North", pngOf(t, drawing(50, 40, 9))); !errors.Is(err, errMany) {
		t.Error(err)
	}
	for i := range MaxPlans - 1 {
		if _, err := b.Set(t.Context(), "", record.SiteID("S"+string(rune('A'+i))), first.File); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := b.Set(t.Context(), "", "One more", first.File); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

// What another node's settings hold is looked at before it is shown.
func TestHostileSettings(t *testing.T) {
	b, desk, _ := newBook(t, "Reception")
	svg, wide := []byte(`<svg onload="alert(1)"/>`), pngOf(t, drawing(MaxSide+1, 40, 9))
	good := pngOf(t, drawing(40, 40, 9))
	var all []crdt.Setting
	for site, file := range map[record.SiteID][]byte{"Svg": svg, "Wide": wide, "Cut": good[:60]} {
		all = append(all, sheet.Text(Prefix+slug(site)+"/site", string(site)), sheet.Text(Prefix+slug(site)+"/picture", nameOf(file)),
			crdt.Setting{Key: pictureKey + nameOf(file) + "/a", Value: shape.Bytes(file)})
	}
	other := strings.Repeat("0", 24)
	all = append(all, crdt.Setting{Key: pictureKey + other + "/a", Value: shape.Bytes(good)},
		sheet.Text(Prefix+slug("Other")+"/site", "Other"), sheet.Text(Prefix+slug("Other")+"/picture", other),
		sheet.Text(Prefix+"0123/site", "Foreign"), sheet.Text(Prefix+"0123/picture", nameOf(good)))
	if err := desk.Set(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	if got := b.List(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if _, ok := b.Small("Svg"); ok {
		t.Error("a small one was made")
	}
}
