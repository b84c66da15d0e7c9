package pairing

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
)

// idText is RFC 4648 base32: no letter of it can be taken for a digit.
var idText = base32.StdEncoding.WithPadding(base32.NoPadding)

const (
	// DefaultFor and MaxFor are for how long a pairing lasts. Acts are kept for
	// longer: a revocation outlives what it revokes.
	DefaultFor = 7 * 24 * time.Hour
	MaxFor     = 28 * 24 * time.Hour
	// What is written of pairings on the audit log.
	ActPair   = "phone.pair"
	ActRevoke = "phone.revoke"
)

// Config is what a Service is made of; all but Rand are required.
type Config struct {
	Self record.NodeID
	// Sign signs with this node's key under Domain.
	Sign func([]byte) []byte
	// Verify says whether a member that may sign pairings signed these bytes
	// under Domain: nil, or ErrSigner.
	Verify func(node record.NodeID, signed, sig []byte) error
	// Record writes an act on the replicated log of acts, durable when it
	// returns. note holds the pairing's id, and its label where it begins.
	Record func(ctx context.Context, what, note string) error
	// Acts calls fn for the acts of pairings that are on record here and whose
	// word counts.
	Acts func(fn func(Act)) error
	Now  func() time.Time
	Rand io.Reader
}

// Act is one act on record.
type Act struct {
	What, Note string
	At         time.Time
	Node       record.NodeID
}

// Service signs pairings and knows them again. Safe for concurrent use.
type Service struct{ cfg Config }

// New makes a Service.
func New(cfg Config) *Service { return &Service{cfg} }

// Problem is what a person can do something about.
type Problem struct {
	Key  string
	Hint string
}

func (p *Problem) Error() string { return p.Hint }

// Pair signs a new pairing. It is on record when it returns. label may be
// empty; zero lasts DefaultFor. Errors: *Problem, those of Record.
func (s *Service) Pair(ctx context.Context, label string, lasts time.Duration) (Key, error) {
	label = strings.TrimSpace(label)
	switch {
	case len(label) > MaxLabel:
		return Key{}, &Problem{Key: "phone.label_long", Hint: fmt.Sprintf("the label is longer than %d bytes: write it shorter", MaxLabel)}
	case !utf8.ValidString(label) || strings.ContainsFunc(label, unicode.IsControl):
		return Key{}, &Problem{Key: "text.control", Hint: "the label has control characters in it: write it as plain text on one line"}
	case lasts == 0:
		lasts = DefaultFor
	case lasts < time.Minute || lasts > MaxFor:
		return Key{}, &Problem{Key: "phone.lasts", Hint: "a pairing lasts a minute at least and 28 days at most: choose a time between"}
	}
	k, err := draw(Pairing{Node: s.cfg.Self, Expires: s.cfg.Now().Add(lasts).UTC().Truncate(time.Second), Label: label}, s.cfg.Sign, s.cfg.Rand)
	if err != nil {
		return Key{}, fmt.Errorf("pair: %w", err)
	}
	// On record first: a phone that nobody can list must not be.
	if err := s.cfg.Record(ctx, ActPair, note(k.Pairing)); err != nil {
		return Key{}, fmt.Errorf("pair: %w", err)
	}
	return k, nil
}

// note is what stands of a pairing on the log: id, end and label.
func note(p Pairing) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", p.ID, p.Expires.Format(time.RFC3339), p.Label))
}

// Check says whose phone shows a key. Errors: ErrForm, ErrSigner, ErrOver; the
// last means that the phone must forget what it holds.
func (s *Service) Check(key string) (Pairing, error) {
	k, signed, sig, err := parse(key)
	if err != nil {
		return Pairing{}, err
	}
	if err := s.cfg.Verify(k.Node, signed, sig); err != nil {
		return Pairing{}, err
	}
	if !s.cfg.Now().Before(k.Expires) {
		return k.Pairing, ErrOver
	}
	over, err := s.revoked(k.ID)
	if err != nil {
		return Pairing{}, err
	}
	if over {
		return k.Pairing, ErrOver
	}
	return k.Pairing, nil
}

func (s *Service) revoked(id ID) (over bool, err error) {
	want := id.String()
	err = s.cfg.Acts(func(a Act) {
		first, _, _ := strings.Cut(a.Note, " ")
		over = over || a.What == ActRevoke && first == want
	})
	if err != nil {
		return false, fmt.Errorf("read pairings: %w", err)
	}
	return over, nil
}

// Revoke ends a pairing, on every node as soon as it hears of it. It is on
// record when it returns, also for one that this node has never heard of.
// Idempotent. Errors: *Problem where this node's word does not count.
func (s *Service) Revoke(ctx context.Context, id ID) error {
	over, err := s.revoked(id)
	if err != nil || over {
		return err
	}
	if err := s.cfg.Record(ctx, ActRevoke, id.String()); err != nil {
		return fmt.Errorf("revoke pairing: %w", err)
	}
	if over, err = s.revoked(id); err == nil && !over {
		return &Problem{Key: "phone.not_yours", Hint: "this node may end the pairings that it made, and no others: the phone still counts; end it at a desk"}
	}
	return err
}

// Row is one pairing as this node knows it.
type Row struct {
	Pairing
	Paired  time.Time
	Revoked bool
}

// Over reports whether it counts no more at a time.
func (r Row) Over(now time.Time) bool { return r.Revoked || !now.Before(r.Expires) }

// List are the pairings on record here, the newest first.
func (s *Service) List() ([]Row, error) {
	rows, over := map[ID]Row{}, map[ID]bool{}
	err := s.cfg.Acts(func(a Act) {
		f := strings.SplitN(a.Note, " ", 3)
		id, err := ParseID(f[0])
		if err != nil {
			return
		}
		switch {
		case a.What == ActRevoke:
			over[id] = true
		case a.What == ActPair && len(f) > 1:
			p := Pairing{ID: id, Node: a.Node}
			if p.Expires, err = time.Parse(time.RFC3339, f[1]); err != nil {
				return
			}
			if len(f) > 2 {
				p.Label = f[2]
			}
			rows[id] = Row{Pairing: p, Paired: a.At}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read pairings: %w", err)
	}
	out := make([]Row, 0, len(rows))
	for id, r := range rows {
		r.Revoked = over[id]
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Row) int {
		if c := b.Paired.Compare(a.Paired); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return out, nil
}

// IsOver reports whether err says that a pairing has ended.
func IsOver(err error) bool { return errors.Is(err, ErrOver) }
