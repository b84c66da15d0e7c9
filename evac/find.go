package evac

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// keep narrows the board to those of whom every word sought is found in name,
// company, host or badge. The truth on top still speaks of everybody.
func (b *board) keep(sought string) {
	words := strings.Fields(plain(sought))
	if len(words) == 0 {
		return
	}
	b.Found = 0
	for i := range b.Groups {
		g := &b.Groups[i]
		g.People = slices.DeleteFunc(g.People, func(p personLine) bool { return !p.matches(words) })
		b.Found += len(g.People)
	}
	b.Groups = slices.DeleteFunc(b.Groups, func(g group) bool { return len(g.People) == 0 })
}

func (p Person) matches(words []string) bool {
	badge := p.Badge.String()
	of := plain(strings.Join([]string{
		p.Name.Reveal(), p.Company.Reveal(), p.Host.Reveal(), badge, strings.ReplaceAll(badge, "-", ""),
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
