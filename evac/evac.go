// Package evac answers who may be inside, and how sure the house is: the
// muster fold, and the screens and the interface that show it. It decides
// nothing about visits and writes nothing but, through [Alarm], what a warden
// says: that an evacuation has started or ended; it reads a [House] and folds.
//
// Invariant: whoever is open in the house is on the list, and every number
// says how old it is.
package evac

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/look"
)

// House is what evac asks of the node.
type House interface {
	// Open are the presences of all visits that are not left, each once. The
	// caller may keep the slice.
	Open() []record.Presence
	// LeftSince are the presences of those who left at a time or later, and of
	// those who left before and were marked; each once. The caller may keep the
	// slice.
	LeftSince(record.HLC) []record.Presence
	// Card opens the card of somebody who is on the list; any error means that it is
	// withheld here; those below say what would open it.
	Card(record.Presence) (record.Card, error)
	// Evacuations are the starts known here; the caller does not change them.
	Evacuations() record.Evacuations
	// Sweeps are the searches of zones known here; the caller does not change
	// them.
	Sweeps() record.Sweeps
	// Calls are what was said to and from refuges; the caller does not change them.
	Calls() record.Calls
	// Evidence is all that was written about a badge.
	Evidence(record.BadgeCode) ([]record.Stated, error)
	// Visits calls fn for every retained visit, open or not, and for badge codes
	// that were marked and of which no visit is known.
	Visits(fn func(record.Presence) error) error
	// Entrances is the news of every node that may write presences, this one
	// included, each once.
	Entrances() []Entrance
	// Samples are what the news of entrances was worth from a time on, as this
	// node saw it while evacuations ran.
	Samples(from time.Time) ([]Sample, error)
	// Feeds are what tells nodes of staff; Silent is judged by the fold.
	Feeds() []Feed
	// Changed is closed at the next change of presence. Get it before Open.
	Changed() <-chan struct{}
	// Names reports whether names may be shown at all at this moment; unknown
	// is since when it is not known here which have been erased, zero while it
	// is.
	Names() (ok bool, unknown time.Time)
	// NamesChanged is closed when what Names says may have changed. Get it
	// before Names.
	NamesChanged() <-chan struct{}
	Now() time.Time
}

// Errors of House.Card that say what would open the card.
var (
	// ErrNotNow: an evacuation or drill that covers its bearer, and none runs.
	ErrNotNow = errors.New("names are shown during an evacuation or drill")
	// ErrLocked: the PIN of this device, which has not been given.
	ErrLocked = errors.New("names are locked")
	// ErrAsking: a few seconds, until other nodes have said which names have
	// been erased.
	ErrAsking = errors.New("names are shown in a moment")
	// ErrRestricted: a real evacuation, whoever reads the list.
	ErrRestricted = errors.New("the name of a restricted visit is shown in a real evacuation")
)

// ErrNoSite means that nobody and no entrance is known at the site asked for.
// An empty list would read as an empty building.
var ErrNoSite = errors.New("no such site")

// Config describes the muster of one node. House and Logger are required.
type Config struct {
	House House
	// Withhold reports whether the names must not be shown to this request;
	// nil shows what House opens. It is asked again while a page is live.
	Withhold func(*http.Request) bool
	// Alarm is what the buttons press, for those from whom nothing is withheld;
	// nil: there are none.
	Alarm Alarm
	// Cables lets a drill that is started here cut links; nil: it cannot.
	Cables Cables
	// KnownPoint says whether somebody has set up a muster point of that name;
	// nil: all are known.
	KnownPoint func(record.PointName) bool
	// TypeWord is what a type of visitor is called in a language; nil: nothing.
	TypeWord func(id, lang string) string
	// Points are the muster points and refuges that somebody has set up, in the
	// order in which they are offered; nil: none.
	Points func() []Point
	// Plans are the pictures of the sites; nil: there are none.
	Plans Plans
	// PIN is the lock on this device's names, for those from whom nothing is
	// withheld; nil: it has none.
	PIN PIN
	// Paper makes pages of lists and reports; nil: this node prints none.
	Paper Paper
	// Printed puts on record whose names went on paper, and in a few words which
	// paper. On an error nothing is printed. Nil keeps no record.
	Printed func(visits []record.VisitID, what string) error
	// NodeName, Site and CampusName are shown to people.
	NodeName, Site, CampusName string
	// Look is how the house's screens look; nil: as the program's own. It is asked
	// often and must not block.
	Look func() look.Look
	// Hosts are names under which the node may be called besides localhost
	// and IP addresses.
	Hosts []string
	// Zone is the zone of the times shown; nil means time.Local.
	Zone   *time.Location
	Logger *slog.Logger
}

// Service folds the house's presences into muster lists and shows them. It is
// safe for concurrent use, holds no list between requests and starts nothing
// that outlives one.
type Service struct {
	cfg     Config
	screens http.Handler
}

// New builds the muster of one node.
func New(cfg Config) (*Service, error) {
	if cfg.House == nil || cfg.Logger == nil {
		return nil, errors.New("evac: House and Logger are required")
	}
	if cfg.Withhold == nil {
		cfg.Withhold = func(*http.Request) bool { return false }
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	s := &Service{cfg: cfg}
	var err error
	if s.screens, err = newScreens(s); err != nil {
		return nil, fmt.Errorf("evac: %w", err)
	}
	return s, nil
}

// ServeHTTP serves the screens under /warden.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.screens.ServeHTTP(w, r) }

// Muster is the list of a site, or of the whole campus when site is empty. The
// only error is ErrNoSite.
func (s *Service) Muster(site record.SiteID) (List, error) {
	return s.fold(s.gather(false), site)
}

// Nameless is Muster without names, companies, hosts and needs, for whoever asks
// by the word of a node that may read none.
func (s *Service) Nameless(site record.SiteID) (List, error) {
	return s.fold(s.gather(true), site)
}

// known are all whom a list may have to name: those who are open, and while an
// evacuation runs, or while somebody was joined to another visit, those who
// have left. Who goes out or comes back while it reads is among them.
func (s *Service) known() (all []record.Presence) {
	for range 3 {
		changed := s.cfg.House.Changed()
		all = s.knownNow()
		select {
		case <-changed:
		default:
			return all
		}
	}
	return all
}

func (s *Service) knownNow() []record.Presence {
	open := s.cfg.House.Open()
	joined := map[record.VisitID]bool{}
	for _, p := range open {
		if !p.Joined.IsZero() {
			joined[p.Joined] = true
		}
	}
	e, on := s.cfg.House.Evacuations().Running("")
	var since record.HLC
	switch {
	case len(joined) == 0 && !on:
		return open
	case len(joined) == 0:
		since = e.Starts[0].At
	}
	is := map[record.VisitID]bool{}
	var left []record.Presence
	for _, p := range s.cfg.House.LeftSince(since) {
		if joined[p.Visit] || on && (p.Left.At >= e.Starts[0].At || p.MarkedIn(e)) {
			is[p.Visit] = true
			left = append(left, p)
		}
	}
	open = slices.DeleteFunc(open, func(p record.Presence) bool { return !p.Visit.IsZero() && is[p.Visit] })
	return append(open, left...)
}

// gather reads who is open and what their cards say; withhold leaves the
// cards closed.
func (s *Service) gather(withhold bool) Input {
	in := Input{Presences: s.known()}
	if withhold {
		in.Names = NamesWithheld
		return in
	}
	if s.cfg.PIN != nil {
		in.Locked = s.cfg.PIN.State().Locked
	}
	in.Names = NamesShown
	in.Cards = make(map[record.VisitID]record.Card, len(in.Presences))
	restricted := 0
	for _, p := range in.Presences {
		if p.Visit.IsZero() {
			continue // known by its badge code alone: nobody has told who it is
		}
		// A card that does not open never keeps its person off the list.
		c, err := s.cfg.House.Card(p)
		switch {
		case err == nil:
			in.Cards[p.Visit] = c
		case errors.Is(err, ErrRestricted):
			restricted++
		case errors.Is(err, ErrLocked):
			in.Names = NamesLocked
		case errors.Is(err, ErrAsking):
			in.Names = stronger(in.Names, NamesAsking)
		case errors.Is(err, ErrNotNow):
			in.Names = stronger(in.Names, NamesDuringEvacuation)
		}
	}
	if in.Names == NamesShown && len(in.Cards) == 0 && len(in.Presences) > restricted {
		in.Names = NamesWithheld
	}
	return in
}

// fold folds what was gathered, with the news as it is now.
func (s *Service) fold(in Input, site record.SiteID) (List, error) {
	in.Entrances, in.Evacuations, in.Feeds = s.cfg.House.Entrances(), s.cfg.House.Evacuations(), s.cfg.House.Feeds()
	_, in.Unknown = s.cfg.House.Names()
	in.Now, in.Site, in.KnownPoint = s.cfg.House.Now(), site, s.cfg.KnownPoint
	if !in.knowsSite() {
		return List{}, fmt.Errorf("muster: %w", ErrNoSite)
	}
	return Fold(in), nil
}
