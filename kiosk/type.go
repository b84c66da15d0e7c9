package kiosk

import (
	"cmp"
	"crypto/rand"
	"net/http"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/steps"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Type is a type of visitor as the door's screen offers it.
type Type struct {
	ID string
	// Name and Badge are by language.
	Name, Badge map[string]string
	// Ask says of a field whether it is asked for: "may", "must", or not.
	Ask map[string]string
	// Mark is the sign on the badge, a badge.Mark's ID; empty: none. Escort: such
	// visitors are to be accompanied.
	Mark   string
	Escort bool
	// Group: others come with the visitor, on the same form.
	Group bool
	// Note is what such visitors should know of the house, by language, and Wifi a
	// network for them.
	Note map[string]string
	Wifi Wifi
	// Papers are to be read and signed, in order.
	Papers []Paper
	// NoPhoto: none is taken at this door, whatever is asked.
	NoPhoto bool
}

// Paper is a document to be read and signed, and PaperText what it says in one
// language.
type (
	Paper     = steps.Paper
	PaperText = steps.PaperText
)

// plain is the type where the house has none.
var plain = Type{Ask: map[string]string{"host": "may", "company": "may", "assist": "may"}}

// Word is what the type is called, for a reader of a language, else its id; in
// is the language of the word where it is another.
func (t Type) Word(l lang.Locale) (word string, in lang.Locale) {
	word, in = lang.In(t.Name, l)
	return cmp.Or(word, t.ID), foreign(in, l)
}

// OnBadge is what stands on the badge; empty: what the badge says by itself.
func (t Type) OnBadge(l lang.Locale) string {
	if s, _ := lang.In(t.Badge, l); s != "" || t.ID == "" || t.ID == "visitor" {
		return s
	}
	s, _ := t.Word(l)
	return s
}

// Asks reports whether a field is on the form, and Must whether it may not be
// empty. Templates call them.
func (t Type) Asks(field string) bool {
	if field == "photo" && t.NoPhoto {
		return false
	}
	return t.Ask[field] == "may" || t.Must(field)
}

// Must reports whether a field may not be empty.
func (t Type) Must(field string) bool { return t.Ask[field] == "must" }

// types are those who check in by themselves.
func (k *Kiosk) types() []Type {
	if k.cfg.Types == nil {
		return []Type{plain}
	}
	if all := k.cfg.Types(); len(all) > 0 {
		return all
	}
	return nil
}

// typeOf is a type of those; false where there is none of that id.
func (k *Kiosk) typeOf(id string) (Type, bool) {
	for _, t := range k.types() {
		if t.ID == id || id == "" && t.ID == "visitor" {
			return t, true
		}
	}
	if k.cfg.Types == nil {
		return plain, true
	}
	return Type{}, false
}

// typesPage asks what brings the visitor here.
type typesPage struct {
	Types []typeLine
	Pause webkit.Pause
}

type typeLine struct {
	ID, Word string
	// Lang is the language of Word, where it is not the page's.
	Lang lang.Locale
}

// arriveForm is the choice among the types, or the form where there is only
// one.
func (k *Kiosk) arriveForm(r *webkit.Request) (webkit.Response, error) {
	if res := k.shut(r); res != nil {
		return res, nil
	}
	all := k.types()
	switch len(all) {
	case 0:
		return nil, lang.Problem{Key: lang.TypeAttended}
	case 1:
		return k.arrivalForm(r, arrivePage{Form: rand.Text(), Type: all[0]}, http.StatusOK), nil
	}
	p := typesPage{Pause: k.pause()}
	for _, t := range all {
		word, in := t.Word(r.Locale)
		p.Types = append(p.Types, typeLine{t.ID, word, in})
	}
	return webkit.Page{Name: "types", Data: p}, nil
}

// typeForm is the form of one type.
func (k *Kiosk) typeForm(r *webkit.Request) (webkit.Response, error) {
	if res := k.shut(r); res != nil {
		return res, nil
	}
	t, ok := k.typeOf(r.PathValue("type"))
	if !ok {
		return webkit.Redirect{To: r.Link("/kiosk/arrive")}, nil
	}
	return k.arrivalForm(r, arrivePage{Form: rand.Text(), Type: t, Arrival: Arrival{Type: t.ID}}, http.StatusOK), nil
}
