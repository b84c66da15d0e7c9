package rights

import (
	"context"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

// Terms are the figures by which data is kept, as they are known here.
func (s *Service) Terms() terms.Terms { return terms.Of(s.cfg.Register.Settings(terms.Prefix)) }

// TermsPreview is what a change of the terms means for what is stored.
type TermsPreview struct {
	Before, After terms.Days
	// Destroyed are how many visits are over for longer than that, whose
	// particulars are destroyed on every node; Shortened how many others are
	// sealed anew for a shorter time. Those who may be inside are among neither, nor
	// those that are restricted or have a case that is open.
	Destroyed, Shortened int
	// Held are those that would be over and are held, until what day at the latest.
	Held      int
	HeldUntil record.Day
	// DocumentBefore and DocumentAfter are the days of a signed document; Destroyed
	// and Shortened are then of what is kept of them.
	DocumentBefore, DocumentAfter record.Day
	// DeliveryBefore and DeliveryAfter are the days of a delivery; Destroyed and
	// Shortened are then of deliveries.
	DeliveryBefore, DeliveryAfter record.Day
}

// Of are the days of a class before and after.
func (p TermsPreview) Of(c terms.Class) (before, after int) {
	switch c {
	case terms.Photos:
		return int(p.Before.Photo), int(p.After.Photo)
	case terms.Contact:
		return int(p.Before.Contact), int(p.After.Contact)
	case terms.Documents:
		return int(p.DocumentBefore), int(p.DocumentAfter)
	case terms.Deliveries:
		return int(p.DeliveryBefore), int(p.DeliveryAfter)
	}
	return int(p.Before.Card), int(p.After.Card)
}

// SetTerms keeps a class of data for another number of days, for one visitor
// type (of signed documents: one document) or, where that is empty, for all that have none of their own; 0 days
// takes the figure of a type away. It is durable, and on record, when it
// returns; a dry run changes nothing. What is shortened holds for what is stored
// too, at every desk within the hour; what is lengthened for new visits alone.
// Errors: *Problem.
func (s *Service) SetTerms(ctx context.Context, c terms.Class, visitorType string, days int, dry bool) (TermsPreview, error) {
	if _, err := s.desk(); err != nil {
		return TermsPreview{}, err
	}
	set, err := terms.Setting(c, visitorType, days)
	if err != nil {
		return TermsPreview{}, err
	}
	old := s.cfg.Register.Settings(terms.Prefix)
	before := terms.Of(old)
	after := terms.Of(append(slices.DeleteFunc(slices.Clone(old), func(x crdt.Setting) bool { return x.Key == set.Key }), set))
	out := TermsPreview{
		Before: before.For(visitorType), After: after.For(visitorType),
		DocumentBefore: before.Document(visitorType), DocumentAfter: after.Document(visitorType),
		DeliveryBefore: before.Delivery(), DeliveryAfter: after.Delivery(),
	}
	switch {
	case c == terms.Documents:
		err = s.documentTerms(&out, after)
	case c == terms.Photos && s.cfg.PhotoMeaning != nil:
		out.Destroyed, out.Shortened, err = s.cfg.PhotoMeaning(func(kind string) record.Day { return after.For(kind).Photo })
	case c == terms.Photos:
	case c == terms.Deliveries && s.cfg.DeliveriesMeaning != nil:
		out.Destroyed, out.Shortened = s.cfg.DeliveriesMeaning(after.Delivery())
	case c == terms.Deliveries:
	default:
		err = s.visitTerms(&out, before, after)
	}
	if err != nil {
		return TermsPreview{}, fmt.Errorf("set retention: %w", err)
	}
	if dry {
		return out, nil
	}
	if err := s.set(ctx, s.act("retention.set", terms.Note(c, visitorType, days)), set); err != nil {
		return TermsPreview{}, fmt.Errorf("set retention: %w", err)
	}
	if s.cfg.TermsChanged != nil {
		s.cfg.TermsChanged()
	}
	return out, nil
}

// documentTerms are what other times of signed documents mean.
func (s *Service) documentTerms(out *TermsPreview, after terms.Terms) (err error) {
	if s.cfg.KeptMeaning != nil {
		out.Destroyed, out.Shortened, err = s.cfg.KeptMeaning(after.Document)
	}
	return err
}

// visitTerms are what other times of visits mean.
func (s *Service) visitTerms(out *TermsPreview, before, after terms.Terms) error {
	today, kept, held := record.DayOf(s.cfg.Now()), s.Kept(), func(record.VisitID) (Holding, bool) { return Holding{}, false }
	if s.cfg.Held != nil {
		held = s.cfg.Held()
	}
	return s.cfg.Register.Visits(func(p record.Presence) error {
		was, is := before.For(p.Type), after.For(p.Type)
		if p.Visit.IsZero() || p.Open() || is.Card >= was.Card && is.Contact >= was.Contact || s.cfg.Register.Shredded(p.Visit) {
			return nil
		}
		if h, ok := held(p.Visit); ok {
			out.Held++
			out.HeldUntil = max(out.HeldUntil, h.Until)
		}
		if kept(p) {
			return nil
		}
		last := record.DayOf(max(p.Since, p.Seen.At, p.Left.At).Time())
		switch {
		case last+was.Card <= today: // it has died already
		case last+is.Card <= today:
			out.Destroyed++
		default:
			out.Shortened++
		}
		return nil
	})
}

// kept are the terms as documents show them.
type kept struct {
	Card, Contact int
	// Photo is for how many days photographs are kept; zero: no type asks for one.
	Photo int
	// Types are those that have figures of their own.
	Types        []keptType
	Events, Acts int
	// Document is for how many days what is signed is kept, Documents are those
	// that have figures of their own.
	Document  int
	Documents []keptDocument
	// Delivery is for how many days a delivery is kept after its end.
	Delivery int
}

type keptDocument struct {
	Document string
	Days     int
}

type keptType struct {
	Type          string
	Card, Contact int
	Photo         int
}

func (s *Service) kept() kept {
	t := s.Terms()
	d := t.For("")
	out := kept{Card: int(d.Card), Contact: int(d.Contact), Events: terms.Most, Acts: terms.Most, Document: int(t.Document("")), Delivery: int(t.Delivery())}
	if s.asksPhotos() {
		out.Photo = int(d.Photo)
	}
	for _, id := range t.Documents() {
		out.Documents = append(out.Documents, keptDocument{id, int(t.Document(id))})
	}
	for _, name := range t.Types() {
		d := t.For(name)
		out.Types = append(out.Types, keptType{name, int(d.Card), int(d.Contact), int(d.Photo)})
	}
	return out
}
