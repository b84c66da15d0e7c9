package paper

import (
	"strconv"
	"strings"

	"github.com/upprop/upprop/kiosk/letters"
)

const (
	// pages stands for the number of pages until that is known; cleaned text
	// never holds it.
	pages    = "╬╬╬"
	pageRune = '╬'
	cut      = "…"
	// longest is how much of one text is looked at, in bytes: no line of a paper
	// holds more.
	longest = 2000
)

// clean is a text as it can be printed: composed, on one line, with a
// visible mark for each letter or control character that no font has.
func (s *sheet) clean(text string) string {
	if len(text) > longest {
		text = text[:longest]
	}
	text = strings.ReplaceAll(text, string(pageRune), "\ufffe")
	text, odd := s.letters.Clean(text)
	s.odd = s.odd || odd
	return text
}

// isolated are arguments of a sentence, so set off from it that a name which runs
// from right to left does not turn it round.
func (s *sheet) isolated(args map[string]any) map[string]any {
	var out map[string]any
	for k, v := range args {
		text, ok := v.(string)
		if !ok || text == pages || s.letters.Plain(text) {
			continue
		}
		if out == nil {
			out = make(map[string]any, len(args))
			for k, v := range args {
				out[k] = v
			}
		}
		out[k] = s.letters.Isolate(text)
	}
	if out == nil {
		return args
	}
	return out
}

// pageNumber says which page this is, and of how many. That number is put in when it
// is known, which only letters of the page's own font can be.
func (s *sheet) pageNumber() string {
	n := strconv.Itoa(s.f.PageNo())
	text := s.say.Text("paper.page", map[string]any{"Page": n, "All": pages})
	if !s.letters.Plain(text) {
		return n + " / " + pages
	}
	return text
}

// width is how wide a clean text is in the present font.
func (s *sheet) width(text string) float64 {
	if s.letters.Plain(text) {
		return s.f.GetStringWidth(text)
	}
	return s.letters.Line(text, s.bold).Width * s.em()
}

// em is the size of the present font, in millimetres.
func (s *sheet) em() float64 {
	_, mm := s.f.GetFontSize()
	return mm
}

// fit is as much of a clean text as goes into a width in the present font,
// with … where it was cut.
func (s *sheet) fit(text string, width float64) string {
	if s.width(text) <= width {
		return text
	}
	if !s.letters.Plain(text) {
		return s.letters.Short(text, s.bold, width/s.em())
	}
	n := s.first(text, width-s.f.GetStringWidth(cut))
	return strings.TrimRight(text[:n], " ") + cut
}

// first is how many bytes of a clean text go into a width in the present font.
func (s *sheet) first(text string, width float64) int {
	if !s.letters.Plain(text) {
		return s.letters.Fits(text, s.bold, width/s.em())
	}
	used := 0.0
	for i, r := range text {
		if used += s.f.GetStringWidth(string(r)); used > width {
			return i
		}
	}
	return len(text)
}

// wrap breaks a text into at most most lines of a width in the present font;
// the last is cut where there is more.
func (s *sheet) wrap(text string, width float64, most int) (lines []string) {
	words := strings.Fields(s.clean(text))
	for len(words) > 0 {
		if len(lines) == most-1 {
			return append(lines, s.fit(strings.Join(words, " "), width))
		}
		line, n := words[0], 1
		for n < len(words) && s.width(line+" "+words[n]) <= width {
			line += " " + words[n]
			n++
		}
		words = words[n:]
		if s.width(line) > width { // one long word: break it
			k := s.first(line, width)
			if k == 0 {
				k = s.letters.First(line)
			}
			words = append([]string{line[k:]}, words...)
			line = line[:k]
		}
		lines = append(lines, line)
	}
	return lines
}

// text writes a clean text: in the page's own font where that has all of it, else in
// pictures of letters.
func (s *sheet) text(x, y float64, text string) {
	if s.letters.Plain(text) {
		s.f.Text(x, y, text)
		return
	}
	line := s.letters.Line(text, s.bold)
	says := text
	if line.Across != "" {
		says = line.Across
	}
	s.drawn(x, y, line, letters.Bare(says))
}
