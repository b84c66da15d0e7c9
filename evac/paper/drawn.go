package paper

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"

	"codeberg.org/go-pdf/fpdf"

	"github.com/upprop/upprop/kiosk/letters"
)

// A letter that is drawn is kept once in the file, as a picture in which an em is grid units
// high, and used wherever it stands. It begins reach ems from the lower left corner of a square
// that is square ems wide; only the tallest stacks of marks stick out of that and are cut.
const (
	grid   = 1000
	reach  = 2
	square = 5
	// thick is by how much of an em a letter is drawn over its edge where bold is asked
	// for and the font is not.
	thick = 0.028
)

// picture is one letter in the file; empty where there is nothing to draw.
type picture struct {
	form fpdf.Template
	name string
	used bool
}

// drawn draws a line of letters. says is what it says, from left to right, for whoever searches
// the file or copies from it: it is there as text that is not seen, since readers of PDFs turn
// round what runs from right to left. What does not is also told as the text that stands there,
// which holds letters that the unseen text cannot.
func (s *sheet) drawn(x, y float64, line letters.Line, says string) {
	if line.Across == "" {
		s.f.RawWriteStr("/Span <</ActualText <" + hex(says) + ">>> BDC")
		defer s.f.RawWriteStr("EMC")
	}
	_, high := s.f.GetPageSize()
	mm := s.em()
	k := s.f.GetConversionRatio()
	r, g, b := s.f.GetTextColor()
	ink := fmt.Sprintf("%.3f %.3f %.3f", float64(r)/255, float64(g)/255, float64(b)/255)
	s.f.RawWriteStr("q " + ink + " rg " + ink + " RG")
	for _, l := range line.Glyphs {
		p := s.picture(l.Shape)
		if p.form == nil {
			continue
		}
		left, foot := x+(l.X-reach)*mm, y-(l.Y-reach)*mm
		if !p.used {
			// The library takes it into the file at its first use.
			side := square * mm
			s.f.UseTemplateScaled(p.form, fpdf.PointType{X: left, Y: foot - side}, fpdf.SizeType{Wd: side, Ht: side})
			p.used = true
			s.pictures[l.Shape] = p
			continue
		}
		size := strconv.FormatFloat(mm*k/grid, 'f', 5, 64)
		s.f.RawWriteStr(fmt.Sprintf("q %s 0 0 %s %.2f %.2f cm /TPL%s Do Q", size, size, left*k, (high-foot)*k, p.name))
	}
	s.f.RawWriteStr("Q")
	s.f.SetTextRenderingMode(3)
	s.f.Text(x, y, lower(says))
	s.f.SetTextRenderingMode(0)
}

// picture is the picture of a letter, drawn once.
func (s *sheet) picture(shape letters.Shape) picture {
	if p, ok := s.pictures[shape]; ok {
		return p
	}
	var p picture
	if path := outline(s.letters.Outline(shape)); path != "" {
		paint := "f"
		if shape.Thicken {
			paint = "B"
		}
		side := square * grid / s.f.GetConversionRatio()
		p.form = s.f.CreateTemplateCustom(fpdf.PointType{}, fpdf.SizeType{Wd: side, Ht: side}, func(t *fpdf.Tpl) {
			t.RawWriteStr(strconv.Itoa(int(thick*grid)) + " w 1 j " + path + paint)
		})
		p.name = p.form.ID()
	}
	s.pictures[shape] = p
	return p
}

// outline is an outline in the words of a PDF.
func outline(all []letters.Segment) string {
	var b strings.Builder
	var at letters.Point
	put := func(op string, points ...letters.Point) {
		for _, p := range points {
			b.WriteString(unit(p.X) + " " + unit(p.Y) + " ")
		}
		b.WriteString(op + "\n")
	}
	for i, g := range all {
		switch g.Op {
		case 'M':
			if i > 0 {
				b.WriteString("h\n")
			}
			put("m", g.All[0])
			at = g.All[0]
		case 'L':
			put("l", g.All[0])
			at = g.All[0]
		case 'Q':
			// A PDF has curves of two control points only.
			c, end := g.All[0], g.All[1]
			put("c", between(at, c), between(end, c), end)
			at = end
		case 'C':
			put("c", g.All[0], g.All[1], g.All[2])
			at = g.All[2]
		}
	}
	if b.Len() > 0 {
		b.WriteString("h\n")
	}
	return b.String()
}

// between is two thirds of the way from a to b.
func between(a, b letters.Point) letters.Point {
	return letters.Point{X: a.X + (b.X-a.X)*2/3, Y: a.Y + (b.Y-a.Y)*2/3}
}

func unit(v float64) string { return strconv.Itoa(int(math.Round((v + reach) * grid))) }

// hex is a text as a PDF holds it where it is not drawn.
func hex(text string) string {
	var b strings.Builder
	b.WriteString("FEFF")
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// lower is a text in the letters that the library can take.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xffff {
			return letters.Missing
		}
		return r
	}, text)
}
