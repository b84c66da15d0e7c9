package letters

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

// names are one each in the scripts of those who come to our doors, and how
// many pictures the name takes at least.
var names = map[string]string{
	"Latin": "Doğan Łukasz Nguyễn Thị Bích", "Greek": "Ελένη Παπαδοπούλου", "Cyrillic": "Катерина Щербакова", "Arabic": "محمد علي الحسن",
	"Persian": "نیلوفر می\u200cخواهی", "Hebrew": "דוד בן־גוריון", "Devanagari": "प्रिया क्षत्रिय", "Bengali": "রবীন্দ্রনাথ ঠাকুর", "Tamil": "தமிழ்ச்செல்வி",
	"Thai": "สมชาย ใจดี", "Chinese": "王小明", "Japanese": "佐藤 ひろし カナ", "Korean": "김민수", "Georgian": "გიორგი მაისურაძე",
	"Armenian": "Արամ Խաչատրյան", "Ethiopic": "አበበ ቢቂላ", "Khmer": "សុខ ចាន់", "Myanmar": "အောင်ဆန်း", "Sinhala": "ප්\u200dරියන්ත", "Tibetan": "བསྟན་འཛིན",
	"rare Han": "𠀋野 㐂", "emoji": "Eva 🎉", "Yi": "ꆈꌠ",
}

// Every letter of a name in each script is a picture of some font, and none is the
// font's box for what it has not.
func TestEveryScriptIsWritten(t *testing.T) {
	w := NewWriter()
	for script, name := range names {
		clean, odd := w.Clean(name)
		if odd || strings.ContainsRune(clean, Missing) {
			t.Errorf("%s: %s", script, clean)
		}
		for _, bold := range []bool{false, true} {
			l := w.Line(clean, bold)
			if l.Width < 1 || l.Width > float64(2*utf8.RuneCountInString(clean)) {
				t.Errorf("%s is %.1f wide", script, l.Width)
			}
			drawn := map[Shape]bool{}
			for _, g := range l.Glyphs {
				if g.id == 0 {
					t.Errorf("%s: a letter of %s is not in font %d", script, clean, g.font)
				}
				if len(w.Outline(g.Shape)) > 0 {
					drawn[g.Shape] = true
				}
			}
			if len(drawn) < min(3, utf8.RuneCountInString(strings.ReplaceAll(clean, " ", ""))) {
				t.Errorf("%s: only %d pictures for %s", script, len(drawn), clean)
			}
		}
	}
}

// Letters are joined and turned as their script asks.
func TestShapes(t *testing.T) {
	w := NewWriter()
	// Beh at the beginning of a word is another picture than alone.
	alone, joined := w.Line("ب", false), w.Line("بب", false)
	if len(joined.Glyphs) < 2 || joined.Glyphs[0].Shape == joined.Glyphs[len(joined.Glyphs)-1].Shape || joined.Width > 1.9*alone.Width {
		t.Error("Arabic letters are not joined")
	}
	// The vowel sign i is written before its consonant.
	if ki, k := w.Line("कि", false), w.Line("क", false); len(ki.Glyphs) < 2 || ki.Glyphs[0].Shape == k.Glyphs[0].Shape || ki.Glyphs[len(ki.Glyphs)-1].Shape != k.Glyphs[0].Shape {
		t.Error("Devanagari is not ordered")
	}
	// A tone mark of Thai stands above its letter and takes no room.
	if math.Abs(w.Line("ก้", false).Width-w.Line("ก", false).Width) > 0.01 {
		t.Error("a mark takes room")
	}
}

// places tells in which order letters stand, from left to right.
func places(w *Writer, text string) string {
	by := map[Shape]rune{}
	for _, r := range "אבגABC123,():" {
		by[w.Line(string(r), false).Glyphs[0].Shape] = r
	}
	var b strings.Builder
	for _, g := range w.Line(text, false).Glyphs {
		if r, ok := by[g.Shape]; ok {
			fmt.Fprintf(&b, "%c", r)
		}
	}
	return b.String()
}

func TestTwoDirections(t *testing.T) {
	w := NewWriter()
	for text, want := range map[string]string{
		"אבג":    "גבא",
		"אב 12":  "12בא",
		"A אב B": "AבאB",
		"A: " + w.Isolate("אב") + ", " + w.Isolate("ג") + " B": "A:בא,גB",
		w.Isolate("אב") + ", A1":                               "בא,A1",
		"אב A 12 B ג":                                          "גA12Bבא",
	} {
		if got := places(w, text); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
	}
}

// What is cut says so, ends in whole letters, and goes into its width.
func TestShort(t *testing.T) {
	w := NewWriter()
	for script, name := range names {
		long, _ := w.Clean(strings.Repeat(name+" ", 9))
		for _, width := range []float64{0.5, 3, 7.25} {
			short := w.Short(long, true, width)
			if !strings.Contains(short, "…") || !strings.HasPrefix(long, strings.TrimRight(strings.TrimRight(short, "\u200f"), "…")) {
				t.Errorf("%s: %q", script, short)
			}
			if got := w.Line(short, true).Width; got > width+0.05 && width > 1 {
				t.Errorf("%s: %.2f ems for %.2f", script, got, width)
			}
		}
	}
	// The … of a name that runs from right to left is at its left.
	short := w.Short("אבגאבגאבג", false, 3)
	if got := places(w, short); got != "גבא" || w.Line(short, false).Glyphs[0].Shape == w.Line("ג", false).Glyphs[0].Shape {
		t.Errorf("the … is at the wrong end of %q", got)
	}
}

func TestPlain(t *testing.T) {
	w := NewWriter()
	for text, want := range map[string]bool{"": true, "Åsa Öberg": true, "Катя": true, "Ελένη": true, "محمد": false, "王": false, "e\u0301\u0301": false, "a\u200db": false} {
		if w.Plain(text) != want {
			t.Errorf("%q is plain: %v", text, !want)
		}
	}
	if got := w.Isolate("Åsa"); got != "Åsa" {
		t.Errorf("%q", got)
	}
	if got := Bare(w.Isolate("علي")); got != "علي" {
		t.Errorf("%q", got)
	}
}

// FuzzAnyText writes any text: whatever it is, it comes out, and no letter of it
// is the box of a font.
func FuzzAnyText(f *testing.F) {
	for _, s := range names {
		f.Add(s)
	}
	for _, s := range []string{"", "\xff\xfe", "\u202eevil\u202c", "\u2068\u2068\u2069", "\U0010ffff", "\ufffe", "ا\u200d\u200cب", strings.Repeat("\u0301", 300), "\u2029", "क्\u200dष", "🇸🇪👩‍🚒"} {
		f.Add(s)
	}
	w := NewWriter()
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 500 {
			s = s[:500]
		}
		clean, odd := w.Clean(s)
		if strings.ContainsAny(clean, "\x00\r\n\t\x1b\u202e\u2029") || odd != strings.Contains(strings.ReplaceAll(clean, "□", "\x00"), "\x00") && !strings.ContainsRune(s, Missing) {
			t.Errorf("%q of %q, odd %v", clean, s, odd)
		}
		l := w.Line(clean, len(s)%2 == 0)
		if math.IsNaN(l.Width) || clean == "" && len(l.Glyphs) > 0 {
			t.Errorf("%q is %v wide", clean, l.Width)
		}
		w.Short(clean, false, 2)
		w.Isolate(clean)
	})
}

// All fonts can be read; the large ones only once somebody needs them.
func TestFonts(t *testing.T) {
	for i, f := range fonts {
		if f() == nil {
			t.Errorf("font %d cannot be read", i)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	for _, script := range []string{"Latin", "Arabic", "Chinese", "Devanagari"} {
		b.Run(script, func(b *testing.B) {
			w := NewWriter()
			for range b.N {
				w.shape(names[script], true)
			}
		})
	}
}
