// Package deliveries keeps what was left for somebody to pick up: it takes it in
// at a desk, has whom it is for told, and keeps who took it in the end. It lets
// nobody in, and puts nobody on a list.
//
// Invariant: what is told of a delivery in clear is when, at which node and by
// which operator it came and how it ended; of people and things all is sealed for
// desks, erased as a visit's particulars are, and gone a set time after its end.
package deliveries

import (
	"context"
	"errors"
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

// Problem is what a person can do something about. It never holds personal data.
type Problem = sheet.Problem

func problem(key, field, hint string) *Problem {
	return &Problem{Key: key, Field: field, Hint: hint}
}

// Replica is what deliveries asks of the register.
type Replica interface {
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
	Deliveries() []record.Delivery
	Delivery(record.VisitID) (record.Delivery, bool)
	Sealed(record.PartKey) (crdt.SealedPart, error)
	Shredded(record.VisitID) bool
}

// Vault seals and opens.
type Vault interface {
	Seal(visit record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (entries []record.SealedEntry, stored func(), err error)
	Open(k record.PartKey, p crdt.SealedPart) ([]byte, error)
}

// carried is how what is written anew is told.
const carried = "carried"

const (
	// Keep is for how many days what waits is sealed at once: desks seal it anew
	// in time, as they write anew that it waits.
	Keep = 30
	// MaxWait is for how many days anything is kept that nobody picks up.
	MaxWait = 185
	// MaxItems is the most that one delivery may be said to have.
	MaxItems = 999
)

// Letter is a mail to whom a delivery is for.
type Letter struct {
	Delivery            record.VisitID
	To                  record.Private
	Subject, Text, HTML string
	// Once names what it is about: another of that name is not sent again.
	Once  string
	Until time.Time
}

// Config is what a Service is made of; the first eight are required.
type Config struct {
	Replica Replica
	Vault   Vault
	// Draw draws an id.
	Draw func() (record.VisitID, error)
	// Desk reports whether this node opens what is sealed for desks.
	Desk func() bool
	// Place is where this node stands.
	Place func() record.Place
	// Today is the day from which retention counts.
	Today func() record.Day
	// Sure is the date by which anything is destroyed, and whether it may be gone by:
	// a clock alone must not destroy. Nil: Today is.
	Sure func() (record.Day, bool)
	// Days is for how many days a delivery is kept after its end.
	Days func() record.Day
	// Act puts on record what by did to which delivery; what it refuses is not
	// done.
	Act func(by, what string, ids []record.VisitID) error
	// Barred says why nothing that this node records would count, or nil. Withheld
	// says why no name may be shown at this moment. Nil: there is no reason.
	Barred, Withheld func() error
	// Mine reports whether this node has drawn an id: it alone tells whom the
	// delivery is for, and writes it anew before others do. Nil: it has none.
	Mine func(record.VisitID) bool
	// RemindAfter is after how many days whom it is for is reminded; 0 for never.
	// Nil: never.
	RemindAfter func() int
	// HostMail is where a host is told whose name was written. Nil: that is not
	// known.
	HostMail func(ctx context.Context, name record.Private) record.Private
	// Tell takes down a mail; it returns when that is durable. Nil: there is none.
	Tell func(Letter) error
	// Erase destroys what is sealed on every node. Nil: it is left to its date.
	Erase func(ctx context.Context, ids []record.VisitID) error
	// Changed is closed when something new is known. Nil: it is looked once an
	// hour.
	Changed func() <-chan struct{}
	Zone    *time.Location
	Now     func() time.Time
	Logger  *slog.Logger
}

// Service keeps deliveries. Safe for concurrent use.
type Service struct {
	cfg Config
	// acting lets one ending be written at a time, so that a button pressed twice
	// ends once.
	acting sync.Mutex
	// told are those of whose coming nothing is to be told any more; guarded by
	// telling.
	told    map[record.VisitID]bool
	telling sync.Mutex
}

// New makes a Service.
func New(cfg Config) *Service {
	none := func() error { return nil }
	if cfg.Sure == nil {
		cfg.Sure = func() (record.Day, bool) { return cfg.Today(), true }
	}
	if cfg.Barred == nil {
		cfg.Barred = none
	}
	if cfg.Withheld == nil {
		cfg.Withheld = none
	}
	if cfg.Mine == nil {
		cfg.Mine = func(record.VisitID) bool { return false }
	}
	if cfg.RemindAfter == nil {
		cfg.RemindAfter = func() int { return 0 }
	}
	if cfg.HostMail == nil {
		cfg.HostMail = func(context.Context, record.Private) record.Private { return "" }
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{cfg: cfg}
}

// State says how a delivery stands.
type State string

// The states.
const (
	Waiting  State = "waiting"
	PickedUp State = "picked_up"
	Returned State = "returned"
	Lost     State = "lost"
)

// stateOf are the states by what ends a delivery, kindOf the other way round.
var (
	stateOf = map[record.Kind]State{record.PickedUp: PickedUp, record.SentBack: Returned, record.Lost: Lost}
	kindOf  = map[State]record.Kind{PickedUp: record.PickedUp, Returned: record.SentBack, Lost: record.Lost}
)

// Item is a delivery as this node knows it.
type Item struct {
	record.Delivery
	State State
	// Parcel is nil where this node may not open it, or it is gone.
	Parcel *record.Parcel
	// Ends are the endings that stand, in order of time: more than one where two
	// desks said so apart.
	Ends []End
}

// End is one word on how a delivery ended. To is who took it, where that was not
// whom it was for, and this node may open that.
type End struct {
	record.Ending
	State State
	To    record.Private
}

// List are the retained deliveries, those that wait before the others, and each in
// order of when they came; the others the latest first. Find, where it is not empty,
// is a part of a name, a sender, a place, a note or a code.
func (s *Service) List(find string) []Item {
	var waiting, ended []Item
	want := folded(find)
	code, _ := record.ParseBadge(find)
	for _, d := range s.cfg.Replica.Deliveries() {
		x := s.item(d)
		if !x.is(want) && (code == 0 || d.ID.Badge() != code) {
			continue
		}
		if x.State == Waiting {
			waiting = append(waiting, x)
		} else {
			ended = append([]Item{x}, ended...)
		}
	}
	return append(waiting, ended...)
}

func (x Item) is(want string) bool {
	if want == "" {
		return true
	}
	var texts []record.Private
	if p := x.Parcel; p != nil {
		texts = append(texts, p.For, p.From, p.Kept, p.Note)
	}
	for _, e := range x.Ends {
		texts = append(texts, e.To)
	}
	for _, t := range texts {
		if strings.Contains(folded(t.Reveal()), want) {
			return true
		}
	}
	return false
}

// folded is a text as it is compared: small letters without accents.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(strings.TrimSpace(s)))
}

var errUnknown = problem("deliveries.unknown", "", "there is no such delivery: `upprop delivery list --all` shows those there are")

// Get is one delivery. Errors: *Problem.
func (s *Service) Get(id record.VisitID) (Item, error) {
	d, ok := s.cfg.Replica.Delivery(id)
	if !ok || d.Made.IsZero() {
		return Item{}, errUnknown
	}
	return s.item(d), nil
}

// Named is the delivery that a code names: its id, or the short code of its label.
// Errors: *Problem.
func (s *Service) Named(code string) (record.VisitID, error) {
	c, err := record.ParseCode(code)
	if err != nil || c.QR != nil {
		return record.VisitID{}, errUnknown
	}
	if !c.Visit.IsZero() {
		return c.Visit, nil
	}
	for _, d := range s.cfg.Replica.Deliveries() {
		if d.ID.Badge() == c.Badge {
			return d.ID, nil
		}
	}
	return record.VisitID{}, errUnknown
}

func (s *Service) item(d record.Delivery) Item {
	out := Item{Delivery: d, State: Waiting}
	if e, ended := d.Ended(); ended {
		out.State = stateOf[e.Kind]
	}
	opens := s.cfg.Desk() && s.cfg.Withheld() == nil
	if opens {
		if p, _, err := s.open(d.ID); err == nil {
			out.Parcel = &p
		}
	}
	for _, e := range d.Standing() {
		end := End{Ending: e, State: stateOf[e.Kind]}
		if opens && !s.cfg.Replica.Shredded(d.ID) {
			end.To = s.took(e.ID)
		}
		out.Ends = append(out.Ends, end)
	}
	return out
}

// sealed opens what is sealed for desks under an id.
func (s *Service) sealed(id record.VisitID) (plain []byte, part crdt.SealedPart, err error) {
	k := record.PartKey{Visit: id, Audience: record.DossierAudience}
	if part, err = s.cfg.Replica.Sealed(k); err != nil {
		return nil, part, err
	}
	plain, err = s.cfg.Vault.Open(k, part)
	return plain, part, err
}

func (s *Service) open(id record.VisitID) (p record.Parcel, part crdt.SealedPart, err error) {
	plain, part, err := s.sealed(id)
	if err != nil {
		return p, part, err
	}
	defer clear(plain)
	p, err = codec.DecodeParcel(plain)
	return p, part, err
}

// took is who took a delivery, where that was written down.
func (s *Service) took(id record.VisitID) record.Private {
	plain, _, err := s.sealed(id)
	if err != nil {
		return ""
	}
	defer clear(plain)
	x, err := codec.DecodeSlip(plain)
	if err != nil {
		return ""
	}
	return x.To
}

// With are ids with those of what is sealed of how those deliveries ended: what is
// erased with them.
func (s *Service) With(ids []record.VisitID) []record.VisitID {
	out := ids
	for _, id := range ids {
		d, ok := s.cfg.Replica.Delivery(id)
		if !ok {
			continue
		}
		for _, e := range d.Endings {
			if _, err := s.cfg.Replica.Sealed(record.PartKey{Visit: e.ID, Audience: record.DossierAudience}); err == nil {
				out = append(out[:len(out):len(out)], e.ID)
			}
		}
	}
	return out
}

func (s *Service) may() error {
	if err := s.cfg.Barred(); err != nil {
		return err
	}
	if !s.cfg.Desk() {
		return problem("deliveries.not_here", "", "deliveries are taken in at a desk, and this node is none: `upprop nodes` lists the desks")
	}
	return nil
}

// IsProblem is the problem in an error, nil where there is none.
func IsProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}
