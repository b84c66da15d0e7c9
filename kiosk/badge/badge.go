// Package badge is what a visitor wears: how its code is written, its QR code,
// and its look on screen and on paper. It knows no screen around it.
//
// Invariant: what a QR code holds stands nowhere else on a page.
package badge

import (
	"cmp"
	"embed"
	"html/template"
	"io/fs"
	"strings"
	"time"

	"github.com/upprop/upprop/node/badges"
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

// Face is what stands on a badge. Code is grouped.
type Face struct {
	Shape  badges.Shape
	Campus string
	// NoCampus: neither the campus nor its logo is there.
	NoCampus bool
	// Kind says what the bearer is: "Contractor"; empty: a visitor.
	Kind string
	// Mark is the sign of the type, a Mark's ID; empty: none. Escort says, in words,
	// that the bearer is to be accompanied; empty: they are not.
	Mark, Escort        string
	Name, Company, Host string
	// Rest is what of the name is written smaller, after Name; empty: nothing is.
	Rest string
	// Where says in which part of the house the bearer was let in.
	Where string
	Code  string
	// At is when; zero: it is not said.
	At time.Time
	// Foot is what stands at the foot; empty: what the badge says by itself.
	Foot string
	QR   template.HTML
	// Photo is a picture of the bearer, a JPEG, and PhotoAt where the page finds it;
	// empty: there is none.
	Photo   []byte
	PhotoAt string
	// Payload is what QR holds, for a label printer.
	Payload string
}

// Lay is the face with what a layout has on it, for readers of a language. The name,
// the code, the type and that the bearer is to be accompanied always stay.
func (f Face) Lay(l badges.Layout, lang string) Face {
	f.Shape, f.NoCampus, f.Foot = l.Shape, !l.Shown[badges.Campus], l.Foot[lang]
	for part, text := range map[badges.Part]*string{badges.Company: &f.Company, badges.Host: &f.Host, badges.Where: &f.Where} {
		if !l.Shown[part] {
			*text = ""
		}
	}
	if !l.Shown[badges.Since] {
		f.At = time.Time{}
	}
	if !l.Shown[badges.Photo] {
		f.Photo, f.PhotoAt = nil, ""
	}
	if first, rest, ok := strings.Cut(strings.TrimSpace(f.Name), " "); ok && l.Given {
		f.Name, f.Rest = first, strings.TrimSpace(rest)
	}
	return f
}

// Words are those of the face on a label, in the language of text. A photo and a logo
// are pictures, for who has them to add.
func (f Face) Words(text func(key string) string, zone *time.Location) Words {
	w := Words{
		Kind: cmp.Or(f.Kind, text("badge.visitor")), Mark: f.Mark, Escort: f.Escort, Name: f.Name, Rest: f.Rest, Company: f.Company,
		Where: f.Where, Code: f.Code, QR: f.Payload,
	}
	if !f.NoCampus {
		w.Campus = f.Campus
	}
	if f.Host != "" {
		w.Host = text("badge.host") + " " + f.Host
	}
	if !f.At.IsZero() {
		w.Since = f.At.In(zone).Format("2006-01-02 15:04")
	}
	return w
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
