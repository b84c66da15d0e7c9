package watch

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt/record"
)

// By is what two people are compared by.
type By string

// What is compared. E-mail and Phone name one person, nearly; a name is many
// people's, and a company is a company's.
const (
	Email   By = "email"
	Phone   By = "phone"
	Name    By = "name"
	Company By = "company"
	// Nearly is a name with one letter otherwise, or with more words; only desks
	// see it, since it cannot be told from a hash.
	Nearly By = "nearly"
)

// Strong reports whether it names one person.
func (b By) Strong() bool { return b == Email || b == Phone }

// Person is what is compared of somebody.
type Person struct{ Name, Company, Email, Phone record.Private }

// form is one thing to compare, as it is compared: equal forms match.
type form struct {
	by    By
	value string
}

// forms are all that somebody is compared by.
func (p Person) forms(country string) (out []form) {
	if v := email(p.Email.Reveal()); v != "" {
		out = append(out, form{Email, v})
	}
	if v := phone(p.Phone.Reveal(), country); v != "" {
		out = append(out, form{Phone, v})
	}
	for _, v := range names(p.Name.Reveal()) {
		out = append(out, form{Name, v})
	}
	if v := company(p.Company.Reveal()); v != "" {
		out = append(out, form{Company, v})
	}
	return out
}

// names are the forms of a name: all its words, and of three or more the first
// and the last, each in order of the alphabet, so that no order of them counts.
func names(s string) (out []string) {
	all := words(s)
	all = slices.DeleteFunc(all, func(w string) bool { return titles[w] })
	if len(all) > 2 { // initials: "Anna M. Berg"
		if long := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return len([]rune(w)) == 1 }); len(long) > 1 {
			all = long
		}
	}
	if len(all) == 0 {
		return nil
	}
	ordered := func(some ...string) string {
		some = slices.Clone(some)
		slices.Sort(some)
		return strings.Join(some, " ")
	}
	out = append(out, ordered(all...))
	if len(all) > 2 {
		out = append(out, ordered(all[0], all[len(all)-1]))
	}
	return slices.Compact(out)
}

var titles = map[string]bool{"dr": true, "mr": true, "mrs": true, "ms": true, "miss": true, "herr": true, "hr": true, "fru": true, "prof": true, "profesor": true}

// company is a company's name without what sort of company it is.
func company(s string) string {
	all := words(s)
	if short := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return sorts[w] }); len(short) > 0 {
		all = short
	}
	return strings.Join(all, " ")
}

var sorts = map[string]bool{
	"ab": true, "aktiebolag": true, "aktiebolaget": true, "publ": true, "hb": true, "kb": true, "as": true, "asa": true, "aps": true, "oy": true,
	"oyj": true, "gmbh": true, "ag": true, "kg": true, "ltd": true, "limited": true, "plc": true, "inc": true, "llc": true, "corp": true, "co": true, "bv": true, "nv": true, "sarl": true,
}

// email is an address in small letters, without what stands behind a plus sign.
func email(s string) string {
	s = norm.NFKC.String(strings.ToLower(strings.TrimSpace(norm.NFKC.String(s))))
	local, host, ok := strings.Cut(s, "@")
	local, _, _ = strings.Cut(local, "+")
	if !ok || local == "" || host == "" || strings.Contains(host, "@") {
		return ""
	}
	return local + "@" + strings.TrimSuffix(host, ".")
}

// phone is a number with its country's prefix and nothing but digits (E.164).
// One that is written without is of the campus's country.
func phone(s, country string) string {
	s = strings.ReplaceAll(norm.NFKC.String(s), "(0)", "")
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	switch {
	case strings.HasPrefix(strings.TrimSpace(s), "+"):
	case strings.HasPrefix(digits, "00"):
		digits = digits[2:]
	case strings.HasPrefix(digits, "0"):
		digits = country + digits[1:]
	}
	if len(digits) < 6 {
		return ""
	}
	return digits
}

// words are the words of a text as they are compared: without letter case,
// accents, hyphens and apostrophes, and with a few spellings of one sound made
// one. Scripts stay what they are.
func words(s string) (out []string) {
	s = norm.NFKD.String(strings.ToLower(cases.Fold().String(norm.NFKD.String(s))))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r), strings.ContainsRune("'’‘`´ʼʹʻ\u0640", r):
			return -1
		case unicode.IsLetter(r), unicode.IsNumber(r):
			return r
		}
		return ' '
	}, s)
	for _, w := range strings.Fields(s) {
		out = append(out, sound(w))
	}
	return out
}

// sounds are spellings of the Latin script that are taken for one.
var sounds = strings.NewReplacer(
	"æ", "a", "ø", "o", "œ", "o", "ð", "d", "þ", "t", "ł", "l", "đ", "d", "ı", "i",
	"ae", "a", "oe", "o", "ue", "u", "aa", "a", "w", "v", "ph", "f", "ck", "k", "th", "t",
)

// sound takes spellings for one until nothing changes any more, so that what is
// compared is the same however often this is done.
func sound(w string) string {
	for {
		next := single(sounds.Replace(w))
		if next == w {
			return w
		}
		w = next
	}
}

// single has each letter that stands twice once.
func single(w string) string {
	var b strings.Builder
	var last rune = -1
	for _, r := range w {
		if r != last || unicode.IsNumber(r) {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// nearly reports whether two forms of names are one but for a letter that is
// wrong, too many, missing or in its neighbour's place; short ones never are.
func nearly(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 8 || len(y)-len(x) > 1 {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(x) < len(y) {
		return slices.Equal(x[i:], y[i+1:])
	}
	return i == len(x) || slices.Equal(x[i+1:], y[i+1:]) ||
		i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && slices.Equal(x[i+2:], y[i+2:])
}

// within reports whether all words of a form, two or more, are among another's.
func within(a, b string) bool {
	few, many := strings.Fields(a), strings.Fields(b)
	if len(few) < 2 {
		return false
	}
	for _, w := range few {
		if !slices.Contains(many, w) {
			return false
		}
	}
	return true
}
