package consent

import (
	"errors"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

func TestVersionsOfWords(t *testing.T) {
	var all []crdt.Setting
	var edits []crdt.Edit
	put := func(text string) {
		t.Helper()
		s, err := Of(all).Edit(Assist, "en", text)
		if err != nil || !shape.SettingKey(s.Key) {
			t.Fatal(s, err)
		}
		all = []crdt.Setting{s}
		edits = append(edits, crdt.Edit{Setting: s, Counts: true})
	}
	one := Of(nil).Words(Assist, "en")
	if one.Version != 1 || one.Text == "" || Of(nil).Words(Assist, "so").Lang != "en" || Of(nil).Words(Assist, "").Lang != "sv" || Of(nil).Words(Assist, "ar").Lang != "ar" {
		t.Errorf("%+v", one)
	}
	put("We may keep it.")
	two := Of(all).Words(Assist, "en")
	put("We may keep it, and show it.")
	three := Of(all).Words(Assist, "en")
	if two.Version != 2 || three.Version != 3 || one.Hash() == two.Hash() || two.Hash() == three.Hash() || len(one.Hash()) != 32 {
		t.Errorf("%+v %+v", two, three)
	}
	if got := Of(all).Words(Assist, "sv"); got.Version != 1 {
		t.Error("the other language was edited too")
	}
	edits = append(edits, crdt.Edit{Setting: crdt.Setting{Key: key(Assist, "en"), Value: shape.String("9 by one who was revoked")}})
	got := Versions(Assist, "en", func(string) []crdt.Edit { return edits })
	if len(got) != 3 || got[0] != one || got[1] != two || got[2] != three {
		t.Errorf("%+v", got)
	}
}

func TestWordsThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		p          Purpose
		lang, text string
		want       error
	}{
		{"fax", "sv", "x", ErrPurpose},
		{Assist, "so", "x", ErrLang},
		{Assist, "sv", "", ErrText},
		{Assist, "sv", "a\nb", ErrText},
		{Assist, "sv", "a\u202eb", ErrText},
		{Notify, "sv", strings.Repeat("x", MaxText+1), ErrText},
	} {
		if _, err := Of(nil).Edit(c.p, c.lang, c.text); !errors.Is(err, c.want) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	for _, junk := range []string{"", "2", "x y", "1 too early", "3 a\nb"} {
		b := Of([]crdt.Setting{{Key: "consent/assist/sv", Value: shape.String(junk)}})
		if b.Words(Assist, "sv").Version != 1 {
			t.Errorf("%q was taken", junk)
		}
	}
}
