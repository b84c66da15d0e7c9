// Package webkit is what all screens are built with: pages from templates in
// the reader's language, one route table, one place where errors become
// pages, the headers that keep a browser strict, and live fragments over
// server-sent events. It knows no visitor, no badge and no evacuation, and it
// runs no goroutine beyond the request that it serves.
//
// Invariant: a response is rendered whole before its first byte is sent, and
// nothing a person wrote is ever in a log line or a URL.
package webkit

import (
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/look"
)

//go:embed templates/*.html
var sharedTemplates embed.FS

//go:embed static/* icons/*.svg
var sharedFiles embed.FS

// Templates are the shared templates, for the lint of catalogs.
func Templates() fs.FS { return sharedTemplates }

// Place says where a screen stands. It is shown, never interpreted.
type Place struct {
	Campus, Site, Node string
}

// Pause is what the template "pause" needs: seconds without input until it
// asks and until it clears the page, and the path that follows.
type Pause struct {
	Warn, Clear float64
	To          string
}

// Config describes one family of screens under one path.
type Config struct {
	// Prefix is the path under which all routes lie, "/kiosk". Its own page
	// is the start page of the family.
	Prefix string
	// Pages holds *.html at its root: each file is a page, defining the
	// templates "title" and "content", and "head" if it needs one. What several
	// pages use is defined in parts/*.html.
	Pages fs.FS
	// Assets holds the family's own files, served beside the shared ones;
	// nil for none.
	Assets fs.FS
	// Parts are what several pages, or families, have in common: *.html at the
	// root are templates beside the layout's, all else are assets.
	Parts   []fs.FS
	Catalog *lang.Catalog
	// Locales are the languages that are offered, in order, the first where nothing
	// else is known; none: those of staff.
	Locales []lang.Locale
	Place   Place
	// Pause, if its To is set, lets problem pages ask "are you still there?"
	// and go back by themselves, as is right where the next person is another.
	Pause Pause
	// Body bounds a request's body, in bytes; zero means 64 KiB.
	Body int64
	// Hosts are host names under which the node may be called, besides
	// localhost and IP addresses; one that begins with a dot is of all names
	// below it.
	Hosts []string
	// Apart: each page is reached by a link that is its own key, under whatever
	// name the node is known to the reader's network, and leads nowhere else.
	// There is nothing on such a page that its link does not give.
	Apart bool
	// Look is how the house's screens look; nil: as the program's own. It is asked for
	// every page and must not block.
	Look func() look.Look
	// Zone is the zone of the times shown; nil means time.Local.
	Zone *time.Location
	// Clock tells the time; nil means time.Now.
	Clock  func() time.Time
	Logger *slog.Logger
}

// New builds the handler of a family of screens: the routes, the assets and
// everything that guards them.
func New(cfg Config, routes []Route) (http.Handler, error) {
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Catalog == nil || cfg.Logger == nil || cfg.Pages == nil {
		return nil, fmt.Errorf("screens under %s: catalog, logger and pages are required", cfg.Prefix)
	}
	if len(cfg.Locales) == 0 {
		cfg.Locales = lang.Locales()
	}
	e, err := newEngine(cfg)
	if err != nil {
		return nil, fmt.Errorf("screens under %s: %w", cfg.Prefix, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+cfg.Prefix+"/assets/{file}", e.assets)
	e.wardrobe.routes(mux)
	for _, r := range routes {
		mux.Handle(r.Method+" "+r.Pattern, e.handle(r.Handler))
	}
	mux.Handle("/", e.handle(func(*Request) (Response, error) {
		return nil, lang.Problem{Key: "page.missing"}
	}))
	return e.guard(mux), nil
}
