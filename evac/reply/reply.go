// Package reply is the page behind the link in a message of an alarm: two
// buttons, by which somebody inside says that they are safe or need help, and what
// those who wait for help are told. It shows no name and asks for none, and it
// decides neither whose link counts nor what a mark is worth.
//
// Invariant: only a press of a button says anything. Whoever looks a link up,
// as programs do that preview messages, marks nobody.
package reply

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

//go:embed pages/*.html static/* words/*.toml
var files embed.FS

// Words is the catalog of this page, beside the base catalog.
func Words() fs.FS { return sub("words") }

// sub is one of the embedded folders, which are there at compile time.
func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return f
}

// What is said of somebody.
const (
	// Safe: they are.
	Safe = "safe"
	// Help: they wait for help.
	Help = "refuge"
)

// How marks are made that come through a link.
const How = "link"

// Marker marks people. Mark marks the bearer of a link's visit, in the
// evacuation that the link was sent for; it is durable when it returns, and the
// same once is the same mark. point is the refuge where they wait, empty where that
// is not said. Read takes down that they have read what seen names. A lang.Problem
// is shown to the reader.
type Marker interface {
	Mark(ctx context.Context, l record.Link, state, point, how string, once [16]byte) error
	Read(ctx context.Context, l record.Link, seen string) error
}

// Config is what the page is made of; Link, Evacuations, Marker and Logger are
// required.
type Config struct {
	// Link reads a token and judges its signature. Errors match record.ErrLink.
	Link        func(token string) (record.Link, error)
	Evacuations func() record.Evacuations
	Marker      Marker
	// Points are the muster points of a site; nil: none.
	Points func(record.SiteID) []string
	// Waiting is how the bearer of a link stands who waits for help; false for one who
	// does not. Nil: nobody is answered here.
	Waiting                    func(record.Link) (Waiting, bool)
	NodeName, Site, CampusName string
	// Zone is that of the times shown; nil means time.Local.
	Zone   *time.Location
	Clock  func() time.Time
	Logger *slog.Logger
}

type pages struct{ cfg Config }

// New makes the handler of everything under /r/.
func New(cfg Config) (http.Handler, error) {
	if cfg.Link == nil || cfg.Evacuations == nil || cfg.Marker == nil {
		return nil, fmt.Errorf("reply: Link, Evacuations and Marker are required")
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	words, err := lang.Load(Words())
	if err != nil {
		return nil, err
	}
	p := pages{cfg}
	return webkit.New(webkit.Config{
		Prefix: "/r", Pages: sub("pages"), Assets: sub("static"), Catalog: words, Apart: true,
		Place: webkit.Place{Campus: cfg.CampusName, Site: cfg.Site, Node: cfg.CampusName},
		Zone:  cfg.Zone, Clock: cfg.Clock, Logger: cfg.Logger,
	}, []webkit.Route{
		{Method: "GET", Pattern: "/r/{token}", Handler: p.show},
		{Method: "POST", Pattern: "/r/{token}", Handler: p.answer},
		{Method: "POST", Pattern: "/r/{token}/wait", Handler: p.wait},
	})
}

// view is what the page shows.
type view struct {
	// Kind is "real", "drill" or, where this node has not heard of it, empty.
	Kind, Says string
	Points     string
	// Said is what has just been said; empty before.
	Said string
	Path string
	Once string
	// Wait is what who waits for help is told; nil for who does not.
	Wait *waitView
}

func (p pages) show(r *webkit.Request) (webkit.Response, error) {
	l, start, err := p.open(r)
	if err != nil {
		return nil, err
	}
	v := view{Path: "/r/" + r.PathValue("token")}
	var once [16]byte
	_, _ = rand.Read(once[:]) // never fails
	v.Once = hex.EncodeToString(once[:])
	if said := r.URL.Query().Get("said"); said == Safe || said == Help {
		v.Said = said
	}
	if v.Wait = p.waiting(r, l); v.Wait != nil {
		v.Said = Help
	}
	site := record.SiteID("")
	if start != nil {
		site = start.Site
		where := string(site)
		if where == "" {
			where = r.Text("reply.campus", nil)
		}
		args := map[string]any{"Time": r.Locale.Clock(start.At.Time().In(p.cfg.Zone)), "Where": where}
		v.Kind, v.Says = "real", r.Text("reply.is_real", args)
		if start.Drill {
			v.Kind, v.Says = "drill", r.Text("reply.is_drill", args)
		}
	}
	if p.cfg.Points != nil {
		v.Points = strings.Join(p.cfg.Points(site), ", ")
	}
	path := v.Path
	if v.Said != "" {
		path += "?said=" + v.Said
	}
	page := webkit.Page{Name: "reply", Path: path, Data: v}
	if v.Wait != nil {
		page.Refresh = webkit.Refresh{After: reload}
	}
	return page, nil
}

func (p pages) answer(r *webkit.Request) (webkit.Response, error) {
	l, _, err := p.open(r)
	if err != nil {
		return nil, err
	}
	said := r.Field("answer")
	once, err := hex.DecodeString(r.Field("once"))
	if said != Safe && said != Help || err != nil || len(once) != 16 {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	// The mark is made whether or not the phone waits for the answer.
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := p.cfg.Marker.Mark(ctx, l, said, "", How, [16]byte(once)); err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link("/r/" + r.PathValue("token") + "?said=" + said)}, nil
}

// reload is how often the page of who waits for help comes anew.
const reload = 5 * time.Second

// patience is for how long a mark may take.
const patience = 15 * time.Second

// open reads the link of a request, and finds its start where this node has
// heard of it. One that it has not is no reason to refuse: the node may be cut
// off from the one that sent the message.
func (p pages) open(r *webkit.Request) (record.Link, *record.Start, error) {
	l, err := p.cfg.Link(r.PathValue("token"))
	switch {
	case err != nil:
		return l, nil, lang.Problem{Key: "reply.bad"}
	case l.Over(p.cfg.Clock()):
		return l, nil, lang.Problem{Key: "reply.over"}
	}
	for _, s := range p.cfg.Evacuations() {
		if s.ID == l.Start && s.Ended != 0 {
			return l, nil, lang.Problem{Key: "reply.ended"}
		}
		if s.ID == l.Start {
			return l, &s, nil
		}
	}
	return l, nil, nil
}
