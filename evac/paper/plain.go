package paper

import (
	"io"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
)

// fine is the size of letters of a text, in points: a line of 120 letters fits.
const fine = 9.0

// Plain puts a text on pages, a line for each of its lines, broken where it is
// wider than the page. The first line, and one that is all in capitals, is a heading. mark stands
// at the foot of every page, with the page's number: it says whose copy it is.
func (p *Printer) Plain(w io.Writer, l lang.Locale, text, mark string, at time.Time) error {
	s := p.sheet(Head{Lang: l}, "paper.plain", at)
	s.f.AliasNbPages(pages)
	s.head = func() {
		s.size(fine, false)
		s.f.Line(left, bottom+1, right, bottom+1)
		s.put(left, bottom+5, wide-40, s.clean(mark))
		s.f.Text(right-30, bottom+5, s.pageNumber())
	}
	s.page()
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if i == 0 || heads(line) {
			s.room(14)
			s.heading(line)
			continue
		}
		s.size(fine, false)
		indent := float64(len(line)-len(strings.TrimLeft(line, " "))) * 1.6
		lines := s.wrap(strings.TrimLeft(line, " "), wide-indent, 200)
		if len(lines) == 0 {
			s.y += 2.5
			continue
		}
		for _, l := range lines {
			s.room(5)
			s.size(fine, false)
			s.put(left+indent, s.y+3.6, wide-indent, l)
			s.y += 4.8
		}
	}
	return s.write(w)
}

// heads reports whether a line is a heading: it begins at the margin, and has
// letters, all of them capitals.
func heads(line string) bool {
	return line != "" && line[0] != ' ' && strings.ToUpper(line) == line && strings.ToLower(line) != line
}
