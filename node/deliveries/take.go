package deliveries

import (
	"context"
	"fmt"
	"net/mail"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Request says what has come.
type Request struct {
	// For is required; Mail is where they are told, where the host list does not
	// know.
	For, Mail        record.Private
	From, Kept, Note record.Private
	// Items is how many there are; 0 stands for one.
	Items int
	Cold  bool
}

// Taken is a delivery that was just taken in.
type Taken struct {
	ID record.VisitID
	// Mailed: a mail to whom it is for waits to be sent.
	Mailed bool
}

// Limits of what is written, in characters.
const (
	maxName = 200
	maxText = 500
)

func (r *Request) check() error {
	for _, f := range []struct {
		name  string
		text  *record.Private
		limit int
	}{{"for", &r.For, maxName}, {"mail", &r.Mail, maxName}, {"from", &r.From, maxName}, {"kept", &r.Kept, maxName}, {"note", &r.Note, maxText}} {
		t, err := sheet.Line(f.name, f.text.Reveal(), f.limit)
		if err != nil {
			return err
		}
		*f.text = record.Private(t)
	}
	if r.Items == 0 {
		r.Items = 1
	}
	a, err := mail.ParseAddress(r.Mail.Reveal())
	switch {
	case r.For == "":
		return problem("deliveries.for", "for", "a delivery needs a name: write whom it is for")
	case r.Mail != "" && (err != nil || a.Address != r.Mail.Reveal()):
		return problem("deliveries.email", "mail", "that is no e-mail address: write it like anna@example.org")
	case r.Items < 1 || r.Items > MaxItems:
		p := problem("deliveries.limits", "items", fmt.Sprintf("a delivery has from 1 to %d items: write such a number", MaxItems))
		p.Limit = MaxItems
		return p
	}
	return nil
}

// Take takes a delivery in, durably, and takes down the mail to whom it is for.
// Errors: *Problem, the Barred one.
func (s *Service) Take(ctx context.Context, by string, r Request) (Taken, error) {
	if err := s.may(); err != nil {
		return Taken{}, err
	}
	if err := r.check(); err != nil {
		return Taken{}, err
	}
	id, err := s.cfg.Draw()
	if err != nil {
		return Taken{}, fmt.Errorf("take a delivery in: %w", err)
	}
	if r.Mail == "" {
		r.Mail = s.cfg.HostMail(ctx, r.For)
	}
	p := record.Parcel{For: r.For, Mail: r.Mail, From: r.From, Kept: r.Kept, Note: r.Note, Items: r.Items, Cold: r.Cold}
	sealed, stored, err := s.seal(id, 1, s.cfg.Today()+Keep, codec.EncodeParcel(p))
	if err != nil {
		return Taken{}, err
	}
	if err := s.cfg.Act(by, "delivery.take", []record.VisitID{id}); err != nil {
		return Taken{}, err
	}
	event := record.Event{Kind: record.Delivered, Visit: id, Place: s.cfg.Place(), How: "desk", By: by}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}, crdt.Draft{Sealed: sealed, Fresh: true}); err != nil {
		return Taken{}, fmt.Errorf("take a delivery in: %w", err)
	}
	stored()
	d, _ := s.cfg.Replica.Delivery(id)
	return Taken{ID: id, Mailed: s.tell(d, p)}, nil
}

func (s *Service) seal(id record.VisitID, version uint32, until record.Day, plain []byte) ([]record.SealedEntry, func(), error) {
	return s.cfg.Vault.Seal(id, version, until, map[record.Audience][]byte{record.DossierAudience: plain})
}
