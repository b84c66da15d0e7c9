// Package evac answers who may be inside, and how sure the house is: the
// muster fold, and the screens and the interface that show it. It decides
// nothing about visits and writes nothing; it reads a [House] and folds.
//
// Invariant: whoever is open in the house is on the list, and every number
// says how old it is.
package evac

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// House is what evac asks of the node.
type House interface {
	// Open are the presences of all visits that are not left, each once. The
	// caller may keep the slice.
	Open() []record.Presence
	// Card opens the card of a visit; any error means that it is withheld here.
	Card(record.VisitID) (record.Card, error)
	// Entrances is the news of every node that may write presences, this one
	// included, each once.
	Entrances() []Entrance
	// Changed is closed at the next change of presence. Get it before Open.
	Changed() <-chan struct{}
	Now() time.Time
}

// ErrNoSite means that nobody and no entrance is known at the site asked for.
// An empty list would read as an empty building.
var ErrNoSite = errors.New("no such site")

// Config describes the muster of one node. House and Logger are required.
type Config struct {
	House House
	// Withhold reports whether the names must not be shown to this request;
	// nil shows what House opens. It is asked again while a page is live.
	Withhold func(*http.Request) bool
	// NodeName, Site and CampusName are shown to people.
	NodeName, Site, CampusName string
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

// gather reads who is open and what their cards say; withhold leaves the
// cards closed.
func (s *Service) gather(withhold bool) Input {
	in := Input{Presences: s.cfg.House.Open()}
	if withhold {
		return in
	}
	in.Cards = make(map[record.VisitID]record.Card, len(in.Presences))
	for _, p := range in.Presences {
		// A card that does not open never keeps its person off the list.
		if c, err := s.cfg.House.Card(p.Visit); err == nil {
			in.Cards[p.Visit] = c
		}
	}
	return in
}

// fold folds what was gathered, with the news as it is now.
func (s *Service) fold(in Input, site record.SiteID) (List, error) {
	in.Entrances, in.Now, in.Site = s.cfg.House.Entrances(), s.cfg.House.Now(), site
	if !in.knowsSite() {
		return List{}, fmt.Errorf("muster: %w", ErrNoSite)
	}
	return Fold(in), nil
}
