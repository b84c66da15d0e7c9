package kinds

import (
	"maps"
	"slices"
)

// Kind is a type of visitor: what is asked of them, what they sign, what stands
// on their badge.
type Kind struct {
	// ID is what a visit's record says: "contractor".
	ID string `json:"id"`
	// Name and Badge are by language ("sv"). Badge stands on the badge, on top;
	// where it is empty the name does.
	Name  map[string]string `json:"name"`
	Badge map[string]string `json:"badge"`
	// Ask says of each of Fields whether it is asked for.
	Ask map[string]Asked `json:"ask"`
	// Documents are to be read and signed, by their ids, in order.
	Documents []string `json:"documents"`
	// Note is what such visitors should know of the house, by language: parking,
	// where to find coffee. Wifi is a network for them, without Network: none. Both
	// are on every node, readable there, and in invitations that are mailed.
	Note map[string]string `json:"note"`
	Wifi Wifi              `json:"wifi"`
	// Unattended: such visitors check in at a door's screen by themselves.
	Unattended bool `json:"unattended"`
	// Group: one form takes in many names.
	Group bool `json:"group"`
	// Approval says whether such visitors must be approved before they are
	// welcome, and by whom.
	Approval Approval `json:"approval"`
	// Mark is the sign by which the type is known on badges and lists; empty: none.
	Mark Mark `json:"mark"`
	// Escort: such visitors are to be accompanied for as long as they are inside.
	// Their badges say so; nobody is kept in or out by it.
	Escort bool `json:"escort"`
	// Standard: the type is there without anybody having set it up. It can be
	// switched off, and back on, and is never gone.
	Standard bool `json:"standard"`
	// Off: the type is offered nowhere. Visits that have it keep it.
	Off bool `json:"off"`
}

// Asked says whether something is asked for.
type Asked string

// What can be said.
const (
	No   Asked = "no"
	May  Asked = "may"
	Must Asked = "must"
)

// Approval says whose approval a type of visitor needs.
type Approval string

// Whose it may be.
const (
	NotNeeded Approval = "no"
	// ByOne is anybody's who may approve; ByAnother that of another than the one
	// who invited.
	ByOne     Approval = "one"
	ByAnother Approval = "another"
)

func (a Approval) valid() bool { return a == NotNeeded || a == ByOne || a == ByAnother }

// Mark is a sign by which a type is known at a glance: a shape that has its own
// colour, so that neither is all there is to see (WCAG 1.4.1).
type Mark string

// Marks are the signs that there are, in the order in which they are offered. Do not
// change the slice.
func Marks() []Mark { return marks }

var marks = []Mark{"circle", "square", "triangle", "diamond", "star", "hexagon"}

func (m Mark) valid() bool { return m == "" || slices.Contains(marks, m) }

// Fields are what a type may ask for besides the name, in the order of the
// form. Do not change the slice.
func Fields() []string { return fields }

var fields = []string{"host", "company", "phone", "email", "purpose", "assist", Photo}

// Photo is the field that is a picture of the visitor, which they may always
// decline.
const Photo = "photo"

// Default is the type of those of whom none is said.
const Default = "visitor"

// staff are not visitors: who counts as staff is not for an operator to say.
const staff = "staff"

// standard are the types that there are before anybody has set one up. They ask
// for little: a name, and what the host needs to come to the right person.
func standard() []Kind {
	ask := func(may ...string) map[string]Asked {
		out := map[string]Asked{}
		for _, f := range fields {
			out[f] = No
			if slices.Contains(may, f) {
				out[f] = May
			}
		}
		return out
	}
	kind := func(id string, group bool, may ...string) Kind {
		return Kind{
			ID: id, Name: maps.Clone(standardNames[id]), Badge: map[string]string{}, Note: map[string]string{}, Ask: ask(may...),
			Documents: []string{}, Unattended: true, Group: group, Approval: NotNeeded, Standard: true,
		}
	}
	return []Kind{
		kind(Default, false, "host", "company", "assist"),
		kind("contractor", false, "host", "company", "purpose", "assist"),
		kind("delivery", false, "host", "company", "assist"),
		kind("interview", false, "host", "assist"),
		kind("group", true, "host", "company", "assist"),
		kind("event", false, "company", "assist"),
	}
}

// standardNames are what those types are called, in the languages that visitors
// are spoken to in.
var standardNames = map[string]map[string]string{
	Default: {
		"sv": "Besökare", "en": "Visitor", "sv-simple": "Jag ska besöka någon", "fi": "Vierailija", "nb": "Besøkende", "da": "Gæst", "de": "Besuch", "ar": "زائر",
	},
	"contractor": {
		"sv": "Entreprenör", "en": "Contractor", "sv-simple": "Jag ska arbeta här", "fi": "Urakoitsija", "nb": "Entreprenør", "da": "Entreprenør", "de": "Handwerk und Dienstleistung", "ar": "مقاول",
	},
	"delivery": {
		"sv": "Leverans", "en": "Delivery", "sv-simple": "Jag ska lämna eller hämta något", "fi": "Toimitus", "nb": "Levering", "da": "Levering", "de": "Lieferung", "ar": "توصيل",
	},
	"interview": {
		"sv": "Intervju", "en": "Interview", "sv-simple": "Jag ska på intervju", "fi": "Haastattelu", "nb": "Intervju", "da": "Samtale", "de": "Vorstellungsgespräch", "ar": "مقابلة",
	},
	"group": {
		"sv": "Skolklass eller grupp", "en": "School or group", "sv-simple": "Vi är en skolklass eller grupp", "fi": "Koululuokka tai ryhmä", "nb": "Skoleklasse eller gruppe", "da": "Skoleklasse eller gruppe", "de": "Schulklasse oder Gruppe", "ar": "صف مدرسي أو مجموعة",
	},
	"event": {
		"sv": "Evenemang", "en": "Event", "sv-simple": "Jag ska på ett evenemang", "fi": "Tapahtuma", "nb": "Arrangement", "da": "Arrangement", "de": "Veranstaltung", "ar": "فعالية",
	},
}

// Word is what a type is called in a language, else in Swedish, else its id.
func (k Kind) Word(lang string) string { return inLanguage(k.Name, lang, k.ID) }

// OnBadge is what stands on the badge.
func (k Kind) OnBadge(lang string) string { return inLanguage(k.Badge, lang, k.Word(lang)) }

func inLanguage(texts map[string]string, lang, otherwise string) string {
	for _, l := range []string{lang, "sv", "en"} {
		if t := texts[l]; t != "" {
			return t
		}
	}
	return otherwise
}
