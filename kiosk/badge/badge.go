// Package badge is what a visitor wears: how its code is written, its QR code,
// and its look on screen and on paper. It knows no screen around it.
//
// Invariant: what a QR code holds stands nowhere else on a page.
package badge

import (
	"embed"
	"html/template"
	"io/fs"
	"strings"
	"time"
)

//go:embed parts
var files embed.FS

// Parts are the template "badge", which takes a Face, and its assets, badge.css
// and print.js, for the screens that show a badge.
func Parts() fs.FS {
	f, err := fs.Sub(files, "parts")
	if err != nil {
		panic(err) // the folder is there at compile time
	}
	return f
}

// Shape is the shape of the printed badge.
type Shape string

// The shapes that the print style knows.
const (
	Card  Shape = "card"  // 86 × 54 mm, landscape
	Label Shape = "label" // a label 62 mm wide
	None  Shape = "none"  // there is no printer
)

// Face is what stands on a badge. Code is grouped.
type Face struct {
	Shape  Shape
	Campus string
	// Kind says what the bearer is: "Contractor"; empty: a visitor.
	Kind string
	// Mark is the sign of the type, a Mark's ID; empty: none. Escort says, in words,
	// that the bearer is to be accompanied; empty: they are not.
	Mark, Escort        string
	Name, Company, Host string
	Code                string
	At                  time.Time
	QR                  template.HTML
	// Photo is a picture of the bearer, a JPEG, and PhotoAt where the page finds it;
	// empty: there is none.
	Photo   []byte
	PhotoAt string
	// Payload is what QR holds, for a label printer.
	Payload string
}

// A Printer has badges printed on labels, all or none of them, in the language
// of words; coming: they come out of a printer near here. It does not wait for
// them.
type Printer func(faces []Face, words func(key string) string) (coming bool)

// Group sets a bare code in groups of four, which are easier to read, say and
// type. A code that is grouped already stays as it is.
func Group(code string) string {
	if strings.ContainsAny(code, "- ") {
		return code
	}
	var b strings.Builder
	for i, c := range []byte(code) {
		if i > 0 && i%4 == 0 && len(code)-i > 1 {
			_ = b.WriteByte('-')
		}
		_ = b.WriteByte(c)
	}
	return b.String()
}
