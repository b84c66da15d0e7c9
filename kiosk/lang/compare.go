package lang

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Fault is what is wrong with one phrase of a catalog.
type Fault struct{ Key, What string }

func (f Fault) Error() string { return f.Key + ": " + f.What }

var placeholder = regexp.MustCompile(`{{\s*\.(\w+)\s*}}`)

// Placeholders are the names of what is put into a phrase, in order, once each.
func Placeholders(s string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Messages reads the phrases of a catalog's file.
func Messages(l Locale, file []byte) (map[string]*i18n.Message, error) {
	tag, err := language.Parse(string(l))
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	parsed, err := newBundle(tag).ParseMessageFileBytes(file, tag.String()+".toml")
	if err != nil {
		return nil, fmt.Errorf("parse catalog %s: %w", l, err)
	}
	out := map[string]*i18n.Message{}
	for _, m := range parsed.Messages {
		out[m.ID] = m
	}
	return out, nil
}

// Compare says what is wrong with the phrases of a language, by key: what is
// missing, empty or unknown, has other placeholders than the first language's,
// or lacks a plural form that the language has. Where visitors is set, what
// speaks to staff alone may be missing.
func Compare(first, got map[string]*i18n.Message, l Locale, visitors bool) (faults []Fault) {
	fault := func(key, what string, args ...any) { faults = append(faults, Fault{key, fmt.Sprintf(what, args...)}) }
	for _, id := range slices.Sorted(maps.Keys(got)) {
		if first[id] == nil {
			fault(id, "there is no such phrase")
		}
	}
	need := pluralForms(l)
	for _, id := range slices.Sorted(maps.Keys(first)) {
		want, m := first[id], got[id]
		switch {
		case m == nil && visitors && ForStaff(id):
			continue
		case m == nil:
			fault(id, "missing")
			continue
		case strings.TrimSpace(m.Other) == "":
			fault(id, "empty")
			continue
		}
		forms, holes := formsOf(m), Placeholders(want.Other)
		if got := Placeholders(m.Other); !slices.Equal(got, holes) {
			fault(id, "has the placeholders %v instead of %v", got, holes)
		}
		for form, text := range forms {
			// One of something, or none, may be said without the figure.
			for _, hole := range Placeholders(text) {
				if !slices.Contains(holes, hole) {
					fault(id, "has the placeholder %s in the form %q, and there is none of that name", hole, form)
				}
			}
		}
		if len(forms) == 0 && want.One == "" {
			continue
		}
		var lacks []string
		for _, form := range need {
			if form != "other" && strings.TrimSpace(forms[form]) == "" {
				lacks = append(lacks, form)
			}
		}
		if len(lacks) > 0 {
			fault(id, "lacks the plural form %s; the language has %s", strings.Join(lacks, ", "), strings.Join(need, ", "))
		}
		for form := range forms {
			if !slices.Contains(need, form) {
				fault(id, "has the plural form %q, which the language has not: it has %s", form, strings.Join(need, ", "))
			}
		}
	}
	return faults
}

// formsOf are the plural forms of a phrase besides "other" that are written.
func formsOf(m *i18n.Message) map[string]string {
	out := map[string]string{}
	for form, s := range map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many} {
		if s != "" {
			out[form] = s
		}
	}
	return out
}

// pluralForms are the forms that a language has for whole numbers, and "other",
// by the rules of CLDR.
func pluralForms(l Locale) []string {
	names := map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
	}
	tag, there := language.Make(string(l)), map[plural.Form]bool{plural.Other: true}
	for n := range 201 {
		there[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)] = true
	}
	var out []string
	for _, f := range []plural.Form{plural.Zero, plural.One, plural.Two, plural.Few, plural.Many, plural.Other} {
		if there[f] {
			out = append(out, names[f])
		}
	}
	return out
}
