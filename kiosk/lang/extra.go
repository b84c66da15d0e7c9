package lang

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

const (
	// mostPhrase is the longest phrase of an added language, in characters.
	mostPhrase = 1500
	// mostFaults is how many faults of a file are told at a time.
	mostFaults = 12
)

// CheckExtra says what is wrong with a file of an added language, phrase by
// phrase, or nil: that its words are whole, in every plural form that the language
// has, with the same placeholders as the program's, and are words and no more. more
// are the catalogs that the screens for visitors have besides the base catalog.
func CheckExtra(l Locale, file []byte, more ...fs.FS) error {
	if _, err := language.Parse(string(l)); err != nil || slices.Contains(visitors, l) {
		return fmt.Errorf("%q is not the tag of a language that can be added", l)
	}
	if !utf8.Valid(file) {
		return errors.New("the file is not in UTF-8")
	}
	got, err := Messages(l, file)
	if err != nil {
		return err
	}
	first, err := union(Swedish, more)
	if err != nil {
		return err
	}
	var faults []Fault
	for _, id := range slices.Sorted(maps.Keys(got)) {
		forms := formsOf(got[id])
		forms["other"] = got[id].Other
		for _, form := range slices.Sorted(maps.Keys(forms)) {
			if what := notWords(forms[form]); what != "" {
				faults = append(faults, Fault{id, what})
				break
			}
		}
	}
	// What is wrong with what is there comes before what is not.
	faults = append(faults, Compare(first, got, l, true)...)
	if len(faults) == 0 {
		return nil
	}
	var said []string
	for _, f := range faults[:min(len(faults), mostFaults)] {
		said = append(said, f.Error())
	}
	if n := len(faults) - len(said); n > 0 {
		said = append(said, fmt.Sprintf("and %d more", n))
	}
	return errors.New(strings.Join(said, "; "))
}

// CheckKept says why the file of a language that was whole when it was added can
// not be used any more, or nil. The program's words may be others by now: what the
// file lacks is said in English, what it has too much nobody asks for.
func CheckKept(l Locale, file []byte, more ...fs.FS) error {
	if _, err := language.Parse(string(l)); err != nil || slices.Contains(visitors, l) || !utf8.Valid(file) {
		return fmt.Errorf("%q is no added language in UTF-8", l)
	}
	got, err := Messages(l, file)
	if err != nil {
		return err
	}
	now, err := union(Swedish, more)
	if err != nil {
		return err
	}
	for id, m := range got {
		forms := formsOf(m)
		forms["other"] = m.Other
		for _, text := range forms {
			if what := notWords(text); what != "" {
				return Fault{id, what}
			}
			for _, hole := range Placeholders(text) {
				if now[id] != nil && !slices.Contains(Placeholders(now[id].Other), hole) {
					return Fault{id, "has the placeholder " + hole + ", and there is none of that name"}
				}
			}
		}
	}
	return nil
}

// notWords is why a phrase is not plain words; empty where it is.
func notWords(s string) string {
	bare := placeholder.ReplaceAllString(s, "")
	switch {
	case utf8.RuneCountInString(s) > mostPhrase:
		return fmt.Sprintf("longer than %d characters", mostPhrase)
	case strings.ContainsAny(bare, "<>"):
		return "has < or > in it: write words, no HTML"
	case strings.Contains(bare, "{{") || strings.Contains(bare, "}}"):
		return "has braces that are no placeholder: write {{.Name}} as it stands in the program's file"
	case strings.ContainsFunc(bare, func(r rune) bool { return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' }):
		return "has control characters or overrides of text direction in it"
	}
	return ""
}

// union are the phrases of the base catalog and of more in one language.
func union(l Locale, more []fs.FS) (map[string]*i18n.Message, error) {
	all := map[string]*i18n.Message{}
	for _, fsys := range append([]fs.FS{base}, more...) {
		file, err := fs.ReadFile(fsys, string(l)+".toml")
		if err != nil {
			return nil, fmt.Errorf("read catalog: %w", err)
		}
		some, err := Messages(l, file)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, some)
	}
	return all, nil
}

// Template is the file of a language that the program comes with, as it is to be
// translated: the words of all screens for visitors, without those for staff.
func Template(l Locale, more ...fs.FS) ([]byte, error) {
	if !slices.Contains(visitors, l) {
		return nil, fmt.Errorf("the program has no words in %q", l)
	}
	// Two screens may have phrases of one table, which a file has once. One without
	// a phrase is left out.
	var tables []string
	lines := map[string][]string{}
	for _, fsys := range append([]fs.FS{base}, more...) {
		file, err := fs.ReadFile(fsys, string(l)+".toml")
		if err != nil {
			return nil, fmt.Errorf("read catalog: %w", err)
		}
		table := ""
		for _, line := range strings.Split(string(file), "\n") {
			name, _, isPhrase := strings.Cut(line, " = ")
			switch {
			case strings.HasPrefix(line, "["):
				table = strings.Trim(line, "[]")
				continue
			case line == "", isPhrase && !strings.HasPrefix(line, "#") && ForStaff(table+"."+name), !isPhrase && len(lines[table]) == 0:
				continue
			}
			if len(lines[table]) == 0 {
				tables = append(tables, table)
			}
			lines[table] = append(lines[table], line)
		}
	}
	var out strings.Builder
	for _, table := range tables {
		if table != "" {
			out.WriteString("[" + table + "]\n")
		}
		out.WriteString(strings.Join(lines[table], "\n") + "\n\n")
	}
	return []byte(out.String()), nil
}
