package badge

import (
	"fmt"
	"html/template"
	"image"
	"math"
	"strings"

	"golang.org/x/image/vector"
)

// Mark is a sign by which a type of visitor is known at a glance: a shape that has
// its own colour, so that neither is all there is to see (WCAG 1.4.1). On white each
// colour has a contrast of at least 3:1 (WCAG 1.4.11), and no two are told apart by
// red and green alone.
type Mark struct {
	// ID is what a type's setting says.
	ID string
	// Colour is "#rrggbb". A label printer has none.
	Colour string
	// outline is the shape, in a square whose side is 1.
	outline [][2]float64
	svg     template.HTML
}

var marks = []Mark{
	mark("circle", "#0060a8", regular(48, 1)),
	mark("square", "#00735a", [][2]float64{{0.1, 0.1}, {0.9, 0.1}, {0.9, 0.9}, {0.1, 0.9}}),
	mark("triangle", "#c2500a", [][2]float64{{0.5, 0.04}, {1, 0.92}, {0, 0.92}}),
	mark("diamond", "#8a3a78", regular(4, 1)),
	mark("star", "#806200", regular(10, 0.42)),
	mark("hexagon", "#3f3f3f", regular(6, 1)),
}

func mark(id, colour string, outline [][2]float64) Mark {
	m := Mark{ID: id, Colour: colour, outline: outline}
	m.svg = m.drawn()
	return m
}

// regular are the corners of a regular shape that fills the square, the first on top;
// every other is pulled in to inner of the radius.
func regular(n int, inner float64) (out [][2]float64) {
	for i := range n {
		r := 0.5
		if i%2 == 1 {
			r *= inner
		}
		a := 2 * math.Pi * float64(i) / float64(n)
		out = append(out, [2]float64{0.5 + r*math.Sin(a), 0.5 - r*math.Cos(a)})
	}
	return out
}

// MarkOf is the sign of an id; false where there is none.
func MarkOf(id string) (Mark, bool) {
	for _, m := range marks {
		if m.ID == id {
			return m, true
		}
	}
	return Mark{}, false
}

// SVG is the sign for a page, to look at beside the type's name; empty for none.
func (m Mark) SVG() template.HTML { return m.svg }

// drawn is the sign as SVG: short, since a list has hundreds.
func (m Mark) drawn() template.HTML {
	shape := `circle cx="12" cy="12" r="12"`
	if m.ID != "circle" {
		points := make([]string, len(m.outline))
		for i, p := range m.outline {
			points[i] = fmt.Sprintf("%.3g,%.3g", 24*p[0], 24*p[1])
		}
		shape = `polygon points="` + strings.Join(points, " ") + `"`
	}
	return template.HTML(`<svg class="mark" viewBox="-1 -1 26 26" aria-hidden="true"><` + shape + ` fill="` + m.Colour + `" stroke="#fff"/></svg>`)
}

// Sign is the SVG of the badge's mark. Templates call it.
func (f Face) Sign() template.HTML {
	m, _ := MarkOf(f.Mark)
	return m.SVG()
}

// mark draws a sign into a square, in the pen's ink.
func (p *pen) mark(m Mark, x, y, side int) {
	r := vector.NewRasterizer(side, side)
	for i, c := range m.outline {
		to := r.LineTo
		if i == 0 {
			to = r.MoveTo
		}
		to(float32(c[0])*float32(side), float32(c[1])*float32(side))
	}
	r.ClosePath()
	r.Draw(p.on, image.Rect(x, y, x+side, y+side), p.ink, image.Point{})
}
