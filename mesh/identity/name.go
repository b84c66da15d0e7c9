package identity

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest node, site, entrance, zone or campus name, in bytes.
const MaxName = 64

// CheckName says why s cannot name a node, in words for a person; nil when it
// can.
func CheckName(s string) error {
	if s == "" {
		return fmt.Errorf("the name is empty: give 1 to %d bytes of text", MaxName)
	}
	if strings.HasPrefix(s, "-") {
		return fmt.Errorf("the name %q begins with \"-\": a command would take it for a flag", s)
	}
	return checkLabel(s)
}

// checkLabel accepts an empty s: not every node has a site, entrance or zone.
func checkLabel(s string) error {
	switch {
	case len(s) > MaxName:
		return fmt.Errorf("the name is %d bytes long: at most %d are allowed", len(s), MaxName)
	case !utf8.ValidString(s):
		return fmt.Errorf("the name is not valid UTF-8 text")
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("the name %q begins or ends with a space", s)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("the name %q holds a character that cannot be printed", s)
	}
	return nil
}

// nameKey is equal for names that a person would call the same.
func nameKey(s string) string { return strings.ToLower(s) }
