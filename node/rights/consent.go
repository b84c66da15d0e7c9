package rights

import (
	"context"
	"fmt"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/consent"
)

// actConsents is what the audit calls a look at what was consented to.
const actConsents = "consent.list"

// Given is a consent with the words by which it was given; Text is empty where
// those words are known here no more.
type Given struct {
	record.Consent
	Text string
}

// Consents are what a person agreed to, withdrawn ones included. That it was
// looked at is on record first. Errors: *Problem; those of Config.Open.
func (s *Service) Consents(ctx context.Context, v record.VisitID) ([]Given, error) {
	if _, err := s.desk(); err != nil {
		return nil, err
	}
	if _, err := s.visit(v); err != nil {
		return nil, err
	}
	_, d, err := s.cfg.Open(v)
	if err != nil {
		return nil, err
	}
	if _, err := s.cfg.Register.Commit(ctx, s.act(actConsents, "", v)); err != nil {
		return nil, fmt.Errorf("list consents: %w", err)
	}
	return s.given(d.Consents), nil
}

// Given are the consents of an extract with their words.
func (s *Service) Given(x Extract) []Given { return s.given(x.Particulars.Consents) }

func (s *Service) given(all []record.Consent) (out []Given) {
	for _, c := range all {
		g := Given{Consent: c}
		for _, w := range consent.Versions(consent.Purpose(c.Purpose), c.Lang, s.cfg.Register.History) {
			if w.Hash() == c.Hash {
				g.Text = w.Text
			}
		}
		out = append(out, g)
	}
	return out
}

// Words are all words by which somebody may have consented, the oldest first in
// each language; the last of a purpose and language stand.
func (s *Service) Words() (out []consent.Words) {
	for _, p := range consent.Purposes {
		for _, lang := range consent.Langs {
			out = append(out, consent.Versions(p, lang, s.cfg.Register.History)...)
		}
	}
	return out
}

// SetWords lets other words of consent stand from now on, as the next version,
// durably and on record. Who consented by earlier ones goes on having done so by
// those. Errors: *Problem, *consent.Problem.
func (s *Service) SetWords(ctx context.Context, p consent.Purpose, lang, text string) (consent.Words, error) {
	if _, err := s.desk(); err != nil {
		return consent.Words{}, err
	}
	book := consent.Of(s.cfg.Register.Settings(consent.Prefix))
	set, err := book.Edit(p, lang, text)
	if err != nil {
		return consent.Words{}, err
	}
	if now := book.Words(p, lang); now.Text == text {
		return now, nil
	}
	w := consent.Of([]crdt.Setting{set}).Words(p, lang)
	note := fmt.Sprintf("%s %s %d %s", p, lang, w.Version, w.Hash())
	if err := s.set(ctx, s.act("consent.words", note), set); err != nil {
		return consent.Words{}, fmt.Errorf("set words of consent: %w", err)
	}
	return w, nil
}
