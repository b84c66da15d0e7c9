package rights

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// Status says what there is of a visit's particulars.
type Status string

// The statuses of particulars.
const (
	Stored     Status = "stored"
	Restricted Status = "restricted"
	Erased     Status = "erased"
	Expired    Status = "expired"
	// NotOpened: they exist, and this node cannot open them now.
	NotOpened Status = "not_opened"
)

// Particulars are what is sealed about a visit; texts are empty where there is
// nothing, or nothing any more.
type Particulars struct {
	Status              Status
	Name, Company, Host record.Private
	Email, Phone        record.Private
	Purpose, Assist     record.Private
	Type, Lang          string
	// Photo is the photograph of the person; zero: none is kept.
	Photo record.Photo
	// Signed are the documents that the person has signed.
	Signed []record.Signature
	Badge  record.BadgeCode
	// Consents are those given, withdrawn ones included.
	Consents []record.Consent
	// KeptUntil is zero where it depends on when the person leaves.
	KeptUntil             record.Day
	RestrictedBecauseOf   []record.Restriction
	ErasedAt, CorrectedAt time.Time
}

// Event is one thing that is on record about a visit.
type Event struct {
	At   time.Time
	What string
	// Node wrote it.
	Node  string
	Place record.Place
	How   string
	// Note is a reason, a mark or a muster point; it names nobody.
	Note string
}

// Recipient is somebody to whom something of the visit was shown or handed.
type Recipient struct {
	At        time.Time
	Recipient string
	What      string
	Node, By  string
	// Outside the house: they are to be told what became of the visit since.
	Outside bool
	ToTell  []string
	Told    time.Time
}

// Answer says whether all that a node has written is in an extract.
type Answer struct {
	Node     string
	ID       record.NodeID
	Answered bool
	// CompleteAsOf: all that it acknowledged before is in it. Zero: never.
	CompleteAsOf, LastHeard time.Time
	Revoked                 bool
}

// Extract is all that is stored about a visit, as this node knows it.
type Extract struct {
	Visit       record.VisitID
	At          time.Time
	Particulars Particulars
	Events      []Event
	Reasons     []Reason
	Recipients  []Recipient
	Nodes       []Answer
	// Kept is what is kept past the day of the visit, and until when.
	Kept []PastDay
}

// ActExport is what the audit calls a register extract.
const ActExport = "subject.export"

// Export makes the extract for the person themself, restricted or not. It is
// on record before it is handed out. form says in what form, for the record.
// Errors: *Problem.
func (s *Service) Export(ctx context.Context, v record.VisitID, form string) (Extract, error) {
	if _, err := s.desk(); err != nil {
		return Extract{}, err
	}
	past, err := s.pastDay(ctx, v)
	if err != nil {
		return Extract{}, fmt.Errorf("export: %w", err)
	}
	p, err := s.visit(v)
	if errors.Is(err, ErrUnknownVisit) && len(past) > 0 {
		p, err = record.Presence{Visit: v, Type: past[0].Type}, nil // its day has been dropped
	}
	if err != nil {
		return Extract{}, err
	}
	members := s.cfg.Members()
	out := Extract{Visit: v, At: s.cfg.Now().UTC(), Kept: past}
	if out.Particulars, err = s.particulars(v, p); err != nil {
		return Extract{}, fmt.Errorf("export: %w", err)
	}
	evidence, err := s.cfg.Register.Evidence(v.Badge())
	if err != nil {
		return Extract{}, fmt.Errorf("export: %w", err)
	}
	out.Events = eventsOf(v, evidence, members)
	acts, err := s.actsOf(v, members)
	if err != nil {
		return Extract{}, fmt.Errorf("export: %w", err)
	}
	for _, a := range acts {
		switch {
		case a.What == "shred" && out.Particulars.ErasedAt.IsZero():
			out.Particulars.ErasedAt = a.At
		case a.What == actRectify:
			out.Particulars.CorrectedAt = a.At
		}
		if e, ok := a.event(); ok {
			out.Events = append(out.Events, e)
		}
	}
	out.Recipients = recipients(acts)
	slices.SortStableFunc(out.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	out.Reasons = s.reasons(p, out.Particulars, evidence, acts, members)
	out.Nodes = answers(members, p, out.At)
	if _, err := s.cfg.Register.Commit(ctx, s.act(ActExport, form, v)); err != nil {
		return Extract{}, fmt.Errorf("export: %w", err)
	}
	return out, nil
}

// particulars opens what is stored.
func (s *Service) particulars(v record.VisitID, p record.Presence) (Particulars, error) {
	out := Particulars{Status: Stored, Type: p.Type, Badge: v.Badge(), RestrictedBecauseOf: p.Restricted}
	ends := p.Ends
	if s.cfg.Until != nil {
		if d, ok := s.cfg.Until(v); ok {
			ends = d
		}
	}
	if !p.Open() && ends > record.DayOf(s.cfg.Now()) {
		out.KeptUntil = ends
	}
	c, d, err := s.cfg.Open(v)
	switch {
	case s.cfg.Register.Shredded(v), errors.Is(err, crdt.ErrErased):
		out.Status = Erased
	case errors.Is(err, crdt.ErrExpired), errors.Is(err, crdt.ErrUnknownVisit) && p.Since == 0:
		out.Status = Expired
	case errors.Is(err, ErrNotDesk), errors.Is(err, ErrNotYet):
		return out, err
	case err != nil, c.Name == "":
		out.Status = NotOpened
	default:
		out.Name, out.Company, out.Host, out.Assist = c.Name, c.Company, c.Host, c.Assist
		out.Email, out.Phone, out.Purpose, out.Lang = d.Email, d.Phone, d.Purpose, d.Lang
		out.Signed = d.Signed
		out.Consents = d.Consents
		if len(p.Restricted) > 0 {
			out.Status = Restricted
		}
		if s.cfg.Photo != nil {
			if photo, ok, err := s.cfg.Photo(v); err != nil {
				return out, err
			} else if ok {
				out.Photo = photo
			}
		}
	}
	return out, nil
}

// eventsOf are what events tell of a visit, those by its badge code alone
// included; what was written again to outlive its day is told once.
func eventsOf(v record.VisitID, evidence []record.Stated, members []Member) (out []Event) {
	seen := map[Event]bool{}
	for _, x := range evidence {
		e := x.Event
		if !e.Visit.IsZero() && e.Visit != v {
			continue
		}
		one := Event{At: e.At.Time(), What: string(e.Kind), Node: nameOf(members, x.ID.Actor.Node()), Place: e.Place, How: e.How}
		switch e.Kind {
		case record.Marked, record.Swept:
			one.What, one.Note = one.What+" "+string(e.Mark), string(e.Point)
		case record.Restricted:
			one.Note = e.Reason
		}
		same := one
		if same.How == "carried" {
			same.Node = ""
		}
		if !seen[same] {
			seen[same] = true
			out = append(out, one)
		}
	}
	return out
}

// freshFor is how old the news of a node may be for it to have answered: the
// same as on a muster list.
const freshFor = 10 * time.Second

// answers says of which nodes an extract holds all, by what is known of them.
// A node that was revoked before the visit began has no part in it.
func answers(members []Member, p record.Presence, now time.Time) (out []Answer) {
	for _, m := range members {
		if !m.Revoked.IsZero() && p.Since != 0 && m.Revoked.Before(p.Since.Time()) {
			continue
		}
		a := Answer{Node: m.Name, ID: m.ID, CompleteAsOf: m.CompleteAsOf, LastHeard: m.LastHeard, Revoked: !m.Revoked.IsZero()}
		if m.Self {
			a.CompleteAsOf, a.LastHeard = now, now
		}
		age := now.Sub(a.CompleteAsOf)
		a.Answered = !a.CompleteAsOf.IsZero() && age <= freshFor && age >= -freshFor
		out = append(out, a)
	}
	return out
}
