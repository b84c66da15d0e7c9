package watch

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
)

func matches(a, b Person) bool {
	for _, x := range a.forms("46") {
		if slices.Contains(b.forms("46"), x) {
			return true
		}
	}
	return false
}

func TestWhatIsTakenForOne(t *testing.T) {
	name := func(s string) Person { return Person{Name: record.Private(s)} }
	for _, c := range []struct {
		a, b Person
		same bool
	}{
		{name("Åsa Öberg"), name("OBERG, asa"), true},
		{name("Björn Müller"), name("Bjoern Mueller"), true},
		{name("Anna-Maria Berg"), name("Anna Maria Berg"), true},
		{name("Anna Maria Berg"), name("anna berg"), true},
		{name("Anna M. Berg"), name("Dr. Anna Berg"), true},
		{name("Søren Ærø"), name("Soeren Aeroe"), true},
		{name("Sinéad O’Connor"), name("sinead oconnor"), true},
		{name("Jürgen Weiß"), name("Juergen Weiss"), true},
		{name("Mohammed Al-Ahmad"), name("Mohamed Al Ahmad"), true},
		{name("مُحَمَّد الأحمد"), name("محمد الاحمد"), true},
		{name("Семён Петров"), name("ПЕТРОВ семен"), true},
		{name("Łukasz Wójcik"), name("Lukasz Wojcik"), true},
		{name("Anna\u200b Be\u00adrg"), name("Anna Berg"), true},
		{Person{Email: "Anna.Berg+x@Example.ORG "}, Person{Email: "anna.berg@example.org"}, true},
		{Person{Phone: "070-123 45 67"}, Person{Phone: "+46 (0)70 123 45 67"}, true},
		{Person{Phone: "0046701234567"}, Person{Phone: "+46701234567"}, true},
		{Person{Company: "Bolaget AB"}, Person{Company: "BOLAGET (publ)"}, true},
		// What is not found by a hash.
		{name("Anna Berg"), name("Anna Borg"), false},
		{name("Anna Berg"), name("Anna"), false},
		{name("Annamaria Berg"), name("Anna Maria Berg"), false},
		{name("Семён Петров"), name("Semyon Petrov"), false},
		{Person{Phone: "+47 70 12 34 56"}, Person{Phone: "+46 70 12 34 56"}, false},
		{Person{Email: "a@example.org"}, Person{Email: "b@example.org"}, false},
		{Person{}, Person{}, false},
		{name("!?"), name("…"), false},
		{Person{Phone: "112"}, Person{Phone: "112"}, false},
	} {
		if got := matches(c.a, c.b); got != c.same {
			t.Errorf("%+v and %+v: %v", c.a.forms("46"), c.b.forms("46"), got)
		}
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{{"ana berg", "ana borg", true}, {"ana berg", "naa berg", true}, {"ana berg", "ana berge", true}, {"ana berg", "ana bor", false}, {"ana ek", "ana ak", false}, {"ana bergman", "ana borgmon", false}} {
		if nearly(c.a, c.b) != c.same || nearly(c.b, c.a) != c.same {
			t.Errorf("%s and %s: not %v", c.a, c.b, c.same)
		}
	}
}

// What is compared is the same however often it was made so, in whatever letter
// case, form of Unicode and order of words it is written.
func TestFormsAreStable(t *testing.T) {
	letters := []rune("abcdehknoptuwåäöÅÄÖæøßłıéüñ'’-. ΣςΑשلمаёЁ\u0301\u200b1٣")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringOf(rapid.RuneFrom(letters)), rapid.String()).Draw(t, "name")
		for _, w := range words(s) {
			if again := words(w); !slices.Equal(again, []string{w}) {
				t.Fatalf("%q is not stable: %q", w, again)
			}
		}
		if e := email(s + "@example.org"); e != "" && email(e) != e {
			t.Fatalf("%q is not stable: %q", e, email(e))
		}
		if a, b := names(norm.NFC.String(s)), names(norm.NFD.String(s)); !slices.Equal(a, b) {
			t.Fatalf("%q and %q", a, b)
		}
		plain := strings.Fields(s)
		rand.Shuffle(len(plain), func(i, j int) { plain[i], plain[j] = plain[j], plain[i] })
		a, b := names(s), names(strings.Join(plain, " "))
		if (len(a) > 0) != (len(b) > 0) || len(a) > 0 && a[0] != b[0] {
			t.Fatalf("the order counts: %q and %q", a, b)
		}
	})
}

func TestDigitsAreOfOneNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.StringMatching(`7[0-9]{8}`).Draw(t, "number")
		for _, s := range []string{"0" + n, "+46" + n, "0046 " + n, "+46 (0)" + n, "0" + n[:2] + "-" + n[2:]} {
			if got := phone(s, "46"); got != "46"+n {
				t.Fatalf("%q is %q", s, got)
			}
		}
	})
}
