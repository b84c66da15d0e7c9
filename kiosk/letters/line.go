package letters

import (
	"slices"
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// auto: the first letter with a direction decides that of the whole.
const auto = bidi.Neutral

// Texts are shaped at this size, and measured in ems.
const em = 1000

// kept is how many shaped texts a writer keeps.
const kept = 2000

type asked struct {
	text string
	bold bool
}

// Line is a shaped text: glyphs from left to right. Lengths are in ems.
type Line struct {
	Glyphs []Glyph
	Width  float64
	// Across are the letters from left to right; empty where that is how they
	// are read.
	Across string
}

// Glyph is one picture of a line, at X and Y from where the line begins on its
// baseline; Y grows upwards. It is the same picture wherever Shape is the same.
type Glyph struct {
	Shape
	X, Y float64
}

// Shape names a picture. Thicken: bold was asked for, and the font is not; coarse
// pictures would run together.
type Shape struct {
	font    int
	id      font.GID
	Thicken bool
}

// Line shapes a clean text. The glyphs are the writer's: they are only read.
func (w *Writer) Line(text string, bold bool) Line {
	key := asked{text, bold}
	if l, ok := w.lines[key]; ok {
		return l
	}
	l := w.shape(text, bold)
	if len(w.lines) >= kept {
		clear(w.lines)
	}
	w.lines[key] = l
	return l
}

// measure is the width of a text that is not asked for again.
func (w *Writer) measure(text string, bold bool) float64 {
	return w.shape(text, bold).Width
}

// shape never fails: what the shaping library cannot bear is written as boxes,
// since a list must come out whatever stands in one name on it.
func (w *Writer) shape(text string, bold bool) (l Line) {
	letters := []rune(text)
	defer func() {
		if recover() != nil {
			w.shaper, w.runs, w.order = shaping.HarfbuzzShaper{}, shaping.Segmenter{}, bidi.Paragraph{}
			l = w.boxes(len(letters))
		}
	}()
	if len(letters) == 0 {
		return Line{}
	}
	w.bold, w.latin = bold, w.firstFor(letters, bold)
	type piece struct {
		out   shaping.Output
		level bidi.Level
	}
	var pieces []piece
	highest := bidi.Level(0)
	runs := w.order.Segment(letters, auto)
	for i := range runs.NumRuns() {
		run := runs.Run(i)
		in := shaping.Input{Text: letters, RunStart: run.Start, RunEnd: run.End, Size: fixed.I(em), Language: language.DefaultLanguage()}
		if !run.IsLeftToRight() {
			in.Direction = di.DirectionRTL
		}
		for _, part := range w.runs.Split(in, w) {
			pieces = append(pieces, piece{w.shaper.ShapeNoExtents(part), run.Level})
		}
		highest = max(highest, run.Level)
	}
	// Rule L2 of Unicode's annex 9, for pieces instead of letters.
	for level := highest; level > 0; level-- {
		for i := 0; i < len(pieces); i++ {
			j := i
			for j < len(pieces) && pieces[j].level >= level {
				j++
			}
			for a, b := i, j-1; a < b; a, b = a+1, b-1 {
				pieces[a], pieces[b] = pieces[b], pieces[a]
			}
			i = max(i, j-1)
		}
	}
	if highest > 0 {
		var across []rune
		for _, p := range pieces {
			part := slices.Clone(letters[p.out.Runes.Offset : p.out.Runes.Offset+p.out.Runes.Count])
			if p.level%2 == 1 {
				slices.Reverse(part)
			}
			across = append(across, part...)
		}
		l.Across = string(across)
	}
	for _, p := range pieces {
		n := w.numberOf(p.out.Face)
		for _, g := range p.out.Glyphs {
			l.Glyphs = append(l.Glyphs, Glyph{
				Shape: Shape{n, g.GlyphID, bold && n != strong && n != pixels && n != pictures},
				X:     l.Width + ems(g.XOffset), Y: ems(g.YOffset),
			})
			l.Width += ems(g.Advance)
		}
	}
	return l
}

func ems(v fixed.Int26_6) float64 { return float64(v) / 64 / em }

// firstFor is the font for the Latin letters of a text: the one of the paper, where it has
// all of them and none bears a mark, else the wider one for all, so that one word is in
// one font.
func (w *Writer) firstFor(letters []rune, bold bool) int {
	first := regular
	if bold {
		first = strong
	}
	for _, r := range letters {
		if unicode.Is(unicode.Mn, r) || unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) && !w.has(first, r) {
			return wider
		}
	}
	return first
}

// SetScript and ResolveFace tell the shaping library which font writes a letter.
func (w *Writer) SetScript(s language.Script) { w.script = s }

// ResolveFace is told of by SetScript.
func (w *Writer) ResolveFace(r rune) *font.Face {
	n := w.find(r, w.script, w.latin)
	if n < 0 {
		n = regular
	}
	return w.face(n)
}

func (w *Writer) numberOf(f *font.Face) int {
	for n, g := range w.faces {
		if g == f {
			return n
		}
	}
	return regular
}

// boxes is n times □.
func (w *Writer) boxes(n int) (l Line) {
	f := w.face(regular)
	if f == nil {
		return Line{}
	}
	g, _ := f.NominalGlyph(Missing)
	step := float64(f.HorizontalAdvance(g)) / float64(f.Upem())
	for range min(n, 100) {
		l.Glyphs = append(l.Glyphs, Glyph{Shape: Shape{regular, g, false}, X: l.Width})
		l.Width += step
	}
	return l
}
