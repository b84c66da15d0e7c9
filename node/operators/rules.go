package operators

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// MinPassword and MaxPassword bound a password, in characters.
	MinPassword, MaxPassword = 12, 256
	// distinct is how much must be left of a password when all that guessers
	// try first is taken out of it, in characters.
	distinct = 6
)

//go:embed common.txt
var commonFile string

// common are what passwords are most often made of, the longest first.
var common = strings.Fields(commonFile)

// clean is a password as it is hashed: in composed form, whatever keyboard it
// was typed on.
func clean(password string) string { return norm.NFC.String(password) }

// fold is an alias as it is compared.
func fold(alias string) string {
	return strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(alias)), " "))
}

// CheckPassword says what is wrong with a new password, or nil: its length, and
// whether it is made of what guessers try first, the operator's own name
// included. Works without a network. Errors: *Problem.
func CheckPassword(password, alias string) error {
	password = clean(password)
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return ErrShort
	case n > MaxPassword || !utf8.ValidString(password):
		return ErrLong
	}
	if min(residue(password, alias, nil), residue(password, alias, leet)) < distinct {
		return ErrGuessable
	}
	return nil
}

// residue is how much of a password is hard to guess, in characters, once
// letters are seen through their disguises.
func residue(password, alias string, disguises map[rune]rune) int {
	s := strings.Map(func(r rune) rune {
		if plain, ok := disguises[r]; ok {
			return plain
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, password)
	words := strings.FieldsFunc(fold(alias), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, w := range append(words, common...) {
		if utf8.RuneCountInString(w) >= 3 {
			s = strings.ReplaceAll(s, w, "\x00")
		}
	}
	return utf8.RuneCountInString(runs(s))
}

// leet are the usual disguises of letters.
var leet = map[rune]rune{'@': 'a', '4': 'a', '3': 'e', '1': 'i', '!': 'i', '0': 'o', '$': 's', '5': 's', '7': 't'}

// runs leaves one character of each that follows its neighbour in the alphabet,
// is the same, or has come often enough already.
func runs(s string) string {
	var out []rune
	seen := map[rune]int{}
	last := rune(-1)
	for _, r := range s {
		near := r-last <= 1 && last-r <= 1
		last = r
		if r == 0 || near {
			continue
		}
		if seen[r]++; seen[r] > 2 {
			continue
		}
		out = append(out, r)
	}
	return string(out)
}
