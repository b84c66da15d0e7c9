package app

import (
	"context"
	"errors"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
)

// mine answers a person about their own visit, here or at a desk in touch.
func (a *App) mine(ctx context.Context, in kiosk.MineAsk) (kiosk.MineAnswer, error) {
	written := writtenIn(lang.Locale(in.Lang))
	how := "kiosk"
	if in.Link != "" {
		how = "link"
	}
	got, err := a.node.AnswerSelf(ctx, rights.SelfAsk{
		Code: in.Code, Knows: in.Knows, Name: in.Name, Link: in.Link, Use: in.Use, Do: in.Do, Lang: written, Right: in.Right, Purpose: in.Purpose, How: how,
	})
	var right *rights.Problem
	var gone *privacy.Problem
	switch {
	case errors.As(err, &right):
		return kiosk.MineAnswer{}, lang.Problem{Key: selfKey(right.Key)}
	case errors.As(err, &gone):
		return kiosk.MineAnswer{}, lang.Problem{Key: lang.SelfRefused}
	case err != nil:
		return kiosk.MineAnswer{}, inSelf(inWords(err))
	}
	if in.Do == rights.AskFind {
		return kiosk.MineAnswer{Visit: got.Visit.String()}, nil
	}
	return kiosk.MineAnswer{Text: got.Text, Lang: lang.Locale(written), Data: got.Data, Photo: got.Photo, Consents: got.Consents, Due: got.Due, Erased: got.Erased, AtDesk: got.AtDesk}, nil
}

// writtenIn is the language of what is written of a person for a reader of another:
// it is the document that a desk hands out, in Swedish or English.
func writtenIn(l lang.Locale) rights.Lang {
	if l == lang.Swedish || l == lang.EasySwedish {
		return rights.Swedish
	}
	return rights.English
}

// selfKey is the word for a problem that a person meets on a page of their own;
// what they cannot mend sends them to the reception.
func selfKey(key string) string {
	switch key {
	case lang.SelfFind, lang.SelfWait, lang.SelfEnough, lang.SelfMaybe, lang.SelfNoDesk, lang.SelfAtDesk, lang.SelfNoMail, lang.SelfLink, lang.SubjectNotYet:
		return key
	}
	return lang.SelfRefused
}

// inSelf is the same for what a desk has said of a form: fields keep their words.
func inSelf(err error) error {
	var p lang.Problem
	if errors.As(err, &p) && p.Field == "" {
		return lang.Problem{Key: selfKey(p.Key)}
	}
	return err
}
