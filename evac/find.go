package evac

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/kiosk/webkit"
)

// keep narrows the board to those of whom every word sought is found in name,
// company, host or badge, whichever tab they are in. The truth on top still
// speaks of everybody.
func (b *board) keep(r *webkit.Request, sought string) {
	if words := strings.Fields(plain(sought)); len(words) > 0 {
		b.Rows = slices.DeleteFunc(b.Rows, func(w row) bool { return !w.matches(words) })
	}
	b.Found = len(b.Rows)
	b.show(r, tabAll, 0)
}

func (w row) matches(words []string) bool {
	of := plain(strings.Join([]string{
		w.Name.Reveal(), w.Company.Reveal(), w.Host.Reveal(), w.Badge, strings.ReplaceAll(w.Badge, "-", ""),
	}, "\n"))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(of, w) })
}

// plain is text as a gloved hand types it: small letters without marks, so
// that "oberg" finds Öberg.
func plain(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}
