// Package kiosk is what a visitor meets at a door: arriving, the badge,
// leaving, and the words about privacy. It decides nothing about visits; it
// asks [Visits] and shows the answer. It keeps what a person wrote for as long
// as the page with their badge may be shown, or while an evacuation interrupts
// them, in memory only.
//
// Invariant: the screen says "welcome" only after Visits has said that the
// visit is durable, and no personal data is ever in a URL or a log.
package kiosk

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/steps"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/look"
)

//go:embed pages/*.html pages/parts/*.html pages/own static/* worker/*
var files embed.FS

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
	// RetentionDays is for how many days a name is kept; nil means 30. It is asked
	// often and must not block.
	RetentionDays func() int
	// Consent are the words by which a visitor consents that the help they need is
	// kept, for a reader of a language, and the language that they are in; nil or
	// empty: those of the catalog.
	Consent func(lang.Locale) (words string, in lang.Locale)
	// PhotoConsent are the words by which a visitor consents to a photo, as Consent's;
	// nil: none is taken here.
	PhotoConsent func(lang.Locale) (words string, in lang.Locale)
	// Mine answers people about their own visits; nil: there is no such page here.
	Mine func(context.Context, MineAsk) (MineAnswer, error)
	// Badges is what stands on badges, and Where in which part of the house this door
	// is. Nil: the standard layout. It is asked often and must not block.
	Badges func() badges.Layout
	Where  string
	// Print prints badges on labels; nil: there is no label printer.
	Print badge.Printer
	// Memory keeps what is held for pages on a screen when the door is built anew; nil:
	// it ends with the door.
	Memory *Memory
	// Languages are those that the door offers, in order; none: all that the program
	// comes with. Extra are those that an operator has added.
	Languages []lang.Locale
	Extra     []lang.Extra
	// Closed tells why nobody may come in now: a lang.Problem, or nil. It is
	// asked often and must not block. Nil means never closed.
	Closed func() error
	// Evacuation is what runs where the door is; false while nothing does.
	// Nobody checks in meanwhile, and everybody may check out. It is asked often
	// and must not block. Nil means that nothing ever runs.
	Evacuation func() (Evacuation, bool)
	// Hear takes down how many wait at the refuge where the screen stands; durable
	// when it returns. seen is Refuge.Seen of what the screen showed. Nil: it is not
	// taken down here.
	Hear func(ctx context.Context, refuge string, count int, seen string) error
	// Help calls a desk to the door; nil: nobody can be called from here. Entrances
	// are where else on the site somebody may go; it must not block. Nil: not known.
	Help      Help
	Entrances func() []string
	// Invitations opens invitations. Nil: nobody is expected.
	Invitations Invitations
	// FindHosts finds whom somebody may come to see: a few for three letters or more,
	// and whether there are others. Nil: nobody is found.
	FindHosts func(ctx context.Context, query string) (found []Host, more bool)
	// Types are the types of visitors who check in here by themselves, in order;
	// it is asked often and must not block. Nil: there are no types.
	Types func() []Type
	// Warn and Clear are for how long a page may stand untouched before it
	// asks, and before it is cleared. Zero means 60 s and 90 s. At least 20 s
	// must lie between them (WCAG 2.2.1).
	Warn, Clear time.Duration
	// Look is how the house's screens look; nil: as the program's own. It is asked
	// often and must not block.
	Look func() look.Look
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
	*Memory
	cfg     Config
	handler http.Handler
	// ownPages serves what mailed links open.
	ownPages http.Handler
	// words is another where other languages are offered, or their words are others.
	words string
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
	words, err := lang.LoadVisitors(cfg.Extra)
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
		Memory: cmp.Or(cfg.Memory, NewMemory(cfg.Clock)), cfg: cfg,
		gone: make(chan struct{}), words: cfg.words(),
	}
	shared, err := fs.Sub(files, "pages/own/parts")
	if err != nil {
		return nil, fmt.Errorf("kiosk: %w", err)
	}
	name := cfg.Entrance
	if name == "" {
		name = cfg.NodeName
	}
	k.handler, err = webkit.New(webkit.Config{
		Prefix: "/kiosk", Pages: pages, Assets: static, Parts: []fs.FS{badge.Parts(), steps.Parts(), shared}, Catalog: words,
		Locales: cfg.Languages,
		Place:   webkit.Place{Campus: cfg.CampusName, Site: cfg.Site, Node: name},
		Look:    cfg.Look, Pause: k.pause(), Hosts: cfg.Hosts, Zone: cfg.Zone, Clock: cfg.Clock, Logger: cfg.Logger,
	}, k.routes())
	if err != nil {
		return nil, fmt.Errorf("kiosk: %w", err)
	}
	if err := k.openOwn(words, static); err != nil {
		return nil, fmt.Errorf("kiosk: %w", err)
	}
	return k, nil
}

func (k *Kiosk) routes() []webkit.Route {
	routes := []webkit.Route{
		{Method: "GET", Pattern: "/kiosk", Handler: k.start},
		{Method: "GET", Pattern: "/kiosk/{$}", Handler: k.start},
		{Method: "GET", Pattern: "/kiosk/live/{state}", Handler: k.live},
		{Method: "GET", Pattern: "/kiosk/arrive", Handler: k.arriveForm},
		{Method: "POST", Pattern: "/kiosk/arrive", Handler: k.arrive},
		{Method: "GET", Pattern: "/kiosk/arrive/{type}", Handler: k.typeForm},
		{Method: "GET", Pattern: "/kiosk/live", Handler: k.liveNote},
		{Method: "POST", Pattern: "/kiosk/arrive/hold", Handler: k.holdForm},
		{Method: "GET", Pattern: "/kiosk/held/{page}", Handler: k.heldForm},
		{Method: "POST", Pattern: "/kiosk/held/{page}", Handler: k.answerHeld},
		{Method: "POST", Pattern: "/kiosk/here", Handler: k.here},
		{Method: "GET", Pattern: "/kiosk/welcome/{page}", Handler: k.welcome},
		{Method: "POST", Pattern: "/kiosk/welcome/{page}", Handler: k.putAway},
		{Method: "GET", Pattern: "/kiosk/welcome/{page}/pass", Handler: k.showPass},
		{Method: "GET", Pattern: "/kiosk/welcome/{page}/photo", Handler: k.photo},
		{Method: "GET", Pattern: "/kiosk/invited/{page}", Handler: k.inviteForm},
		{Method: "GET", Pattern: "/kiosk/leave", Handler: k.leaveForm},
		{Method: "POST", Pattern: "/kiosk/leave", Handler: k.leave},
		{Method: "GET", Pattern: "/kiosk/goodbye", Handler: k.goodbye},
		{Method: "GET", Pattern: "/kiosk/goodbye/{page}", Handler: k.goodbye},
		{Method: "GET", Pattern: "/kiosk/privacy", Handler: k.privacy},
	}
	if k.cfg.Invitations != nil {
		routes = append(routes,
			webkit.Route{Method: "GET", Pattern: "/kiosk/invited", Handler: k.invitedForm},
			webkit.Route{Method: "POST", Pattern: "/kiosk/invited", Handler: k.invited},
		)
	}
	if k.cfg.FindHosts != nil {
		routes = append(routes, webkit.Route{Method: "POST", Pattern: "/kiosk/hosts", Handler: k.findHosts})
	}
	return slices.Concat(routes, k.mineRoutes(), k.helpRoutes(), k.awayRoutes())
}

// ServeHTTP serves the screens.
func (k *Kiosk) ServeHTTP(w http.ResponseWriter, r *http.Request) { k.handler.ServeHTTP(w, r) }

// Close ends the live streams, which a server that shuts down would otherwise wait
// for, and forgets everything that is held for pages still on a screen, unless that
// is in a Memory of Config's. Idempotent.
func (k *Kiosk) Close() error {
	k.goOnce.Do(func() { close(k.gone) })
	if k.cfg.Memory == nil {
		k.Forget()
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.CampusName == "" {
		c.CampusName = c.Site
	}
	if c.Controller == "" {
		c.Controller = c.CampusName
	}
	if c.RetentionDays == nil {
		c.RetentionDays = func() int { return 30 }
	}
	if c.Badges == nil {
		c.Badges = badges.Standard
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
	if len(c.Languages) == 0 {
		c.Languages = lang.Visitors()
	}
	if c.Evacuation == nil {
		c.Evacuation = func() (Evacuation, bool) { return Evacuation{}, false }
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
