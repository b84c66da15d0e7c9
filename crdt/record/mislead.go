package record

import "unicode"

// Misleads reports characters that break a line, or that show a text in another
// order than it is written: a name on the list or on paper must read as what
// it is. Joiners and the marks of direction, which names of many scripts and
// emoji need, reach no further than their neighbours and stay.
func Misleads(r rune) bool {
	return BreaksLine(r) || r == '\ufeff' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// BreaksLine reports those of them that stand between what is written.
func BreaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
