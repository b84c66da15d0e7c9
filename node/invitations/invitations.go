// Package invitations keeps who is expected: it makes invitations at a desk,
// calls them off, and opens them at a door, by their QR code or by name and
// code, also at a door that is cut off. It lets nobody in: who comes by an
// invitation is checked in by visits, under a visit of their own.
//
// Invariant: what is told of an invitation in clear is when, where and of which
// type; who is expected is sealed for desks and for who holds the paper, as a
// visit's particulars are, and erased like them.
package invitations

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Problem is what a person can do something about. It never holds personal data
// of who is expected.
type Problem struct {
	*sheet.Problem
	// At and Where say when and where an invitation was used.
	At    time.Time
	Where string
}

func (p *Problem) Unwrap() error { return p.Problem }

func problem(key, field, hint string) *Problem {
	return &Problem{Problem: &sheet.Problem{Key: key, Field: field, Hint: hint}}
}

// Replica is what invitations asks of the register.
type Replica interface {
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
	Invitations() []record.Invitation
	Invitation(record.VisitID) (record.Invitation, bool)
	Presence(record.VisitID) (record.Presence, error)
	Sealed(record.PartKey) (crdt.SealedPart, error)
	Shredded(record.VisitID) bool
}

// Vault seals and opens.
type Vault interface {
	Seal(visit record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (entries []record.SealedEntry, stored func(), err error)
	Open(k record.PartKey, p crdt.SealedPart) ([]byte, error)
	SealBearer(visit record.VisitID, version uint32, until record.Day, plain []byte) (entries []record.SealedEntry, secret [16]byte, err error)
	// SealBearerAnew seals under the secret of a paper that is out already.
	SealBearerAnew(visit record.VisitID, version uint32, until record.Day, plain []byte, secret [16]byte) ([]record.SealedEntry, error)
	OpenBearer(visit record.VisitID, p crdt.SealedPart, secret [16]byte) ([]byte, error)
	// SealBefore and OpenBefore are the same for what its bearer filled in before.
	SealBefore(visit record.VisitID, version uint32, until record.Day, plain []byte, secret [16]byte) ([]record.SealedEntry, error)
	OpenBefore(visit record.VisitID, p crdt.SealedPart, secret [16]byte) ([]byte, error)
}

const (
	// MaxAhead is how many days ahead somebody can be invited.
	MaxAhead = 185
	// Keep is for how many days what is sealed is sealed at once: what is needed
	// for longer, desks seal anew in time, as they write the invitation anew.
	Keep = 30
	// After is for how many days after its last one what is sealed is kept.
	After = 2
	// MaxAtOnce bounds the invitations of one file.
	MaxAtOnce = 500
)

// Config is what a Service is made of; the first five are required.
type Config struct {
	Replica Replica
	Vault   Vault
	// Draw draws an id, SignQR makes the payload of a QR in this node's name.
	Draw   func() (record.VisitID, error)
	SignQR func(record.QR) (string, error)
	// Judge reads an invitation's QR and says why its bearer is not expected
	// today by it. Errors: those of visits.
	Judge func(text string) (record.QR, error)
	// Desk reports whether this node opens what is sealed for desks, and may
	// invite.
	Desk func() bool
	// Barred says why nothing that this node records would count, or nil.
	Barred func() error
	// Needs says what visitors of a type need to be welcome. Nil: nothing.
	Needs func(kind string) record.Needs
	// Look is how mails look; nil: they are plain.
	Look func() Look
	// House is what visitors of a type should know, as lines of text in a language
	// and rows of a word and what it is. Nil: nothing.
	House func(kind, lang string) (text string, rows [][2]string)
	// Type says whether visitors of a type can be invited. Nil: they can.
	Type func(string) bool
	// Place is where this node stands.
	Place func() record.Place
	// Withheld says why no name may be shown at this moment, or nil.
	Withheld func() error
	// Mine reports whether this node has drawn an id: it is the first to write
	// anew what must be known for long. Nil: it has none.
	Mine func(record.VisitID) bool
	// Today is the day from which retention counts, Date that by which
	// invitations end.
	Today, Date func() record.Day
	// Act puts on record what by did to which invitation; what it refuses is not
	// done.
	Act func(by, what string, ids []record.VisitID) error
	// SignLink makes the token of an invitation's link in this node's name, Link
	// reads one and judges its signature; Web is where screens are reached from
	// outside, empty where they are not. Nil: mails have no link.
	SignLink func(record.Link) (string, error)
	Link     func(token string) (record.Link, error)
	Web      func() string
	// SignApproval and Approval are the same for the link by which a host approves.
	// Nil: hosts are not asked.
	SignApproval func(record.Link) (string, error)
	Approval     func(token string) (record.Link, error)
	// HostMail is where a host is told whose name was written. Nil: that is not
	// known.
	HostMail func(ctx context.Context, name record.Private) record.Private
	// Changed is closed when something new is known. Nil: it is looked once an
	// hour.
	Changed func() <-chan struct{}
	// Tell takes down a mail about an invitation; it returns when that is
	// durable. Nil: there is no mail.
	Tell func(Letter) error
	// Campus is what the campus is called, in mails.
	Campus func() string
	Zone   *time.Location
	Rand   io.Reader
	Now    func() time.Time
	Logger *slog.Logger
}

// Service keeps invitations. Safe for concurrent use.
type Service struct {
	cfg Config
	// trying lets one code be tried at a time: a try is made to cost.
	trying sync.Mutex
	fills  *pace
	ends   *pace
	words  *pace
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.Barred == nil {
		cfg.Barred = func() error { return nil }
	}
	if cfg.Type == nil {
		cfg.Type = func(string) bool { return true }
	}
	if cfg.Needs == nil {
		cfg.Needs = func(string) record.Needs { return "" }
	}
	if cfg.Withheld == nil {
		cfg.Withheld = func() error { return nil }
	}
	if cfg.Act == nil {
		cfg.Act = func(string, string, []record.VisitID) error { return nil }
	}
	if cfg.Mine == nil {
		cfg.Mine = func(record.VisitID) bool { return false }
	}
	if cfg.Campus == nil {
		cfg.Campus = func() string { return "" }
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg, fills: newPace(maxFills, fillsFor), ends: newPace(maxEnds, endsFor), words: newPace(maxWords, wordsFor)}
}

// State says how an invitation stands.
type State string

// The states. Expected comes before its day too.
const (
	Expected  State = "expected"
	Here      State = "here"
	Been      State = "been"
	Over      State = "over"
	CalledOff State = "called_off"
	// Waiting for approval, and Refused: it admits nobody.
	Waiting State = "waiting"
	Refused State = "refused"
)

// Invited is an invitation as this node knows it.
type Invited struct {
	record.Invitation
	State State
	// Next is the occasion that runs today or else comes next, the last one where
	// none is left.
	Next record.Span
	// Twice: more than one visit that began by it is open, of one occasion.
	// Stray: it was used on a day for which it was not.
	Twice, Stray bool
	// Invite is nil where this node may not open it, or it is gone.
	Invite *record.Invite
	// Before is what its bearer filled in before they came; nil for nothing, and in
	// List.
	Before *record.Before
}

// List are the retained invitations, in order of when they begin.
func (s *Service) List() (out []Invited) {
	for _, i := range s.cfg.Replica.Invitations() {
		out = append(out, s.invited(i))
	}
	return out
}

// Get is one invitation. Errors: *Problem.
func (s *Service) Get(id record.VisitID) (Invited, error) {
	i, ok := s.cfg.Replica.Invitation(id)
	if !ok || i.Made.IsZero() {
		return Invited{}, problem("invitations.unknown", "", "there is no such invitation: `upprop invite list` shows those there are")
	}
	out := s.invited(i)
	if out.Invite != nil {
		out.Before = s.before(id, out.Invite.Secret)
	}
	return out, nil
}

func (s *Service) invited(i record.Invitation) Invited {
	out := Invited{Invitation: i, State: s.state(i), Next: s.next(i)}
	out.Twice, out.Stray = s.twice(i), s.stray(i)
	if s.cfg.Desk() && s.cfg.Withheld() == nil {
		if sealed, err := s.open(i.ID); err == nil {
			out.Invite = &sealed
		}
	}
	return out
}

func (s *Service) open(id record.VisitID) (record.Invite, error) {
	k := record.PartKey{Visit: id, Audience: record.DossierAudience}
	part, err := s.cfg.Replica.Sealed(k)
	if err != nil {
		return record.Invite{}, err
	}
	plain, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return record.Invite{}, err
	}
	defer clear(plain)
	return codec.DecodeInvite(plain)
}

func (s *Service) state(i record.Invitation) State {
	now, on := s.running(i)
	switch {
	case !i.Off.IsZero():
		return CalledOff
	case len(s.inside(now, i)) > 0:
		return Here
	case i.Denied():
		return Refused
	case i.Waits() && !s.over(i):
		return Waiting
	case (on || len(i.Times) == 0) && len(s.uses(now, i)) > 0:
		return Been
	case !s.over(i):
		return Expected
	case len(i.Uses) > 0:
		return Been
	}
	return Over
}

// inside are the uses on an occasion whose visits are open.
func (s *Service) inside(on record.Span, i record.Invitation) (out []record.Use) {
	for _, u := range s.uses(on, i) {
		p, err := s.cfg.Replica.Presence(u.Visit)
		// A visit that nothing is heard of yet may well be inside.
		if errors.Is(err, crdt.ErrUnknownVisit) || err == nil && p.Open() {
			out = append(out, u)
		}
	}
	return out
}

// Visit is the visit that began by an invitation and is open, or else the last
// that did; false where none did, as far as is known here, and where several are
// open, since nobody can tell whose the paper is. Of a series it is that of the
// last occasion on which somebody came.
func (s *Service) Visit(id record.VisitID) (record.VisitID, bool) {
	i, _ := s.cfg.Replica.Invitation(id)
	if len(i.Uses) == 0 {
		return record.VisitID{}, false
	}
	last := i.Uses[len(i.Uses)-1]
	switch in := s.inside(s.occasionOf(i, last.At.Time()), i); {
	case len(in) == 1:
		return in[0].Visit, true
	case len(in) > 1:
		return record.VisitID{}, false
	}
	return last.Visit, true
}

// CallOff ends an invitation, durably, and tells who was invited; of one that is
// off already, it tells them once more, since nobody knows whether they heard.
// Errors: *Problem, also where it is off and they could not be told; the Barred
// one.
func (s *Service) CallOff(ctx context.Context, by string, id record.VisitID) error {
	if err := s.may(); err != nil {
		return err
	}
	i, err := s.Get(id)
	if err != nil {
		return err
	}
	if err := s.cfg.Act(by, "invitation.off", []record.VisitID{id}); err != nil {
		return err
	}
	if i.State != CalledOff {
		event := record.Event{Kind: record.CalledOff, Visit: id, Place: s.cfg.Place(), How: "desk"}
		if _, err := s.cfg.Replica.Commit(ctx, append([]crdt.Draft{{Event: &event}}, s.shred(i.Invitation)...)...); err != nil {
			return fmt.Errorf("call off an invitation: %w", err)
		}
	}
	late := s.cfg.Now().After(time.Unix(i.To, 0))
	if i.Invite == nil || i.Invite.Email == "" || late || !i.mailed() || s.send(i.Invitation, *i.Invite, "", news{off: true}) {
		return nil
	}
	return errUntold
}

var errUntold = problem("invitations.untold", "", "the invitation is off, and who was invited has not been told: this node could send no mail; tell them yourself, or call it off once more when `upprop notify status` says that mail works")

func (s *Service) may() error {
	if err := s.cfg.Barred(); err != nil {
		return err
	}
	if !s.cfg.Desk() {
		return problem("invitations.not_desk", "", "this node cannot open who is expected, and nothing was saved: invite at a desk (`upprop nodes` lists them)")
	}
	return nil
}

// folded are the words of a name, without case and accents.
func folded(name string) []string {
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(name))
	return strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// sameName reports whether somebody may be who was invited: one word of the two
// names is the same.
func sameName(typed, invited string) bool {
	words := map[string]bool{}
	for _, w := range folded(invited) {
		words[w] = true
	}
	for _, w := range folded(typed) {
		if words[w] {
			return true
		}
	}
	return false
}
