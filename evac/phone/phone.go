// Package phone lets a warden's phone stand in for a handheld: an installable
// page that keeps the last list and its own queue of marks, and the interface by
// which it delivers them to any node of the campus. It decides nothing about
// people; it asks the alarm and shows the muster.
//
// Invariant: nothing is answered to a phone but to one whose pairing counts, and
// an act is called recorded only when it is durable on this node.
package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/pairing"
)

// Pairings are the pairings that this node knows and makes.
type Pairings interface {
	Check(key string) (pairing.Pairing, error)
	Pair(ctx context.Context, label string, lasts time.Duration) (pairing.Key, error)
}

// Alarm takes what a phone says.
type Alarm interface {
	Mark(context.Context, alarm.MarkRequest) (alarm.Marked, error)
	Retract(ctx context.Context, code record.Code, of, once record.OnceID) (alarm.Undone, error)
	Add(context.Context, alarm.AddRequest) (alarm.Added, error)
	Tell(context.Context, alarm.TellRequest) (record.Talk, error)
}

// Point is a muster point or refuge to choose from.
type Point struct {
	Name   record.PointName `json:"name"`
	Site   record.SiteID    `json:"site"`
	Refuge bool             `json:"refuge"`
}

// Node is another node and where its pages are.
type Node struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Config describes the phone's side of one node. Pairings, Alarm, List and
// Logger are required.
type Config struct {
	Pairings Pairings
	Alarm    Alarm
	// List is the muster of the whole campus as this node's role may open it, for
	// a phone paired by a node; by one whose role reads no names, without them.
	List func(by record.NodeID) (evac.List, error)
	// Refuges is the JSON of who of a list waits at refuges and what was said
	// there, as evac.Service.RefugesIn gives it; nil: none are shown.
	Refuges func(evac.List) ([]byte, error)
	// Points are those to choose from; nil: none are known here.
	Points func() []Point
	// Nodes are the other nodes that a phone may deliver to; nil: none are known
	// here, and a phone is told of them by hand.
	Nodes func() []Node
	// Withhold reports whether a phone may not be paired by this request; nil:
	// anybody may.
	Withhold func(*http.Request) bool
	// Web is where this node's pages are, as other machines reach them; empty
	// when they do not.
	Web string
	// NodeName, Site and CampusName are shown to people.
	NodeName, Site, CampusName string
	// Hosts are names under which the node may be called besides localhost
	// and IP addresses.
	Hosts []string
	// Now is the clock; nil means time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service serves phones. Safe for concurrent use.
type Service struct {
	cfg   Config
	pages http.Handler
	rates rates
	app   app
}

// New builds the phone's side of one node.
func New(cfg Config) (*Service, error) {
	if cfg.Pairings == nil || cfg.Alarm == nil || cfg.List == nil || cfg.Logger == nil {
		return nil, errors.New("phone: Pairings, Alarm, List and Logger are required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Withhold == nil {
		cfg.Withhold = func(*http.Request) bool { return false }
	}
	s := &Service{cfg: cfg}
	var err error
	if s.app, err = openApp(); err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	if s.pages, err = s.newPages(); err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	return s, nil
}

// ServeHTTP serves the pages under /phone.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.pages.ServeHTTP(w, r) }
