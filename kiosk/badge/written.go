package badge

import (
	"image"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"github.com/upprop/upprop/kiosk/letters"
)

// written is a clean text at one size of letters. What the label's own font has all of
// is set in it, fitted to the dots of the printer; all else is drawn from
// outlines.
type written struct {
	text  string
	ttf   []byte
	size  int
	width int
	drawn bool
}

func (p *pen) written(text string, ttf []byte, size int) written {
	w := written{text: text, ttf: ttf, size: size, drawn: !p.letters.Plain(text)}
	if w.drawn {
		w.width = int(p.letters.Line(text, w.bold()).Width*float64(size) + 1)
		return w
	}
	f := p.face(ttf, size)
	defer f.Close()
	w.width = font.MeasureString(f, text).Ceil()
	return w
}

func (w written) bold() bool { return &w.ttf[0] == &gobold.TTF[0] }

// cut is a text cut to a width, with ….
func (p *pen) cut(w written, width int) written {
	if w.drawn {
		return p.written(p.letters.Short(w.text, w.bold(), float64(width-1)/float64(w.size)), w.ttf, w.size)
	}
	f := p.face(w.ttf, w.size)
	defer f.Close()
	all := []rune(w.text)
	for len(all) > 0 && font.MeasureString(f, string(all)+"…").Ceil() > width {
		all = all[:len(all)-1]
	}
	return p.written(strings.TrimRight(string(all), " ")+"…", w.ttf, w.size)
}

// put writes a text in the middle of a line that is high dots high.
func (p *pen) put(w written, x, y, high int) {
	f := p.face(w.ttf, w.size)
	defer f.Close()
	m := f.Metrics()
	base := y + (high+m.Ascent.Ceil()-m.Descent.Ceil())/2
	if w.drawn {
		p.outlines(w, x, base)
		return
	}
	d := font.Drawer{Dst: p.on, Src: p.ink, Face: f, Dot: fixed.P(x, base)}
	d.DrawString(w.text)
}

// outlines draws a text from where its first letter stands on the baseline.
func (p *pen) outlines(w written, x, base int) {
	line := p.letters.Line(w.text, w.bold())
	em := float64(w.size)
	// Marks reach above and below a line, and a letter a little out of its width.
	box := image.Rect(x-w.size, base-2*w.size, x+w.width+w.size, base+w.size).Intersect(p.on.Bounds())
	if box.Empty() {
		return
	}
	// Bold, where the font is not, is the same letter twice, a little apart.
	for twice := range 2 {
		r := vector.NewRasterizer(box.Dx(), box.Dy())
		for _, g := range line.Glyphs {
			if twice == 1 && !g.Thicken {
				continue
			}
			right := g.X*em + float64(twice)*max(1, em/24)
			fill(r, p.letters.Outline(g.Shape), float64(x-box.Min.X)+right, float64(base-box.Min.Y)-g.Y*em, em)
		}
		r.Draw(p.on, box, p.ink, image.Point{})
	}
}

// fill adds an outline, whose ems are em dots, to what is filled.
func fill(r *vector.Rasterizer, all []letters.Segment, x, y, em float64) {
	at := func(p letters.Point) (float32, float32) { return float32(x + p.X*em), float32(y - p.Y*em) }
	for i, s := range all {
		ax, ay := at(s.All[0])
		bx, by := at(s.All[1])
		cx, cy := at(s.All[2])
		switch s.Op {
		case 'M':
			if i > 0 {
				r.ClosePath()
			}
			r.MoveTo(ax, ay)
		case 'L':
			r.LineTo(ax, ay)
		case 'Q':
			r.QuadTo(ax, ay, bx, by)
		case 'C':
			r.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	r.ClosePath()
}
