package kiosk

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// tidy is a code as typed or scanned, in the plain characters that codes are
// made of: wide forms folded, every kind of dash and space taken out, letters
// upper-case. Look-alikes (O for 0) and the check character are left to
// whoever knows the codes.
func tidy(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || unicode.Is(unicode.Pd, c) || unicode.Is(unicode.Cf, c) || c == '\u2212' {
			return -1
		}
		return unicode.ToUpper(c)
	}, norm.NFKC.String(s))
}

// group sets a bare code in groups of four, which are easier to read, say and
// type. A code that is grouped already stays as it is.
func group(code string) string {
	if strings.ContainsAny(code, "- ") {
		return code
	}
	var b strings.Builder
	for i, c := range []byte(code) {
		if i > 0 && i%4 == 0 && len(code)-i > 1 {
			_ = b.WriteByte('-')
		}
		_ = b.WriteByte(c)
	}
	return b.String()
}
