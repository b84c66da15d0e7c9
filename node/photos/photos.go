// Package photos keeps photographs of visitors, each sealed for desks alone under a
// key of its own, so that it can be destroyed on every node without anything else
// of its visit. It takes no picture, asks nobody whether they agree, and shows
// nothing: who keeps one here has been told so.
//
// Invariant: what it keeps is a small picture and nothing beside it, and dies on a
// date no later than its visit's name.
package photos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Problem is what a person can do something about. It holds no personal data.
type Problem = sheet.Problem

// Problems, matched with errors.Is.
var (
	ErrNone     = &Problem{Key: "photo.no_photo", Hint: "no photo of that visit is kept: none was taken, it was removed, or its date has come"}
	ErrRemoved  = &Problem{Key: "photo.removed", Field: "photo", Hint: "a photo of that visit was removed, which is for good: no other is kept of it"}
	ErrNotAsked = &Problem{Key: "photo.not_asked", Field: "photo", Hint: "visitors of that type are not asked for a photo, so none is kept: `upprop type set TYPE --ask photo=may` lets them be"}
	ErrNotDesk  = &Problem{Key: "photo.not_desk", Hint: "this node opens no photos: do it at a desk"}
	ErrErased   = &Problem{Key: "photo.erased", Field: "photo", Hint: "what is stored of that visit has been erased, so no photo of it is kept"}
)

// Replica is what is asked of the register.
type Replica interface {
	KeyRecords(fn func(crdt.KeyRecord) error) error
	Sealed(record.PartKey) (crdt.SealedPart, error)
	// Standing names what stands of a part, cheaply; an error means that nothing
	// does.
	Standing(record.PartKey) (string, error)
	Shredded(record.VisitID) bool
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
}

// Vault seals and opens.
type Vault interface {
	Seal(id record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (entries []record.SealedEntry, stored func(), err error)
	Open(k record.PartKey, p crdt.SealedPart) ([]byte, error)
}

// Config is what a Service is made of; Now and Logger have defaults.
type Config struct {
	Replica Replica
	Vault   Vault
	// Keep is for how many days a photograph of a type of visitor is kept.
	Keep func(visitorType string) record.Day
	// From is the day from which that counts for what is taken now.
	From func() record.Day
	// Name is the date on which the name of a visit dies; false where that is not
	// known.
	Name func(record.VisitID) (record.Day, bool)
	// Today is the date, and whether it may be gone by.
	Today func() (record.Day, bool)
	// Desk reports whether this node opens photographs, and its word counts.
	Desk func() bool
	// May says why the photograph of a visit may not be shown here now, or nil.
	May func(record.VisitID) error
	// Kept tells, as things stand when it is called, which visits are kept for the
	// person, so that terms end nothing of them. Nil: none.
	Kept func() func(record.VisitID) bool
	// Withheld says why nothing may be opened at this moment, or nil.
	Withheld func() error
	// Erase has photographs destroyed on every node, by their ids, durably.
	Erase  func(ctx context.Context, ids ...record.VisitID) error
	Now    func() time.Time
	Logger *slog.Logger
}

// Service keeps photographs. Safe for concurrent use.
type Service struct {
	cfg  Config
	wake chan struct{}
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Kept == nil {
		cfg.Kept = func() func(record.VisitID) bool { return func(record.VisitID) bool { return false } }
	}
	return &Service{cfg: cfg, wake: make(chan struct{}, 1)}
}

func keyOf(visit record.VisitID) record.PartKey {
	return record.PartKey{Visit: record.PhotoID(visit), Audience: record.DossierAudience}
}

// Keep seals a photograph that Prepare has made and its bearer has agreed to, in
// the place of one that stands, whose key is then destroyed. It is durable when
// Keep returns, and reaches others after all else. Errors: ErrRemoved, ErrErased,
// those of Config.Vault.
func (s *Service) Keep(ctx context.Context, p record.Photo) error {
	if s.cfg.Replica.Shredded(p.Visit) {
		return ErrErased
	}
	if s.cfg.Replica.Shredded(record.PhotoID(p.Visit)) {
		return ErrRemoved
	}
	if p.Taken.IsZero() {
		p.Taken = s.cfg.Now().UTC().Truncate(time.Millisecond)
	}
	until := s.cfg.From() + s.cfg.Keep(p.Type)
	if name, ok := s.cfg.Name(p.Visit); ok {
		until = min(until, name)
	}
	var version uint32
	if part, err := s.cfg.Replica.Sealed(keyOf(p.Visit)); err == nil {
		version = part.Version
	}
	return s.seal(ctx, p, record.NextVersion(version), until)
}

// seal seals a photograph. What others need to open other things too does not wait
// for it.
func (s *Service) seal(ctx context.Context, p record.Photo, version uint32, until record.Day) error {
	k := keyOf(p.Visit)
	plain := codec.EncodePhoto(p)
	entries, stored, err := s.cfg.Vault.Seal(k.Visit, version, until, map[record.Audience][]byte{k.Audience: plain})
	clear(plain)
	if err != nil {
		return fmt.Errorf("seal a photo: %w", err)
	}
	var first, late []record.SealedEntry
	for _, e := range entries {
		if e.Kind == record.ContextPut {
			first = append(first, e)
		} else {
			late = append(late, e)
		}
	}
	drafts := []crdt.Draft{{Sealed: late, Late: true}}
	if len(first) > 0 {
		drafts = append([]crdt.Draft{{Sealed: first}}, drafts...)
	}
	if _, err := s.cfg.Replica.Commit(ctx, drafts...); err != nil {
		return fmt.Errorf("keep a photo: %w", err)
	}
	stored()
	return nil
}

// State is what there is of a visit's photograph.
type State string

// The states. What died on its date is None.
const (
	None    State = "none"
	There   State = "there"
	Removed State = "removed"
)

// State is cheap: it opens nothing.
func (s *Service) State(visit record.VisitID) State {
	if s.cfg.Replica.Shredded(record.PhotoID(visit)) {
		return Removed
	}
	if _, err := s.cfg.Replica.Standing(keyOf(visit)); err != nil {
		return None
	}
	return There
}

// Open opens the photograph of a visit, to be shown at a desk. Errors: ErrNone,
// those of Config.May.
func (s *Service) Open(visit record.VisitID) (record.Photo, error) {
	if err := s.cfg.May(visit); err != nil {
		return record.Photo{}, err
	}
	return s.open(visit)
}

// ForSubject opens the photograph of a visit to be handed to the person themself,
// restricted or not. Errors: ErrNone, ErrNotDesk, those of Config.Withheld.
func (s *Service) ForSubject(visit record.VisitID) (record.Photo, error) {
	if !s.cfg.Desk() {
		return record.Photo{}, ErrNotDesk
	}
	if err := s.cfg.Withheld(); err != nil {
		return record.Photo{}, err
	}
	return s.open(visit)
}

func (s *Service) open(visit record.VisitID) (record.Photo, error) {
	k := keyOf(visit)
	part, err := s.cfg.Replica.Sealed(k)
	switch {
	case errors.Is(err, crdt.ErrUnknownVisit), errors.Is(err, crdt.ErrErased), errors.Is(err, crdt.ErrExpired):
		return record.Photo{}, ErrNone
	case err != nil:
		return record.Photo{}, fmt.Errorf("open a photo: %w", err)
	}
	p, err := s.opened(k, part)
	if err == nil && p.Visit != visit {
		err = codec.ErrFormat // somebody has put it in another's place
	}
	if err != nil {
		return record.Photo{}, fmt.Errorf("open a photo: %w", err)
	}
	return p, nil
}

func (s *Service) opened(k record.PartKey, part crdt.SealedPart) (record.Photo, error) {
	plain, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return record.Photo{}, err
	}
	defer clear(plain)
	p, err := codec.DecodePhoto(plain)
	if err == nil && record.PhotoID(p.Visit) != k.Visit {
		err = codec.ErrFormat
	}
	return p, err
}

// Remove has the photograph of a visit destroyed on every node, for good. Who has
// confirmed is told as of other erasures. It is durable here when Remove returns.
// Errors: ErrNotDesk, ErrNone, those of Config.Erase.
func (s *Service) Remove(ctx context.Context, visit record.VisitID) error {
	switch {
	case !s.cfg.Desk():
		return ErrNotDesk
	case s.State(visit) != There:
		return ErrNone
	}
	return s.cfg.Erase(ctx, record.PhotoID(visit))
}
