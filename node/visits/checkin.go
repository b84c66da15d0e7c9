package visits

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

// Arrival is what a person tells when coming in.
type Arrival struct {
	Name, Company, Host, Assist record.Private
	Email, Phone, Purpose       record.Private
	// Type is the visitor type; "visitor" when empty.
	Type string
	// Lang is the language that the person chose.
	Lang string
	// How says where it was told: "kiosk", "desk", "command".
	How string
}

// Receipt is the house's word that a visit is on record.
type Receipt struct {
	Visit record.VisitID
	Badge record.BadgeCode
	QR    string
	At    time.Time
}

// CheckIn records a visit and returns when arrival, sealed particulars and key
// records are durable. Errors: *Problem for what a person can mend.
func (s *Service) CheckIn(ctx context.Context, a Arrival) (Receipt, error) {
	if err := s.barred(); err != nil {
		return Receipt{}, err
	}
	if err := a.check(); err != nil {
		return Receipt{}, err
	}
	visit, err := s.draw()
	if err != nil {
		return Receipt{}, fmt.Errorf("check in: %w", cause(err))
	}
	sealed, stored, err := s.cfg.Vault.Seal(visit, 1, map[record.Audience][]byte{
		record.CardAudience: codec.EncodeCard(record.Card{Name: a.Name, Company: a.Company, Host: a.Host, Assist: a.Assist}),
		record.DossierAudience: codec.EncodeDossier(record.Dossier{
			Email: a.Email, Phone: a.Phone, Purpose: a.Purpose, Lang: a.Lang,
		}),
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("check in: %w", cause(err))
	}
	event := record.Event{
		Kind: record.Arrived, Visit: visit, Place: s.cfg.Place(), Type: a.Type, How: a.How,
		Ends: record.DayOf(s.cfg.Now()) + Retention,
	}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}, crdt.Draft{Sealed: sealed, Fresh: true}); err != nil {
		return Receipt{}, fmt.Errorf("check in: %w", cause(err))
	}
	stored()
	return Receipt{Visit: visit, Badge: visit.Badge(), QR: visit.QR(), At: s.cfg.Now().UTC()}, nil
}

// check trims and judges what the person wrote.
func (a *Arrival) check() error {
	for _, f := range []struct {
		name  string
		text  *record.Private
		limit int
	}{
		{"name", &a.Name, MaxName},
		{"company", &a.Company, MaxName},
		{"host", &a.Host, MaxName},
		{"assist", &a.Assist, MaxText},
		{"email", &a.Email, MaxName},
		{"phone", &a.Phone, MaxName},
		{"purpose", &a.Purpose, MaxText},
	} {
		t, err := line(f.name, *f.text, f.limit)
		if err != nil {
			return err
		}
		*f.text = t
	}
	if a.Name == "" {
		return &Problem{Key: "name.empty", Field: "name", Hint: "a visit needs a name: write the name of the person who arrives"}
	}
	for name, text := range map[string]*string{"type": &a.Type, "lang": &a.Lang} {
		t, err := line(name, record.Private(*text), MaxLabel)
		if err != nil {
			return err
		}
		*text = t.Reveal()
	}
	if a.Type == "" {
		a.Type = "visitor"
	}
	return nil
}

// draw draws a visit whose badge code no retained event is about, not even a
// departure of a visit nobody has told of.
func (s *Service) draw() (record.VisitID, error) {
	for range 100 {
		var v record.VisitID
		if _, err := io.ReadFull(s.cfg.Rand, v[:]); err != nil {
			return v, fmt.Errorf("draw a visit id: %w", err)
		}
		taken, err := s.cfg.Replica.Evidence(v.Badge())
		if err != nil {
			return v, err
		}
		if len(taken) == 0 && v.Badge() != 0 {
			return v, nil
		}
	}
	return record.VisitID{}, fmt.Errorf("draw a visit id: no free badge code in 100 tries")
}
