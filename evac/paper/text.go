package paper

import (
	"strings"
	"unicode"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

const (
	// instead stands for a letter that the font has not.
	instead = '□'
	// pages stands for the number of pages until that is known; cleaned text
	// never holds it.
	pages    = "╬╬╬"
	pageRune = '╬'
	cut      = "…"
	// longest is how much of one text is looked at, in bytes: no line of a paper
	// holds more.
	longest = 2000
)

// clean is a text as the font can print it: composed, on one line, with a
// visible mark for each letter or control character that it has not.
func (s *sheet) clean(text string) string {
	if len(text) > longest {
		text = text[:longest]
	}
	text = norm.NFC.String(strings.ToValidUTF8(text, string(instead)))
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range strings.Join(strings.Fields(text), " ") {
		if !s.has(r) {
			r = instead
			s.odd = true
		}
		b.WriteRune(r)
	}
	return b.String()
}

// has reports whether the font prints a letter.
func (s *sheet) has(r rune) bool {
	if r == ' ' || r > 0x20 && r < 0x7f {
		return true
	}
	known, asked := s.known[r]
	if !asked {
		var buf sfnt.Buffer
		g, err := s.p.face.GlyphIndex(&buf, r)
		known = err == nil && g != 0 && r < 0xFFFF && r != pageRune && unicode.IsPrint(r)
		s.known[r] = known
	}
	return known
}

// fit is as much of a clean text as goes into a width in the present font,
// with … where it was cut.
func (s *sheet) fit(text string, width float64) string {
	if s.f.GetStringWidth(text) <= width {
		return text
	}
	letters := []rune(text)
	n := s.first(letters, width-s.f.GetStringWidth(cut))
	return strings.TrimRight(string(letters[:n]), " ") + cut
}

// first is how many letters go into a width in the present font.
func (s *sheet) first(letters []rune, width float64) int {
	used := 0.0
	for i, r := range letters {
		if used += s.f.GetStringWidth(string(r)); used > width {
			return i
		}
	}
	return len(letters)
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
		for n < len(words) && s.f.GetStringWidth(line+" "+words[n]) <= width {
			line += " " + words[n]
			n++
		}
		words = words[n:]
		if s.f.GetStringWidth(line) > width { // one long word: break it
			letters := []rune(line)
			k := max(1, s.first(letters, width))
			line = string(letters[:k])
			words = append([]string{string(letters[k:])}, words...)
		}
		lines = append(lines, line)
	}
	return lines
}
