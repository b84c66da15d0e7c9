package badge

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"

	"github.com/skip2/go-qrcode"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"

	"github.com/upprop/upprop/kiosk/letters"
)

// Size is how big a label is, in millimetres, and how many dots the printer
// has to an inch.
type Size struct{ Width, Height, DPI int }

// The sizes that a badge can be drawn in: smaller, and no reader finds the QR
// code; larger is no label any more.
const (
	LeastWidth, LeastHeight = 50, 25
	MostSide                = 150
	LeastDPI, MostDPI       = 150, 600
)

// Check refuses a size that no badge can be drawn in.
func (s Size) Check() error {
	if s.Width < LeastWidth || s.Height < LeastHeight || s.Width > MostSide || s.Height > MostSide || s.DPI < LeastDPI || s.DPI > MostDPI {
		return fmt.Errorf("a label of %d × %d mm at %d dots an inch: from %d × %d to %d × %d mm and from %d to %d dots are printed",
			s.Width, s.Height, s.DPI, LeastWidth, LeastHeight, MostSide, MostSide, LeastDPI, MostDPI)
	}
	return nil
}

func (s Size) dots(mm float64) int { return int(mm * float64(s.DPI) / 25.4) }

// Words are what stands on a drawn badge, each ready to be read. QR is the
// payload of its code.
type Words struct {
	Kind, Campus, Name, Company, Host, Where, Since, Code, QR string
	// Rest is what of the name is written smaller, after Name.
	Rest string
	// Mark is the sign of the type, a Mark's ID, and Escort says that the bearer is to
	// be accompanied; empty for none.
	Mark, Escort string
	// Photo is a picture of the bearer; nil: none.
	Photo image.Image
	// Logo stands in the place of the campus's name; nil for none. It has nothing to
	// see through.
	Logo image.Image
}

// errSmall is returned where the QR code would be too fine to be read.
var errSmall = errors.New("draw a badge: the label is too small for its QR code")

// leastModule is how wide a module of the QR code is at least, in millimetres.
const leastModule = 0.24

// Draw draws a badge for a label printer: a picture of two colours, one dot of
// the printer a pixel. What is too long is made smaller, then cut with …; names in
// any script are written in it, and a letter that no font has is drawn as □.
func Draw(w Words, size Size) (*image.Paletted, error) {
	if err := size.Check(); err != nil {
		return nil, err
	}
	width, height := size.dots(float64(size.Width)), size.dots(float64(size.Height))
	p, err := newPen(width, height)
	if err != nil {
		return nil, err
	}
	margin, band := size.dots(2), max(size.dots(5), height/7)
	draw.Draw(p.on, image.Rect(0, 0, width, band), image.Black, image.Point{}, draw.Src)
	p.ink = image.White
	from := margin
	if m, ok := MarkOf(w.Mark); ok {
		p.mark(m, from, band/8, band*3/4)
		from += band*3/4 + margin
	}
	kind := from - margin + p.line(w.Kind, gobold.TTF, from, band/6, (width-3*margin)*2/3-from+margin, band*2/3)
	if w.Logo == nil || !p.logo(w.Logo, image.Rect(2*margin+kind, band/10, width-margin, band-band/10)) {
		p.right(w.Campus, width-margin, band/6, width-3*margin-kind, band*2/3)
	}
	p.ink = image.Black

	// The code stands at the right, as big as fits beside the name.
	room := min(height-band-2*margin-size.dots(4), width*2/5)
	side, err := p.code(w.QR, width-margin, band+margin, room, size)
	if err != nil {
		return nil, err
	}
	p.right(w.Code, width-margin, band+margin+side+size.dots(0.5), max(side, width*2/5), size.dots(3.4))

	left, y := width-side-3*margin, band+margin
	free := height - y - margin
	high := free * 4 / 10
	if w.Rest == "" {
		p.words(strings.Fields(w.Name), margin, y, left, high)
	} else {
		p.line(w.Name, gobold.TTF, margin, y, left, high*13/20)
		p.line(w.Rest, gobold.TTF, margin, y+high*13/20, left, high*7/20)
	}
	y += high
	beside := margin
	if w.Photo != nil {
		beside += p.photo(w.Photo, margin, y, left*2/5, height-y-margin) + margin
		left -= beside - margin
	}
	lines := slices.DeleteFunc([]string{w.Company, w.Host, w.Where, w.Since}, func(l string) bool { return l == "" })
	many := len(lines)
	if w.Escort != "" {
		many++
	}
	high = min(free*6/10/max(many, 3), size.dots(5.5))
	if w.Escort != "" {
		p.notice(w.Escort, beside, y, left, high)
		y += high
	}
	for _, l := range lines {
		p.line(l, goregular.TTF, beside, y, left, high)
		y += high
	}
	return p.twoColours(), nil
}

// pen draws grey on white; what is dark becomes black at the end.
type pen struct {
	on      *image.Gray
	ink     *image.Uniform
	fonts   map[*byte]*opentype.Font
	letters *letters.Writer
}

func newPen(width, height int) (*pen, error) {
	p := &pen{on: image.NewGray(image.Rect(0, 0, width, height)), ink: image.Black, fonts: map[*byte]*opentype.Font{}, letters: letters.NewWriter()}
	draw.Draw(p.on, p.on.Bounds(), image.White, image.Point{}, draw.Src)
	for _, ttf := range [][]byte{goregular.TTF, gobold.TTF} {
		f, err := opentype.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("read a font: %w", err)
		}
		p.fonts[&ttf[0]] = f
	}
	return p, nil
}

func (p *pen) face(ttf []byte, size int) font.Face {
	f, err := opentype.NewFace(p.fonts[&ttf[0]], &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(err) // it refuses no size
	}
	return f
}

// fitting is a text and the size of letters at which it goes into a width: from
// high down to two fifths of it, then cut.
func (p *pen) fitting(text string, ttf []byte, width, high int) written {
	text, _ = p.letters.Clean(text)
	least := max(high*2/5, 1)
	for size := high; ; size = max(size*9/10, least) {
		w := p.written(text, ttf, size)
		if w.width <= width {
			return w
		}
		if size == least {
			return p.cut(w, width)
		}
	}
}

// line writes a text into a box and returns how wide it is.
func (p *pen) line(text string, ttf []byte, x, y, width, high int) int {
	w := p.fitting(text, ttf, width, high*9/10)
	p.put(w, x, y, high)
	return w.width
}

// notice writes a text in white on black.
func (p *pen) notice(text string, x, y, width, high int) {
	gap := high / 4
	w := p.fitting(text, gobold.TTF, width-2*gap, high*7/10)
	draw.Draw(p.on, image.Rect(x, y, x+min(w.width+2*gap, width), y+high), image.Black, image.Point{}, draw.Src)
	was := p.ink
	p.ink = image.White
	p.put(w, x+gap, y, high)
	p.ink = was
}

// right writes a text so that it ends at x.
func (p *pen) right(text string, x, y, width, high int) {
	w := p.fitting(text, gobold.TTF, width, high*9/10)
	p.put(w, x-w.width, y, high)
}

// words writes a name on one line or on two, whichever can be written larger.
func (p *pen) words(words []string, x, y, width, high int) {
	whole, _ := p.letters.Clean(strings.Join(words, " "))
	one := p.written(whole, gobold.TTF, high*9/10).width
	if one <= width*3/2 || len(words) < 2 {
		p.line(whole, gobold.TTF, x, y, width, high)
		return
	}
	// The break that makes the longer line shortest.
	at, best := 1, len(whole)
	for i := 1; i < len(words); i++ {
		if n := max(len(strings.Join(words[:i], " ")), len(strings.Join(words[i:], " "))); n < best {
			at, best = i, n
		}
	}
	p.line(strings.Join(words[:at], " "), gobold.TTF, x, y, width, high/2)
	p.line(strings.Join(words[at:], " "), gobold.TTF, x, y+high/2, width, high/2)
}

// code draws a QR code in whole dots, its right edge at x, and returns its side
// without the quiet zone.
func (p *pen) code(payload string, x, y, room int, size Size) (int, error) {
	q, err := qrcode.New(payload, qrcode.Low)
	if err != nil {
		// The library's errors may quote the payload.
		return 0, fmt.Errorf("draw QR of %d characters: the payload does not fit", len(payload))
	}
	q.DisableBorder = true
	rows := q.Bitmap()
	module := room / len(rows)
	if float64(module)*25.4/float64(size.DPI) < leastModule {
		return 0, errSmall
	}
	side := module * len(rows)
	for j, row := range rows {
		for i, dark := range row {
			if dark {
				at := image.Pt(x-side+i*module, y+j*module)
				draw.Draw(p.on, image.Rectangle{at, at.Add(image.Pt(module, module))}, image.Black, image.Point{}, draw.Src)
			}
		}
	}
	return side, nil
}

// photo draws a picture into a box, as large as fits, and returns how wide it is. Its
// greys become dots, whose errors are handed on to their neighbours (Floyd and
// Steinberg), since a label printer knows two colours.
func (p *pen) photo(m image.Image, x, y, width, height int) int {
	b := m.Bounds()
	if w := height * b.Dx() / b.Dy(); w < width {
		width = w
	}
	height = width * b.Dy() / b.Dx()
	if width < 16 {
		return 0
	}
	at := image.Rect(0, 0, width, height)
	grey := image.NewGray(at)
	xdraw.CatmullRom.Scale(grey, at, m, b, xdraw.Src, nil)
	dots := image.NewPaletted(at, color.Palette{color.White, color.Black})
	draw.FloydSteinberg.Draw(dots, at, grey, image.Point{})
	draw.Draw(p.on, at.Add(image.Pt(x, y)), dots, image.Point{}, draw.Src)
	return width
}

// twoColours makes dark dots black, and all others white.
func (p *pen) twoColours() *image.Paletted {
	out := image.NewPaletted(p.on.Bounds(), color.Palette{color.White, color.Black})
	for i, v := range p.on.Pix {
		if v < 0x90 {
			out.Pix[i] = 1
		}
	}
	return out
}
