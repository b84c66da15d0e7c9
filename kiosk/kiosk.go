// Package kiosk is what a visitor meets at a door: arriving, the badge,
// leaving, and the words about privacy. It decides nothing about visits; it
// asks [Visits] and shows the answer. It keeps what a person wrote for as long
// as the page with their badge may be shown, in memory only.
//
// Invariant: the screen says "welcome" only after Visits has said that the
// visit is durable, and no personal data is ever in a URL or a log.
package kiosk

import (
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

//go:embed pages/*.html static/*
var files embed.FS

// Badge is the shape of the printed badge.
type Badge string

// The shapes that the print style knows.
const (
	BadgeCard  Badge = "card"  // 86 × 54 mm, landscape
	BadgeLabel Badge = "label" // a label 62 mm wide
	BadgeNone  Badge = "none"  // there is no printer at this door
)

// Config describes one door. Only Visits and Logger are required.
type Config struct {
	Visits Visits
	// NodeName, Site, Entrance and CampusName are shown to people. The header
	// names the entrance, or the node where it has no entrance.
	NodeName, Site, Entrance, CampusName string
	// Controller and Contact name who is responsible for personal data and how
	// to reach them. Empty means the campus and its reception.
	Controller, Contact string
	// Phone is the reception's number, shown as it is; empty for none.
	Phone string
	// RetentionDays is for how long a visit is kept; zero means 30.
	RetentionDays int
	// Badge is the shape of the badge; empty means BadgeCard.
	Badge Badge
	// Closed tells why nobody may come in now: a lang.Problem, or nil. It is
	// asked often and must not block. Nil means never closed.
	Closed func() error
	// Warn and Clear are for how long a page may stand untouched before it
	// asks, and before it is cleared. Zero means 60 s and 90 s. At least 20 s
	// must lie between them (WCAG 2.2.1).
	Warn, Clear time.Duration
	// Hosts are names under which the node may be called besides localhost
	// and IP addresses.
	Hosts []string
	// Zone is the zone of the times shown; nil means time.Local.
	Zone *time.Location
	// Clock tells the time; nil means time.Now.
	Clock  func() time.Time
	Logger *slog.Logger
}

// Kiosk serves everything under /kiosk. It is safe for concurrent use.
type Kiosk struct {
	cfg     Config
	handler http.Handler
	// welcomes are the pages with a badge, by one-time id.
	welcomes *drawer[welcome]
	// submitted are the forms already sent in, so that a second press of the
	// button gives the first one's answer.
	submitted *once
	// gone is closed by Close, and ends the live streams.
	gone   chan struct{}
	goOnce sync.Once
}

// New builds the screens of one door. Close it when the door is taken down.
func New(cfg Config) (*Kiosk, error) {
	if cfg.Visits == nil || cfg.Logger == nil {
		return nil, fmt.Errorf("kiosk: Visits and Logger are required")
	}
	cfg = cfg.withDefaults()
	if cfg.Clear < cfg.Warn+time.Second {
		return nil, fmt.Errorf("kiosk: Clear (%v) must come after Warn (%v)", cfg.Clear, cfg.Warn)
	}
	words, err := lang.Load()
	if err != nil {
		return nil, fmt.Errorf("kiosk: %w", err)
	}
	pages, err := fs.Sub(files, "pages")
	if err != nil {
		return nil, fmt.Errorf("kiosk: %w", err)
	}
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, fmt.Errorf("kiosk: %w", err)
	}
	k := &Kiosk{
		cfg:       cfg,
		gone:      make(chan struct{}),
		welcomes:  newDrawer[welcome](256, 5*time.Minute, cfg.Clock),
		submitted: newOnce(1024, 10*time.Minute, cfg.Clock),
	}
	name := cfg.Entrance
	if name == "" {
		name = cfg.NodeName
	}
	k.handler, err = webkit.New(webkit.Config{
		Prefix: "/kiosk", Pages: pages, Assets: static, Catalog: words,
		Place: webkit.Place{Campus: cfg.CampusName, Site: cfg.Site, Node: name},
		Pause: k.pause(), Hosts: cfg.Hosts, Zone: cfg.Zone, Clock: cfg.Clock, Logger: cfg.Logger,
	}, k.routes())
	if err != nil {
		return nil, fmt.Errorf("kiosk: %w", err)
	}
	return k, nil
}

func (k *Kiosk) routes() []webkit.Route {
	return []webkit.Route{
		{Method: "GET", Pattern: "/kiosk", Handler: k.start},
		{Method: "GET", Pattern: "/kiosk/{$}", Handler: k.start},
		{Method: "GET", Pattern: "/kiosk/live/{state}", Handler: k.live},
		{Method: "GET", Pattern: "/kiosk/arrive", Handler: k.arriveForm},
		{Method: "POST", Pattern: "/kiosk/arrive", Handler: k.arrive},
		{Method: "GET", Pattern: "/kiosk/welcome/{page}", Handler: k.welcome},
		{Method: "POST", Pattern: "/kiosk/welcome/{page}", Handler: k.putAway},
		{Method: "GET", Pattern: "/kiosk/leave", Handler: k.leaveForm},
		{Method: "POST", Pattern: "/kiosk/leave", Handler: k.leave},
		{Method: "GET", Pattern: "/kiosk/goodbye", Handler: k.goodbye},
		{Method: "GET", Pattern: "/kiosk/goodbye/{already}", Handler: k.goodbye},
		{Method: "GET", Pattern: "/kiosk/privacy", Handler: k.privacy},
	}
}

// ServeHTTP serves the screens.
func (k *Kiosk) ServeHTTP(w http.ResponseWriter, r *http.Request) { k.handler.ServeHTTP(w, r) }

// Close forgets everything that is held for pages still on a screen and ends
// the live streams, which a server that shuts down would otherwise wait for.
// Idempotent.
func (k *Kiosk) Close() error {
	k.goOnce.Do(func() { close(k.gone) })
	k.welcomes.close()
	k.submitted.seen.close()
	return nil
}

func (c Config) withDefaults() Config {
	if c.CampusName == "" {
		c.CampusName = c.Site
	}
	if c.Controller == "" {
		c.Controller = c.CampusName
	}
	if c.RetentionDays == 0 {
		c.RetentionDays = 30
	}
	if c.Badge == "" {
		c.Badge = BadgeCard
	}
	if c.Warn == 0 {
		c.Warn = 60 * time.Second
	}
	if c.Clear == 0 {
		c.Clear = c.Warn + 30*time.Second
	}
	if c.Closed == nil {
		c.Closed = func() error { return nil }
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}

// pause is what the shared "are you still there?" needs.
func (k *Kiosk) pause() webkit.Pause {
	return webkit.Pause{Warn: k.cfg.Warn.Seconds(), Clear: k.cfg.Clear.Seconds(), To: "/kiosk"}
}
