package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
)

// Acts that the audit keeps of disclosures; their notes begin with to whom.
const (
	actDisclosed = "disclosure.made"
	actTold      = "disclosure.told"
)

// maxTo bounds to whom and what, together in one note.
const maxTo = 90

// ErrRecipient and ErrNotRecipient are about disclosures.
var (
	ErrRecipient    = &Problem{"disclosure.text", "to whom and what are each one line of 90 characters at most, without a colon in to whom: write the name of an authority or a company, and of no person"}
	ErrNotRecipient = &Problem{"disclosure.unknown", "nothing is on record as given to them of that visit: look at `upprop subject recipients`"}
)

// Disclose takes down that something of a visit was given to somebody outside
// the house, such as an authority. Durable when it returns. Errors: *Problem.
func (s *Service) Disclose(ctx context.Context, v record.VisitID, to, what string) error {
	if _, err := s.desk(); err != nil {
		return err
	}
	if _, err := s.visit(v); err != nil {
		return err
	}
	for _, t := range []string{to, what} {
		if !plainText(t) || len(t) > maxTo || utf8.RuneCountInString(t) < 1 {
			return ErrRecipient
		}
		if err := s.reason(v, t); err != nil {
			return err
		}
	}
	if strings.Contains(to, ":") {
		return ErrRecipient
	}
	if _, err := s.cfg.Register.Commit(ctx, s.act(actDisclosed, to+": "+what, v)); err != nil {
		return fmt.Errorf("disclose: %w", err)
	}
	return nil
}

// Tell takes down that a recipient has been told of all that has become of a
// visit by now (Article 19). Errors: *Problem.
func (s *Service) Tell(ctx context.Context, v record.VisitID, to string) error {
	all, err := s.Recipients(v)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(r Recipient) bool { return r.Outside && r.Recipient == to }) {
		return ErrNotRecipient
	}
	if _, err := s.cfg.Register.Commit(ctx, s.act(actTold, to, v)); err != nil {
		return fmt.Errorf("tell a recipient: %w", err)
	}
	return nil
}

// Recipients are those to whom something of a visit was shown or given, with
// what those outside the house are still to be told. Errors: *Problem.
func (s *Service) Recipients(v record.VisitID) ([]Recipient, error) {
	if _, err := s.desk(); err != nil {
		return nil, err
	}
	acts, err := s.actsOf(v, s.cfg.Members())
	if err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	return recipients(acts), nil
}

// recipients follow from the acts of a visit, which are in order of time.
func recipients(acts []act) (out []Recipient) {
	for _, a := range acts {
		r, ok := a.recipient()
		if !ok {
			continue
		}
		if r.Outside {
			r.ToTell, r.Told = toTell(r, acts)
		}
		out = append(out, r)
	}
	return out
}

// toTell is what became of a visit since a recipient had something of it, or
// was last told.
func toTell(r Recipient, acts []act) (all []string, told time.Time) {
	for _, a := range acts {
		if a.What == actTold && a.Note == r.Recipient && !a.At.Before(r.At) {
			told = a.At
		}
	}
	for _, a := range acts {
		what, ok := a.change()
		if ok && a.At.After(r.At) && !a.At.Before(told) && !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	return all, told
}

// change is what an act changed that recipients are to be told of.
func (a act) change() (string, bool) {
	switch {
	case a.What == actRectify:
		return "corrected", true
	case a.What == string(record.ActShred):
		return "erased", true
	case a.What == "subject.unrestrict":
		return "unrestricted", true
	case a.What == "case.open" && (strings.HasPrefix(a.Note, string(Restriction)+" ") || strings.HasPrefix(a.Note, string(Objection)+" ")):
		return "restricted", true
	}
	return "", false
}
