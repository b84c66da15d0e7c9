// Package steps has what is asked of a visitor, at a door and before they come: the
// fields of a type and the documents that it signs, as parts of a page. It keeps
// nothing and judges nothing: what is written and signed goes to the page that
// shows it.
//
// Invariant: a document is either shown whole, to be signed under its hash, or was
// signed under a text that is in force here.
package steps

import (
	"cmp"
	"embed"
	"io/fs"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
)

//go:embed parts/*
var files embed.FS

// Parts are the templates "asked", of a dict of Type, Arrival and Faults, and
// "papers", of a dict of Papers, Signature, Drawing, Faults and Hint, with their
// assets steps.css and sign.js.
func Parts() fs.FS {
	f, err := fs.Sub(files, "parts")
	if err != nil {
		panic(err) // the folder is there at compile time
	}
	return f
}

// Paper is a document to be read and signed, in one language or more.
type Paper struct {
	ID string
	// Name is by language, and so is Text.
	Name map[string]string
	Text map[string]PaperText
}

// PaperText is what a document says in one language.
type PaperText struct{ Body, Hash, Version string }

// Stands reports whether a text of this hash is in force, in any language.
func (p Paper) Stands(hash string) bool {
	for _, t := range p.Text {
		if t.Hash == hash && hash != "" {
			return true
		}
	}
	return false
}

// Signed is that a document was signed before, under which text and when.
type Signed struct {
	Hash string
	At   time.Time
}

// Line is a document as the reader reads it.
type Line struct {
	ID, Word string
	Lang     lang.Locale
	// WordLang is the language of Word, where it is not the page's.
	WordLang lang.Locale
	PaperText
	// At is when it was signed; zero where it is to be signed. Stale: it was signed,
	// under another text.
	At    time.Time
	Stale bool
}

// Lines are the documents for a reader of a language, in order; signed are those
// that were signed before, by id.
func Lines(papers []Paper, l lang.Locale, signed map[string]Signed) (out Papers) {
	for _, p := range papers {
		there := map[string]string{}
		for at := range p.Text {
			there[at] = at
		}
		at, in := lang.In(there, l)
		text, ok := p.Text[at]
		if !ok {
			continue
		}
		word, from := lang.In(p.Name, l)
		if from == l {
			from = ""
		}
		line := Line{ID: p.ID, Word: cmp.Or(word, p.ID), Lang: in, WordLang: from, PaperText: text}
		if was, ok := signed[p.ID]; ok {
			if p.Stands(was.Hash) {
				line.At = was.At
			}
			line.Stale = line.At.IsZero()
		}
		out = append(out, line)
	}
	return out
}

// Papers are the documents of a page.
type Papers []Line

// Ask reports whether any is to be signed. Templates call it.
func (p Papers) Ask() bool {
	for _, l := range p {
		if l.At.IsZero() {
			return true
		}
	}
	return false
}
