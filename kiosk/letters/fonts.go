package letters

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Each file is named after the script that it serves (ISO 15924). Where they
// come from, and on which terms: fonts/README.md.
//
//go:embed fonts/*.gz
var files embed.FS

// The fonts that serve more than one script; those of one each come after.
const (
	regular  = iota // the Go font, in which everything else on a paper is set
	strong          // the same, bold
	wider           // more Latin, Greek and Cyrillic letters, and marks that are placed
	east            // Chinese, Japanese and Korean
	pixels          // whatever is left, as coarse pictures
	pictures        // the same above U+FFFF
)

// own are the scripts that have a font of their own.
var own = []language.Script{
	language.Arabic, language.Hebrew, language.Devanagari, language.Bengali, language.Gurmukhi, language.Gujarati, language.Oriya,
	language.Tamil, language.Telugu, language.Kannada, language.Malayalam, language.Sinhala, language.Thai, language.Lao, language.Khmer,
	language.Myanmar, language.Tibetan, language.Armenian, language.Georgian, language.Ethiopic, language.Syriac, language.Thaana,
	language.Nko, language.Tifinagh, language.Cherokee, language.Canadian_Aboriginal, language.Mongolian, language.Ol_Chiki,
	language.Adlam, language.Meetei_Mayek, language.Javanese,
}

var fonts, serves = shelf()

// shelf is every font, none of them read yet, and which one serves a script.
func shelf() ([]func() *font.Font, map[language.Script]int) {
	all := []func() *font.Font{
		regular:  opened(func() ([]byte, error) { return goregular.TTF, nil }),
		strong:   opened(func() ([]byte, error) { return gobold.TTF, nil }),
		wider:    packed("Latn"),
		east:     packed("Hani"),
		pixels:   packed("Zzzz"),
		pictures: packed("Zyyy"),
	}
	by := map[language.Script]int{}
	for _, s := range own {
		by[s] = len(all)
		all = append(all, packed(s.String()))
	}
	for _, s := range []language.Script{language.Han, language.Hiragana, language.Katakana, language.Hangul, language.Bopomofo} {
		by[s] = east
	}
	return all, by
}

// packed is the font in a file, unpacked when it is first asked for.
func packed(name string) func() *font.Font {
	return opened(func() ([]byte, error) {
		f, err := files.Open("fonts/" + name + ".gz")
		if err != nil {
			return nil, err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	})
}

// opened reads a font once. One that cannot be read has no letters; a test
// reads all.
func opened(read func() ([]byte, error)) func() *font.Font {
	return sync.OnceValue(func() *font.Font {
		b, err := read()
		if err != nil {
			return nil
		}
		face, err := font.ParseTTF(bytes.NewReader(b))
		if err != nil {
			return nil
		}
		return face.Font
	})
}

// face is this writer's view of a font; nil when it cannot be read.
func (w *Writer) face(n int) *font.Face {
	if w.faces[n] == nil {
		if f := fonts[n](); f != nil {
			w.faces[n] = font.NewFace(f)
		}
	}
	return w.faces[n]
}

// has reports whether a font has a letter.
func (w *Writer) has(n int, r rune) bool {
	f := w.face(n)
	if f == nil {
		return false
	}
	g, ok := f.NominalGlyph(r)
	return ok && g != 0
}

// find is the font that writes a letter in a run of a script, latin the one that
// is asked first where no font serves the script; -1 when none does.
func (w *Writer) find(r rune, script language.Script, latin int) int {
	if n, ok := serves[script]; ok && w.has(n, r) {
		return n
	}
	for _, n := range [...]int{latin, wider, east, pixels, pictures} {
		if w.has(n, r) {
			return n
		}
	}
	return -1
}
