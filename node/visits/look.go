package visits

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt/record"
)

// Look is a search among many people at one moment. Not safe for concurrent use.
type Look struct {
	s     *Service
	at    moment
	words []string
}

// Look looks for people of whom every word of a text is found, without case and
// accents, in name, company, host or badge. What it opens is kept, as by Card.
func (s *Service) Look(text string) *Look {
	at := s.moment(s.access())
	at.check = s.checkOnce()
	return &Look{s, at, strings.Fields(Plain(text))}
}

// Fits reports whether somebody is looked for, and whether they have a card that
// may be shown now. Words may be in more too, which is Plain.
func (l *Look) Fits(p *record.Presence, more ...string) (fits, named bool) {
	o, err := l.s.shown(l.at, p)
	if err != nil {
		o.plain = foundBy(p.Visit, record.Card{})
	}
	for _, w := range l.words {
		if !found(w, o.plain, more) {
			return false, err == nil
		}
	}
	return true, err == nil
}

func found(word, in string, more []string) bool {
	if strings.Contains(in, word) {
		return true
	}
	for _, in := range more {
		if strings.Contains(in, word) {
			return true
		}
	}
	return false
}

// foundBy is what somebody with a card is found by.
func foundBy(v record.VisitID, c record.Card) string {
	badge := v.Badge().String()
	return Plain(strings.Join([]string{c.Name.Reveal(), c.Company.Reveal(), c.Host.Reveal(), badge, strings.ReplaceAll(badge, "-", "")}, "\n"))
}

// Plain is a text without case and accents, so that "oberg" finds Öberg.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}
