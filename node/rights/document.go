package rights

import (
	"context"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// House is what documents say of the house; empty where nobody has said.
type House struct{ Controller, Contact, DPO, Transfers, Processors string }

// prefixHouse is followed by what is said of the house.
const prefixHouse = "privacy/"

// Facts are what may be said of the house.
var Facts = []string{"controller", "contact", "dpo", "transfers", "processors"}

// ErrFact and ErrDocument mean something that documents do not know.
var (
	ErrFact     = &Problem{"document.fact", "documents say no such thing of the house: write controller, contact, dpo, transfers or processors"}
	ErrDocument = &Problem{"document.unknown", "there is no such document: write notice, record, dpia, balancing or annex"}
)

// House is what has been said of the house.
func (s *Service) House() (h House) {
	for _, x := range s.cfg.Register.Settings(prefixHouse) {
		switch x.Key[len(prefixHouse):] {
		case "controller":
			h.Controller = x.Value.String()
		case "contact":
			h.Contact = x.Value.String()
		case "dpo":
			h.DPO = x.Value.String()
		case "transfers":
			h.Transfers = x.Value.String()
		case "processors":
			h.Processors = x.Value.String()
		}
	}
	return h
}

// SetHouse says something of the house, durably and on record; it is on every
// document and names an office, not a person. Errors: *Problem.
func (s *Service) SetHouse(ctx context.Context, fact, text string) error {
	if _, err := s.desk(); err != nil {
		return err
	}
	switch {
	case !slices.Contains(Facts, fact):
		return ErrFact
	case text != "" && !plainText(text):
		return ErrReasonLong
	}
	set := crdt.Setting{Key: prefixHouse + fact, Value: shape.String(text)}
	if err := s.set(ctx, s.act("privacy.set", fact), set); err != nil {
		return fmt.Errorf("set %s: %w", fact, err)
	}
	return nil
}

// Documents are those that are written from the settings: the privacy notice
// (Article 13), the record of processing (30), starting points for the impact
// assessment (35) and the balancing test (6(1)(f)), and the annexes to an
// agreement with a processor (28).
var Documents = []string{"notice", "record", "dpia", "balancing", "annex"}

// Document writes one of Documents from the settings as they stand, but for the
// channels, which are this node's. Errors: *Problem.
func (s *Service) Document(name string, lang Lang) (string, error) {
	if !slices.Contains(Documents, name) {
		return "", ErrDocument
	}
	why := s.Purposes()
	type datum struct{ Datum, Purpose, Basis, Letter string }
	var data []datum
	has := map[string]bool{}
	for _, d := range Data {
		if d == "photo" && !s.asksPhotos() {
			continue
		}
		i := slices.IndexFunc(why.Data, func(r Rule) bool { return r.Datum == d })
		r := why.Data[i]
		has[r.Basis] = true
		data = append(data, datum{
			phrase(lang, "datum", d),
			translated(lang, "purpose", defaults.Purposes, textOf(why.Purposes, r.Purpose)),
			translated(lang, "basis", bases, textOf(bases, r.Basis)),
			r.Basis,
		})
	}
	var sources []string
	for _, l := range why.Sources {
		sources = append(sources, translated(lang, "source", defaults.Sources, l.Text))
	}
	members := s.cfg.Members()
	count := func(role string) (n int) {
		for _, m := range members {
			if m.Role == role && m.Revoked.IsZero() {
				n++
			}
		}
		return n
	}
	t, err := render(name, lang, map[string]any{
		"Campus": s.cfg.Campus(), "House": s.House(), "Data": data, "Sources": sources, "Retention": s.kept(),
		"Members": members, "Desks": count("desk"), "Wardens": count("warden"), "Channels": s.channels(), "Now": s.cfg.Now(), "Legitimate": has["f"], "Consent": has["a"], "Watch": s.watched(), "Photo": s.asksPhotos(),
	})
	return t.Reveal(), err
}

// Watched is for how many days entries of the watch list stand: usually, and at
// most.
type Watched struct{ Usual, Most int }

// watched is nil where nobody is on the watch list.
func (s *Service) watched() *Watched {
	if s.cfg.Watch == nil {
		return nil
	}
	return s.cfg.Watch()
}

func (s *Service) asksPhotos() bool { return s.cfg.AsksPhotos != nil && s.cfg.AsksPhotos() }

func (s *Service) channels() []string {
	if s.cfg.Channels == nil {
		return nil
	}
	return s.cfg.Channels()
}

// Letter tells the person how a case stands. It names them by their visit
// alone. Errors: ErrUnknownCase, ErrLang.
func (s *Service) Letter(id record.CaseID, lang Lang) (string, error) {
	c, err := s.Case(id)
	if err != nil {
		return "", err
	}
	var decided Step
	for _, d := range c.Decisions {
		if d.Outcome == c.State {
			decided = d
		}
	}
	house := s.House()
	if house.Controller == "" {
		house.Controller = s.cfg.Campus()
	}
	t, err := render("letter", lang, map[string]any{
		"Campus": s.cfg.Campus(), "C": c, "House": house, "Decided": decided, "Now": s.cfg.Now(),
		"Restricted": c.Kind == Objection,
	})
	return t.Reveal(), err
}
