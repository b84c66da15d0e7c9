package rights

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// maxReason bounds a reason, in characters.
const maxReason = 200

// OpenCase opens a case of a visit, durably. An objection restricts the visit
// until it is decided (Article 18(1)(d)), a restriction until it is lifted, and
// is decided by that. What is open already is not opened again. Errors:
// *Problem.
func (s *Service) OpenCase(ctx context.Context, v record.VisitID, kind Kind, reason string) (c Case, again bool, err error) {
	return s.begin(ctx, v, kind, reason, s.reason)
}

// begin opens a case for a reason that judge lets stand.
func (s *Service) begin(ctx context.Context, v record.VisitID, kind Kind, reason string, judge func(record.VisitID, string) error) (c Case, again bool, err error) {
	self, err := s.desk()
	if err != nil {
		return c, false, err
	}
	if !slices.Contains(Kinds, kind) {
		return c, false, ErrBadKind
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	p, err := s.visit(v)
	if err != nil {
		return c, false, err
	}
	if err := judge(v, reason); err != nil {
		return c, false, err
	}
	for _, x := range s.Cases() {
		stands := x.State == Open || kind == Restriction && slices.ContainsFunc(p.Restricted, func(r record.Restriction) bool { return r.Case == x.ID })
		if x.Visit == v && x.Kind == kind && stands {
			return x, true, nil
		}
	}
	var id record.CaseID
	rand.Read(id[:])
	w := stepWire{At: s.cfg.Now().UTC().Truncate(time.Millisecond), Node: self.ID, By: s.cfg.By}
	opened := w
	opened.Kind, opened.Visit, opened.Reason = kind, v, reason
	drafts := []crdt.Draft{s.act("case.open", string(kind)+" "+id.String(), v), opened.setting(id, "opened")}
	if kind == Objection || kind == Restriction {
		drafts = append(drafts, crdt.Draft{Event: &record.Event{Kind: record.Restricted, Visit: v, Case: id, Reason: reason, How: "desk"}})
	}
	if kind == Restriction {
		w.Outcome = Granted
		drafts = append(drafts, w.setting(id, decidedBy(self.ID)))
	}
	if _, err := s.cfg.Register.Commit(ctx, drafts...); err != nil {
		return c, false, fmt.Errorf("open case: %w", err)
	}
	c, err = s.Case(id)
	return c, false, err
}

func decidedBy(id record.NodeID) string { return "decided/" + strings.ToLower(id.String()) }

// Lift ends the restrictions of a visit that were asked for, durably, and tells
// of which cases they were. Those of objections that are open stay. The person
// is to be told before (Article 18(3)). Errors: *Problem.
func (s *Service) Lift(ctx context.Context, v record.VisitID, reason string) (over []record.CaseID, err error) {
	self, err := s.desk()
	if err != nil {
		return nil, err
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	p, err := s.visit(v)
	if err != nil {
		return nil, err
	}
	if len(p.Restricted) == 0 {
		return nil, ErrNotRestrict
	}
	if reason != "" {
		if err := s.reason(v, reason); err != nil {
			return nil, err
		}
	}
	step := stepWire{At: s.cfg.Now().UTC().Truncate(time.Millisecond), Node: self.ID, By: s.cfg.By, Reason: reason}
	drafts := []crdt.Draft{s.act("subject.unrestrict", "", v)}
	for _, r := range p.Restricted {
		c, err := s.Case(r.Case)
		known := err == nil
		if known && c.Kind == Objection && c.State == Open {
			continue
		}
		if known {
			drafts = append(drafts, step.setting(r.Case, "lifted"))
		}
		over = append(over, r.Case)
	}
	if len(over) == 0 {
		return nil, ErrObjection
	}
	drafts = append(drafts, crdt.Draft{Event: &record.Event{Kind: record.Unrestricted, Visit: v, Cases: over, How: "desk"}})
	if _, err := s.cfg.Register.Commit(ctx, drafts...); err != nil {
		return nil, fmt.Errorf("lift restriction: %w", err)
	}
	return over, nil
}

// Decide decides a case, durably, once at each node. A refused objection ends
// its restriction; a granted one lets it stand: what is stored is to be erased,
// or kept restricted where it must be kept. An erasure is not granted while a hold
// keeps the visit, and is refused for the reason of the hold where none is given.
// Errors: *Problem.
func (s *Service) Decide(ctx context.Context, id record.CaseID, how Outcome, reason string) (Case, error) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	if x, err := s.Case(id); err == nil && x.Kind == Erasure {
		if h, held := s.held(x.Visit); held && how == Granted {
			return x, h.problem()
		} else if held && reason == "" {
			reason = h.words()
		}
	}
	self, c, err := s.openCase(id, reason, how == Refused)
	if err != nil {
		return c, err
	}
	w := stepWire{At: s.cfg.Now().UTC().Truncate(time.Millisecond), Node: self.ID, By: s.cfg.By, Reason: reason, Outcome: how}
	drafts := []crdt.Draft{s.act("case.decide", string(how)+" "+id.String(), c.Visit), w.setting(id, decidedBy(self.ID))}
	if how == Refused && (c.Kind == Objection || c.Kind == Restriction) {
		drafts = append(drafts, crdt.Draft{Event: &record.Event{Kind: record.Unrestricted, Visit: c.Visit, Cases: []record.CaseID{id}, How: "desk"}})
	}
	if _, err := s.cfg.Register.Commit(ctx, drafts...); err != nil {
		return c, fmt.Errorf("decide case: %w", err)
	}
	return s.Case(id)
}

// Extend gives a case two months more, durably, for a reason that the person is
// told within the first month (Article 12(3)). Errors: *Problem.
func (s *Service) Extend(ctx context.Context, id record.CaseID, reason string) (Case, error) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	self, c, err := s.openCase(id, reason, true)
	switch {
	case err != nil:
		return c, err
	case c.Extended != nil:
		return c, ErrExtended
	case c.Overdue:
		return c, ErrOverdue
	}
	w := stepWire{At: s.cfg.Now().UTC().Truncate(time.Millisecond), Node: self.ID, By: s.cfg.By, Reason: reason, Until: Months(c.Opened.At, 3)}
	if _, err := s.cfg.Register.Commit(ctx, s.act("case.extend", id.String(), c.Visit), w.setting(id, "extended")); err != nil {
		return c, fmt.Errorf("extend case: %w", err)
	}
	return s.Case(id)
}

// openCase is a case that is to be acted upon at this node.
func (s *Service) openCase(id record.CaseID, reason string, needs bool) (self Member, c Case, err error) {
	if self, err = s.desk(); err != nil {
		return self, c, err
	}
	if c, err = s.Case(id); err != nil {
		return self, c, err
	}
	if c.State != Open {
		return self, c, ErrDecided
	}
	if reason == "" && !needs {
		return self, c, nil
	}
	return self, c, s.reason(c.Visit, reason)
}

// fixed lets a reason stand that the house has written: it names nobody,
// whatever the person is called.
func fixed(record.VisitID, string) error { return nil }

// Judge says why a reason must not stand on every node, or nil. Errors: *Problem.
func (s *Service) Judge(v record.VisitID, reason string) error { return s.reason(v, reason) }

// reason judges a reason that will stand on every node: it is a line, and has
// no word in it of what is stored about the person.
func (s *Service) reason(v record.VisitID, reason string) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return ErrNoReason
	case !plainText(reason) || utf8.RuneCountInString(reason) > maxReason:
		return ErrReasonLong
	}
	c, d, err := s.cfg.Open(v)
	if err != nil {
		return nil // there is nothing to compare with
	}
	mailbox, _, _ := strings.Cut(d.Email.Reveal(), "@")
	for _, p := range []record.Private{c.Name, c.Host, record.Private(mailbox)} {
		if shareWord(reason, p.Reveal()) {
			return ErrReasonNames
		}
	}
	if phone := digits(d.Phone.Reveal()); len(phone) > 4 && strings.Contains(digits(reason), phone) {
		return ErrReasonNames
	}
	return nil
}

// shareWord reports whether a text has a word of another in it: of three
// letters or more in any case, and of two as it is written, since many short
// names are words besides.
func shareWord(text, of string) bool {
	other := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	said := strings.FieldsFunc(text, other)
	return slices.ContainsFunc(strings.FieldsFunc(of, other), func(w string) bool {
		n := utf8.RuneCountInString(w)
		return slices.ContainsFunc(said, func(x string) bool { return n > 2 && strings.EqualFold(x, w) || n == 2 && x == w })
	})
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
