package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/upprop/upprop/node/languages"
	"github.com/upprop/upprop/node/sheet"
)

// Language is one in which visitors are spoken to. Bytes is the size of the file
// of one that an operator has added, 0 of one that the program comes with.
type Language struct {
	Lang    string `json:"lang"`
	Offered bool   `json:"offered"`
	Added   bool   `json:"added"`
	Bytes   int    `json:"bytes"`
}

// LanguageFile adds a language, or replaces its words.
type LanguageFile struct {
	Lang string `json:"lang"`
	TOML string `json:"toml"`
}

// LanguageOffer says which languages the doors offer, in order.
type LanguageOffer struct {
	Langs []string `json:"langs"`
}

// languagesNow are those offered, in order, and then the others.
func (a *API) languagesNow() []Language {
	out, offered, book := []Language{}, a.cfg.Node.Languages().Offered(), a.cfg.Node.Languages()
	for _, l := range book.List() {
		out = append(out, Language{Lang: l.Lang, Offered: slices.Contains(offered, l.Lang), Added: l.File != nil, Bytes: len(l.File)})
	}
	rank := func(l Language) int {
		if i := slices.Index(offered, l.Lang); i >= 0 {
			return i
		}
		return len(offered)
	}
	slices.SortStableFunc(out, func(x, y Language) int { return rank(x) - rank(y) })
	return out
}

func (a *API) listLanguages(*http.Request) (any, error) { return a.languagesNow(), nil }

func (a *API) addLanguage(r *http.Request) (any, error) {
	var in LanguageFile
	if err := read(r, &in); err != nil {
		return nil, err
	}
	err := a.cfg.Node.Languages().Add(r.Context(), "", in.Lang, []byte(in.TOML))
	var bad *languages.FileError
	if errors.As(err, &bad) {
		// Its words are those of the file's faults, on one line.
		return nil, &sheet.Problem{Key: "languages.file", Field: "toml", Hint: strings.ReplaceAll(bad.Error(), "\n", "; ")}
	}
	if err != nil {
		return nil, err
	}
	return a.languagesNow(), nil
}

func (a *API) removeLanguage(r *http.Request) (any, error) {
	return named(r, func(l string) error { return a.cfg.Node.Languages().Remove(r.Context(), "", l) })
}

func (a *API) offerLanguages(r *http.Request) (any, error) {
	var in LanguageOffer
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Languages().Offer(r.Context(), "", in.Langs); err != nil {
		return nil, err
	}
	return a.languagesNow(), nil
}
