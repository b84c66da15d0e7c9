// Package lang holds the words of the screens: the catalogs, the choice of a
// language, times as people write them, and problems that carry a catalog key
// instead of a sentence. It is not a place for rules: which problem there is,
// the packages below decide; how it is said, this one.
//
// Invariant: every key exists in every locale that speaks to its reader, with
// the same placeholders; the test in langtest holds every catalog to it.
package lang

import (
	"slices"

	"golang.org/x/text/language"
)

// Locale is a language that catalogs speak, by its BCP 47 tag.
type Locale string

// The locales that the program comes with, the default first. Easy-read Swedish
// is Swedish, so that whoever reads it out picks a Swedish voice, with the
// registered variant for a simplified form.
const (
	Swedish     Locale = "sv"
	English     Locale = "en"
	EasySwedish Locale = "sv-simple"
	Finnish     Locale = "fi"
	Norwegian   Locale = "nb"
	Danish      Locale = "da"
	German      Locale = "de"
	Arabic      Locale = "ar"

	Default = Swedish
)

// Locales are those of the screens for staff, in the order in which a switch
// offers them. The caller may not change the slice.
func Locales() []Locale { return staff }

// Visitors are those of the screens for visitors that the program comes with, in
// the order in which a switch offers them. The caller may not change the slice.
func Visitors() []Locale { return visitors }

var (
	staff    = []Locale{Swedish, English}
	visitors = []Locale{Swedish, English, EasySwedish, Finnish, Norwegian, Danish, German, Arabic}
)

// rightToLeft are the scripts that are written from the right.
var rightToLeft = []string{"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}

// Dir is the direction of writing, for the dir attribute.
func (l Locale) Dir() string {
	if script, _ := language.Make(string(l)).Script(); slices.Contains(rightToLeft, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// Name is what the language calls itself, of one that the program comes with;
// of others their tag.
func (l Locale) Name() string {
	c, err := own()
	if err != nil || c.speak[l] == nil {
		return string(l)
	}
	return c.Name(l)
}

// Choose picks a locale for staff: the explicit choice when it names one, else
// the best of an Accept-Language header, else Swedish.
func Choose(choice, accept string) Locale { return ChooseFrom(staff, choice, accept) }

// ChooseFrom picks among locales that are offered, the one to be taken where
// nothing else is known first. A simplified form is only ever chosen by name: a
// browser that asks for the language does not ask for that.
func ChooseFrom(offered []Locale, choice, accept string) Locale {
	if l := Locale(choice); slices.Contains(offered, l) {
		return l
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return offered[0]
	}
	var there []language.Tag
	var of []Locale
	for _, l := range offered {
		if tag := language.Make(string(l)); l != EasySwedish {
			there, of = append(there, tag), append(of, l)
		}
	}
	if len(there) == 0 {
		return offered[0]
	}
	_, i, confidence := language.NewMatcher(there).Match(tags...)
	if confidence == language.No {
		return offered[0]
	}
	return of[i]
}

// In picks among texts by language: that of the reader, else English, else
// Swedish, else the first by tag; in is the language of what was picked, both
// empty where there is none. Easy-read Swedish goes by Swedish first.
func In(texts map[string]string, l Locale) (text string, in Locale) {
	order := []Locale{l, English, Swedish}
	if l == EasySwedish {
		order = []Locale{l, Swedish, English}
	}
	for _, one := range order {
		if s := texts[string(one)]; s != "" {
			return s, one
		}
	}
	for at, s := range texts {
		if s != "" && (in == "" || Locale(at) < in) {
			text, in = s, Locale(at)
		}
	}
	return text, in
}
