// Package operators keeps who may work at the campus's desks: accounts, their
// roles, and signing in. Accounts are settings of the campus, so they are on
// every node and work on one that is cut off; what is personal or secret in
// them is sealed for desks. It shows nothing to anyone and holds no session.
//
// Invariant: an account that is disabled, or whose password was replaced, is
// refused by every node that has heard of it, at the next question.
package operators

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/operators/idp"
)

// ID names an operator for good: ten random characters. It is what is on
// record; it is no personal data to whoever cannot open the alias.
type ID string

// Operator is one account as this node knows it.
type Operator struct {
	ID ID
	// Alias is what the operator signs in with and is shown as; empty where this
	// node may not open it, or nobody can any more.
	Alias    record.Private
	Role     Role
	Disabled bool
	// Password says which password stands; empty: none was ever set here.
	Password string
	// Once: the password was given out and is to be replaced at the next
	// sign-in. False where this node may not open it.
	Once bool
	// Factor says which second factor stands; empty: none does.
	Factor string
	// Lost: this node opens such things, and not this one: it was last sealed too
	// long ago. The password has to be set anew.
	Lost bool
}

// May reports whether the operator may do an act now.
func (o Operator) May(a Act) bool { return !o.Disabled && o.Role.May(a) }

// Settings are the settings of the campus.
type Settings interface {
	Setting(key string) (crdt.Setting, bool)
	Settings(prefix string) []crdt.Setting
	// Set writes settings, durably and in order.
	Set(ctx context.Context, all ...crdt.Setting) error
}

// Vault seals for desks. Label says what a box is for: it opens under no other.
type Vault interface {
	// SealForDesks seals until a day, or until the latest before it that there
	// is a key of. It works on every node.
	SealForDesks(label [16]byte, until record.Day, plain []byte) (box []byte, err error)
	// OpenForDesks opens a box, for desks; the caller clears what it gets.
	OpenForDesks(label [16]byte, box []byte) ([]byte, error)
	// BoxDies is the day on which a box can be opened no more.
	BoxDies(box []byte) (record.Day, bool)
}

// Config is what a Service is made of; Settings, Vault and Today are required.
type Config struct {
	Settings Settings
	Vault    Vault
	// MayEdit says why this node's settings would not count, or nil. Nil: never.
	MayEdit func() error
	// Desk reports whether this node opens what is sealed for desks.
	Desk func() bool
	// Today is the date by all that this node has to go by.
	Today func() record.Day
	// Act puts on record what by did; it must not block. What it refuses is not
	// done. Nil: nothing is.
	Act func(by, what, note string) error
	// Sync returns when what Act took is durable. Nil: it is at once.
	Sync func(ctx context.Context) error
	// Spent gives the notes of acts of the last day that IsUse, of whichever node;
	// those that it gave before it may leave out. Nil: there are none.
	Spent func(fn func(note string)) error
	// ClockOff is how far the clocks of others are from this node's, as far as
	// they are heard. Nil: not at all.
	ClockOff func() time.Duration
	// Cost is how hard a password is to guess; zero: DefaultCost.
	Cost Cost
	// Domain is the domain under whose names desks are reached, Campus what the
	// campus is called: devices show it beside a passkey. Nil: neither is known.
	Domain func() string
	Campus func() string
	Rand   io.Reader
	Now    func() time.Time
	Logger *slog.Logger
}

// Service keeps the accounts. Safe for concurrent use.
type Service struct {
	cfg     Config
	editing sync.Mutex
	limits  *limits
	used    used
	asked   questions
	asker   *idp.Asker
	waiting waiting
	// hashing bounds the memory that guessers can make this node use.
	hashing chan struct{}
	decoy   func() string
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.MayEdit == nil {
		cfg.MayEdit = func() error { return nil }
	}
	if cfg.Desk == nil {
		cfg.Desk = func() bool { return true }
	}
	if cfg.Act == nil {
		cfg.Act = func(string, string, string) error { return nil }
	}
	if cfg.Sync == nil {
		cfg.Sync = func(context.Context) error { return nil }
	}
	if cfg.Spent == nil {
		cfg.Spent = func(func(string)) error { return nil }
	}
	if cfg.ClockOff == nil {
		cfg.ClockOff = func() time.Duration { return 0 }
	}
	if cfg.Domain == nil {
		cfg.Domain = func() string { return "" }
	}
	if cfg.Campus == nil {
		cfg.Campus = func() string { return "" }
	}
	if cfg.Cost == (Cost{}) {
		cfg.Cost = DefaultCost
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, limits: newLimits(cfg.Now), hashing: make(chan struct{}, 2), used: used{steps: map[use]bool{}}}
	s.asker, s.waiting = idp.New(cfg.Now, nil), waiting{held: map[string]gone{}}
	s.asked = questions{now: cfg.Now, held: map[string]asked{}}
	s.decoy = sync.OnceValue(func() string { return cfg.Cost.hash([]byte("nobody's password"), s.random(16)) })
	return s
}

// Here reports whether operators can sign in on this node.
func (s *Service) Here() bool { return s.cfg.Desk() }

// Any reports whether the campus has any operator, also a disabled one.
func (s *Service) Any() bool { return len(s.ids()) > 0 }

// List are all operators, in order of id.
func (s *Service) List() []Operator {
	ids := s.ids()
	out := make([]Operator, 0, len(ids))
	for _, id := range ids {
		if o, ok := s.Get(id); ok {
			out = append(out, o)
		}
	}
	return out
}

// Find is the operator of an id or an alias. Errors: *Problem, also where
// several have the alias.
func (s *Service) Find(name string) (Operator, error) {
	if o, ok := s.Get(ID(strings.ToLower(name))); ok {
		return o, nil
	}
	found := s.named(name)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Operator{}, ErrAmbiguous
	case !s.cfg.Desk():
		return Operator{}, ErrUnknownHere
	}
	return Operator{}, ErrUnknown
}

// named are the operators with an alias; two when two desks that did not hear
// each other have given it.
func (s *Service) named(alias string) (out []Operator) {
	want := fold(alias)
	if want == "" {
		return nil
	}
	for _, o := range s.List() {
		if fold(o.Alias.Reveal()) == want {
			out = append(out, o)
		}
	}
	return out
}

// Standing is the operator of a session that began with a password; false when
// it must end.
func (s *Service) Standing(id ID, password string) (Operator, bool) {
	o, ok := s.Get(id)
	return o, ok && !o.Disabled && o.Password == password
}

// admins counts those who may look after operators, besides one.
func (s *Service) admins(but ID) (n int) {
	for _, o := range s.List() {
		if o.ID != but && o.May(Nodes) && !o.Lost {
			n++
		}
	}
	return n
}
