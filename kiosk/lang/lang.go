// Package lang holds the words of the screens: the catalogs, the choice of a
// language, times as people write them, and problems that carry a catalog key
// instead of a sentence. It is not a place for rules: which problem there is,
// the packages below decide; how it is said, this one.
//
// Invariant: every key exists in every locale with the same placeholders; the
// test in langtest holds every catalog to it.
package lang

import (
	"slices"

	"golang.org/x/text/language"
)

// Locale is a language that every catalog speaks.
type Locale string

// The locales, the default first.
const (
	Swedish Locale = "sv"
	English Locale = "en"

	Default = Swedish
)

// Locales are all locales, in the order in which a switch offers them. The
// caller may not change the slice.
func Locales() []Locale { return locales }

var (
	locales = []Locale{Swedish, English}
	matcher = language.NewMatcher([]language.Tag{language.Swedish, language.English})
)

// Dir is the direction of writing, for the dir attribute.
func (l Locale) Dir() string { return "ltr" }

// Name is what the language calls itself.
func (l Locale) Name() string {
	if l == English {
		return "English"
	}
	return "Svenska"
}

// Choose picks a locale: the explicit choice when it names one, else the best
// of an Accept-Language header, else Swedish.
func Choose(choice, accept string) Locale {
	if l := Locale(choice); slices.Contains(locales, l) {
		return l
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return Default
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return Default
	}
	return locales[i]
}
