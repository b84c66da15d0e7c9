package feed

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt/record"
)

// maxName bounds a name, in characters, as a check-in does.
const maxName = 200

// name is by what the bearer stands on the list: the name that was told or,
// where it shows nothing, the badge's number. Whatever was told, there is one
// that a check-in takes: who is inside must be on the list.
func (e Event) name() record.Private {
	if name := harmless(e.Name); strings.ContainsFunc(name, shows) {
		return record.Private(name)
	}
	return record.Private(harmless("Badge " + e.Badge))
}

// harmless is a text without what misleads, and not too long.
func harmless(p record.Private) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case record.BreaksLine(r):
			return ' '
		case record.Misleads(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(norm.NFC.String(p.Reveal()), "\ufffd"))
	s = strings.TrimSpace(s)
	if all := []rune(s); len(all) > maxName {
		s = strings.TrimSpace(string(all[:maxName]))
	}
	return s
}

// shows reports what leaves something to see.
func shows(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }
