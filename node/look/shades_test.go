package look

import (
	"testing"

	"pgregory.net/rapid"
)

// readable says of all that is written in a colour, or on it, whether it can be
// read.
func readable(t interface{ Errorf(string, ...any) }, g Grounds, c Colour) {
	s := g.For(c)
	for what, pair := range map[string][2]Colour{
		"accent on paper": {s.Accent, g.Paper}, "accent on sheet": {s.Accent, g.Sheet}, "accent on tint": {s.Accent, s.Tint},
		"text on accent": {s.On, s.Accent}, "text on pressed": {s.On, s.Pressed}, "soft on accent": {s.OnSoft, s.Accent}, "soft on pressed": {s.OnSoft, s.Pressed},
		"ink on tint": {g.Ink, s.Tint}, "soft ink on tint": {g.Soft, s.Tint},
		"soft ink on far": {g.Soft, s.Far}, "soft ink on mid": {g.Soft, s.Mid}, "soft ink on near": {g.Soft, s.Near},
	} {
		if got := Contrast(pair[0], pair[1]); got < Least {
			t.Errorf("%v: %s %v on %v is %.2f", c, what, pair[0], pair[1], got)
		}
	}
}

func TestShadesOfAnyColour(t *testing.T) {
	for _, s := range []string{"#000", "#fff", "#ff0", "#f00", "#0f0", "#00f", "#0ff", "#f0f", "#808080", "#000080"} {
		readable(t, Light, must(s))
		readable(t, Dark, must(s))
	}
	rapid.Check(t, func(t *rapid.T) {
		c := Colour{rapid.Byte().Draw(t, "red"), rapid.Byte().Draw(t, "green"), rapid.Byte().Draw(t, "blue")}
		readable(t, Light, c)
		readable(t, Dark, c)
	})
}

// A colour that can be read as it is stays as it is.
func TestShadesKeepWhatCanBeRead(t *testing.T) {
	for s, want := range map[string]struct{ light, dark bool }{
		"#000080": {false, true}, "#ffe600": {true, false}, "#0d4f45": {false, true},
	} {
		c := must(s)
		if got := Light.For(c); got.Changed != want.light || got.Changed == (got.Accent == c) {
			t.Errorf("%s on light: %+v", s, got)
		}
		if got := Dark.For(c); got.Changed != want.dark || got.Changed == (got.Accent == c) {
			t.Errorf("%s on dark: %+v", s, got)
		}
	}
}

func TestContrast(t *testing.T) {
	if got := Contrast(black, white); got != 21 {
		t.Error(got)
	}
	// The example of WCAG's own understanding: #777 on white just fails.
	if got := Contrast(must("#777777"), white); got > 4.5 || got < 4.4 {
		t.Error(got)
	}
}

func TestParseColour(t *testing.T) {
	for s, want := range map[string]string{"#06c": "#0066cc", "#0B4F8A": "#0b4f8a", "0b4f8a": "", "#12345": "", "#+12345": "", "#zzzzzz": "", "": "", "red": ""} {
		got, ok := ParseColour(s)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: %v %v", s, got, ok)
		}
	}
}
