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
