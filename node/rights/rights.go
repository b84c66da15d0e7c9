// Package rights is for the person whom stored data is about: what is stored
// and why, who has had it, and the cases that follow when they restrict its use
// or object to it. It erases and corrects nothing (privacy does), opens nothing
// itself, and shows nothing on a screen.
//
// Invariant: what is handed out or restricted is on record, durably, before it
// is; and nothing that is said of a datum's origin is kept beside the events
// from which it follows, where it could become untrue.
package rights

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Problem is what a person can do something about: a key for programs and
// screens, and a sentence for commands. It never holds personal data.
type Problem struct {
	Key  string
	Hint string
}

func (p *Problem) Error() string { return p.Hint }

// Is makes two problems of one key the same one.
func (p *Problem) Is(o error) bool {
	var q *Problem
	return errors.As(o, &q) && q.Key == p.Key
}

// Problems, matched with errors.Is.
var (
	ErrUnknownVisit = &Problem{"subject.unknown_visit", "no such visit is known at this node: check the code against `upprop visit list`; if the visit is of another node, wait until both are connected or ask there"}
	ErrNotDesk      = &Problem{"subject.not_desk", "this node may not do that: do it at a desk"}
	ErrNotYet       = &Problem{"subject.not_yet", "this node is asking the others which visits have been erased, and shows nothing until it knows: try again in a few seconds"}
	ErrNoReason     = &Problem{"case.no_reason", "no reason is given: say why with --reason, in words that name nobody, since they are kept on every node"}
	ErrReasonLong   = &Problem{"case.reason_too_long", "the reason is too long or has characters that break a line: write it on one line of 200 characters at most"}
	ErrReasonNames  = &Problem{"case.reason_names", "the reason holds a word of what is stored about the person, such as their name: it is kept on every node and cannot be erased, so write it without"}
	ErrUnknownCase  = &Problem{"case.unknown", "no such case is known at this node: look at `upprop case list`"}
	ErrDecided      = &Problem{"case.decided", "that case has been decided already: look at `upprop case list`; open a new one if something has changed"}
	ErrObjection    = &Problem{"case.objection", "what is restricted because of an objection stays so until the objection is decided: `upprop case decide`"}
	ErrNotRestrict  = &Problem{"subject.not_restricted", "that visit is not restricted at this node: look at `upprop visit list`"}
	ErrExtended     = &Problem{"case.extended", "that case has been extended already, and Article 12(3) allows it once: decide it"}
	ErrOverdue      = &Problem{"case.overdue", "the month is over, and an extension must be told within it (Article 12(3)): decide the case now"}
	ErrBadKind      = &Problem{"case.kind", "there is no such kind of case: write access, rectification, erasure, restriction, portability or objection"}
)

// Register is what rights asks of the replica. Errors are the replica's.
type Register interface {
	Evidence(record.BadgeCode) ([]record.Stated, error)
	Presence(record.VisitID) (record.Presence, error)
	Visits(func(record.Presence) error) error
	Shredded(record.VisitID) bool
	Receipts(record.VisitID) (map[record.NodeID]record.HLC, error)
	ReadActs(func(crdt.StoredActs) error) error
	Settings(prefix string) []crdt.Setting
	History(key string) []crdt.Edit
	// Commit writes the drafts, all or none, durably.
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
}

// Member is a node of the campus and the news of it.
type Member struct {
	ID   record.NodeID
	Name string
	Role string
	Self bool
	// Desk: it opens all particulars.
	Desk bool
	// Joined is when its certificate was issued; Revoked is zero in good
	// standing.
	Joined, Revoked time.Time
	// CompleteAsOf: all that it acknowledged before is folded here. Zero: never.
	CompleteAsOf, LastHeard time.Time
}

// Config is what a Service is made of; By, Now and Logger have defaults.
type Config struct {
	Register Register
	// Open opens all that is stored about a visit, for the person themself.
	// Errors: crdt.ErrErased, crdt.ErrExpired, ErrNotDesk, ErrNotYet; others
	// mean that it cannot be opened here now.
	Open func(record.VisitID) (record.Card, record.Dossier, error)
	// Host is whom the person of a visit came to see, more cheaply than by Open;
	// nil: by Open.
	Host    func(record.VisitID) (record.Private, error)
	Members func() []Member
	// Erase has what is sealed about visits destroyed everywhere; durable here when
	// it returns. At most 4096 at once.
	Erase func(ctx context.Context, visits ...record.VisitID) (record.ErasureID, error)
	// Channels are what this node sends messages through, by host; nil: nothing.
	Channels func() []string
	// Watch is for how long entries of the watch list stand; nil, and nil where
	// there are none: documents do not speak of one.
	Watch func() *Watched
	// Until is the date on which the name of a visit dies, by what stands of it;
	// false, or nil: as it was taken in.
	Until func(record.VisitID) (record.Day, bool)
	// PastDay is what is kept of a visit past its day, or of all for the zero one;
	// nil: nothing. Held tells, as things stand when it is called, which visits a
	// legal hold keeps; nil: none. KeptMeaning is what other days of signed documents
	// would mean for what is kept: how many records end at once, and how many earlier.
	PastDay     func(context.Context, record.VisitID) ([]PastDay, error)
	Held        func() func(record.VisitID) (Holding, bool)
	KeptMeaning func(days func(document string) record.Day) (destroyed, shortened int, err error)
	// Photo is the photograph of a visit, for the person themself; false where none is
	// kept; nil: none is. AsksPhotos reports whether any type of visitor asks for one:
	// else documents do not speak of them.
	Photo      func(record.VisitID) (record.Photo, bool, error)
	AsksPhotos func() bool
	// PhotoMeaning is what other days of photographs would mean for those that are
	// kept: how many end at once, and how many earlier; nil: nothing.
	PhotoMeaning func(days func(visitorType string) record.Day) (destroyed, shortened int, err error)
	// DeliveriesMeaning is what another number of days would mean for deliveries that
	// have ended; nil: nothing.
	DeliveriesMeaning func(days record.Day) (destroyed, shortened int)
	// TermsChanged is called when the terms have been changed here; nil: nobody
	// is told.
	TermsChanged func()
	// Campus is what the campus is called.
	Campus func() string
	// By is by whom acts are done that come through this node.
	By     string
	Now    func() time.Time
	Logger *slog.Logger
}

// Service keeps the rules of a person's rights. Safe for concurrent use.
type Service struct {
	cfg Config
	// deciding lets one case be written at a time, so that what is asked twice
	// gives the same case.
	deciding *sync.Mutex
	bulks    *bulks
}

// As is the same service for what somebody does who is named on record so; it
// is an operator's id, never a name.
func (s *Service) As(by string) *Service {
	one := *s
	one.cfg.By = by
	return &one
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Host == nil {
		cfg.Host = func(v record.VisitID) (record.Private, error) {
			c, _, err := cfg.Open(v)
			return c.Host, err
		}
	}
	if cfg.By == "" {
		cfg.By = "operator at this node"
	}
	return &Service{cfg: cfg, deciding: &sync.Mutex{}, bulks: &bulks{all: map[record.ErasureID]*Bulk{}}}
}

// desk says why this node may not act for a person, and where to go instead.
func (s *Service) desk() (Member, error) {
	var self Member
	elsewhere := ""
	for _, m := range s.cfg.Members() {
		switch {
		case m.Self:
			self = m
		case m.Desk && m.Revoked.IsZero() && elsewhere == "":
			elsewhere = m.Name
		}
	}
	if self.Desk && self.Revoked.IsZero() {
		return self, nil
	}
	where := "there is none in this campus yet: `upprop token create --role desk`"
	if elsewhere != "" {
		where = "for instance at " + elsewhere
	}
	return self, &Problem{ErrNotDesk.Key, fmt.Sprintf("this node opens nothing that is stored about visitors, so it cannot act for one: do it at a desk, %s", where)}
}

// visit is the presence of a visit.
func (s *Service) visit(v record.VisitID) (record.Presence, error) {
	p, err := s.cfg.Register.Presence(v)
	if errors.Is(err, crdt.ErrUnknownVisit) {
		return p, ErrUnknownVisit
	}
	return p, err
}

// act is a draft of an act on record.
func (s *Service) act(what, note string, visits ...record.VisitID) crdt.Draft {
	return crdt.Draft{Acts: []record.Act{{Kind: record.ActAudit, What: what, By: s.cfg.By, Note: note, Visits: visits}}}
}

// set writes a setting with the act that tells of it, durably, both or neither.
func (s *Service) set(ctx context.Context, act crdt.Draft, set crdt.Setting) error {
	return sheet.Commit(ctx, s.cfg.Register.Commit, act, crdt.Draft{Setting: &set})
}

// nameOf is what a node is called.
func nameOf(members []Member, id record.NodeID) string {
	for _, m := range members {
		if m.ID == id {
			return m.Name
		}
	}
	return id.String()[:6]
}
