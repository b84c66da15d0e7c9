// Package letters writes texts in any script: it finds a font for each letter,
// joins and orders letters as their script asks, and gives their outlines to
// whoever draws them, on a page or on a label. It draws nothing itself.
//
// Invariant: every text can be written. A letter that no font has was made □ by
// Clean, which says so.
package letters

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/text/unicode/norm"
)

// Missing stands for a letter that no font has.
const Missing = '□'

// The marks between which a text keeps its own direction.
const isolate, pop = '\u2068', '\u2069'

// Writer writes texts. It is not safe for concurrent use, and costs little
// until a text needs a font.
type Writer struct {
	faces     []*font.Face
	shaper    shaping.HarfbuzzShaper
	runs      shaping.Segmenter
	order     bidi.Paragraph
	graphemes segmenter.Segmenter
	known     map[rune]bool
	lines     map[asked]Line
	// script and latin say which fonts come first for the run being shaped.
	script language.Script
	latin  int
	bold   bool
}

// NewWriter makes a writer.
func NewWriter() *Writer {
	return &Writer{faces: make([]*font.Face, len(fonts)), known: map[rune]bool{}, lines: map[asked]Line{}}
}

// Clean is a text that can be written: composed, on one line, with □ for each
// letter or control character that cannot; odd tells whether there was one. Marks that
// letters join or part by, and those of Isolate, stay.
func (w *Writer) Clean(text string) (clean string, odd bool) {
	odd = !utf8.ValidString(text)
	text = norm.NFC.String(strings.ToValidUTF8(text, string(Missing)))
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range strings.Join(strings.Fields(text), " ") {
		if !w.writes(r) {
			r, odd = Missing, true
		}
		b.WriteRune(r)
	}
	return b.String(), odd
}

// writes reports whether a letter can be written.
func (w *Writer) writes(r rune) bool {
	if r == ' ' || r > ' ' && r < 0x7f || silent(r) {
		return true
	}
	known, asked := w.known[r]
	if !asked {
		known = unicode.IsPrint(r) && w.find(r, language.LookupScript(r), regular) >= 0
		w.known[r] = known
	}
	return known
}

// silent reports whether a character has no picture but a say in how others are
// written.
func silent(r rune) bool {
	return r == isolate || r == pop || r >= '\u200c' && r <= '\u200f' || r >= '\ufe00' && r <= '\ufe0f'
}

// Plain reports whether the Go font writes a clean text as it stands, one
// letter after the other from left to right, and nothing needs to be shaped.
func (w *Writer) Plain(text string) bool {
	for _, r := range text {
		if r >= 0x7f && (silent(r) || unicode.Is(unicode.M, r) || !w.has(regular, r)) {
			return false
		}
	}
	return true
}

// Isolate sets a text off from the sentence that it is put into, so that
// neither turns the other round. A plain text stays as it is.
func (w *Writer) Isolate(text string) string {
	if w.Plain(text) {
		return text
	}
	return string(isolate) + text + string(pop)
}

// Bare is a text without the marks that have no picture, as it is to be copied
// or searched for.
func Bare(text string) string {
	return strings.Map(func(r rune) rune {
		if r == isolate || r == pop || r == '\u200e' || r == '\u200f' {
			return -1
		}
		return r
	}, text)
}

// Short is a clean text cut to as much as goes into a width in ems, with … where
// it was cut. No letter is torn from its marks.
func (w *Writer) Short(text string, bold bool, width float64) string {
	if w.Line(text, bold).Width <= width {
		return text
	}
	n := w.Fits(text, bold, width-w.Line("…", bold).Width)
	return w.ended(strings.TrimRight(text[:n], " "))
}

// ended puts … at the end of a text, which is at its left where the text ends in
// letters that run from right to left.
func (w *Writer) ended(text string) string {
	last := bidi.LeftToRight
	if letters := []rune(text); len(letters) > 0 {
		runs := w.order.Segment(letters, auto)
		if !runs.Run(runs.NumRuns() - 1).IsLeftToRight() {
			last = bidi.RightToLeft
		}
	}
	if last == bidi.RightToLeft {
		return text + "…\u200f"
	}
	return text + "…"
}

// Fits is how many bytes of a clean text go into a width in ems, in whole
// letters with their marks.
func (w *Writer) Fits(text string, bold bool, width float64) int {
	ends := w.ends(text)
	low, high := 0, len(ends) // ends[:low] fit, ends[high:] do not
	for low < high {
		mid := (low + high) / 2
		if w.measure(text[:ends[mid]], bold) <= width {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == 0 {
		return 0
	}
	return ends[low-1]
}

// First is how many bytes the first letter of a text takes, with its marks.
func (w *Writer) First(text string) int {
	if ends := w.ends(text); len(ends) > 0 {
		return ends[0]
	}
	return len(text)
}

// ends is where each letter of a text ends, with its marks, in bytes.
func (w *Writer) ends(text string) (at []int) {
	w.graphemes.Init([]rune(text))
	n := 0
	for all := w.graphemes.GraphemeIterator(); all.Next(); {
		n += len(string(all.Grapheme().Text))
		at = append(at, n)
	}
	return at
}
