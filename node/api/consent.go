package api

import (
	"errors"
	"net/http"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/rights"
)

// SubjectConsent is one consent of a visit. Text are the words by which it was
// given, null where they are known no more; WithdrawnAt is null while it stands.
type SubjectConsent struct {
	Purpose     string  `json:"purpose"`
	Version     int     `json:"version"`
	Hash        string  `json:"hash"`
	Lang        string  `json:"lang"`
	Text        *string `json:"text"`
	At          Stamp   `json:"at"`
	How         string  `json:"how"`
	Guardian    bool    `json:"guardian"`
	WithdrawnAt Stamp   `json:"withdrawn_at"`
	WithdrawnBy *string `json:"withdrawn_how"`
}

func consentsOf(all []rights.Given) []SubjectConsent {
	out := []SubjectConsent{}
	for _, c := range all {
		out = append(out, SubjectConsent{
			c.Purpose, c.Version, c.Hash, c.Lang, orNull(c.Text), Stamp{c.At}, c.How, c.Guardian, Stamp{c.Withdrawn}, orNull(c.WithdrawnHow),
		})
	}
	return out
}

func (a *API) subjectConsents(r *http.Request) (any, error) {
	var in Withdrawal
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	all, err := a.cfg.Node.Rights().Consents(r.Context(), v)
	if err != nil {
		return nil, inSubject(err)
	}
	return consentsOf(all), nil
}

// Withdrawal names a visit, and the consent of it that is taken back.
type Withdrawal struct {
	Visit   string `json:"visit"`
	Purpose string `json:"purpose,omitempty"`
}

// Withdrawn answers a Withdrawal.
type Withdrawn struct {
	Visit   record.VisitID `json:"visit"`
	Purpose string         `json:"purpose"`
}

func (a *API) withdraw(r *http.Request) (any, error) {
	var in Withdrawal
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Withdraw(r.Context(), v, consent.Purpose(in.Purpose), how(r), ""); err != nil {
		return nil, err
	}
	return Withdrawn{v, in.Purpose}, nil
}

// ConsentWords are the words of one version. Stands: people consent by them now.
type ConsentWords struct {
	Purpose string `json:"purpose"`
	Lang    string `json:"lang"`
	Version int    `json:"version"`
	Hash    string `json:"hash"`
	Text    string `json:"text"`
	Stands  bool   `json:"stands"`
}

func (a *API) consentWords(*http.Request) (any, error) {
	out := []ConsentWords{}
	for _, w := range a.cfg.Node.Rights().Words() {
		out = append(out, wordsOf(w, a.cfg.Node.Words(w.Purpose, w.Lang) == w))
	}
	return out, nil
}

func wordsOf(w consent.Words, stands bool) ConsentWords {
	return ConsentWords{string(w.Purpose), w.Lang, w.Version, w.Hash(), w.Text, stands}
}

// ConsentEdit lets other words of consent stand from now on.
type ConsentEdit struct {
	Purpose string `json:"purpose"`
	Lang    string `json:"lang"`
	Text    string `json:"text"`
}

func (a *API) setConsentWords(r *http.Request) (any, error) {
	var in ConsentEdit
	if err := read(r, &in); err != nil {
		return nil, err
	}
	w, err := a.cfg.Node.Rights().SetWords(r.Context(), consent.Purpose(in.Purpose), in.Lang, in.Text)
	return wordsOf(w, err == nil), err
}

// inSubject says of a visit that cannot be opened what has become of it.
func inSubject(err error) error {
	switch {
	case errors.Is(err, crdt.ErrErased):
		return &Error{Status: http.StatusGone, Message: "what is stored about that visit has been erased", Hint: "`upprop subject export` shows what is left", Key: "subject.erased"}
	case errors.Is(err, crdt.ErrExpired):
		return &Error{Status: http.StatusGone, Message: "what was stored about that visit was destroyed on its date", Hint: "`upprop subject export` shows what is left", Key: "subject.expired"}
	}
	return err
}
