// Package guest is the page behind the link in an invitation's mail: who is
// invited says that they come at another time, or cannot come. It shows no name
// and asks for none, and it decides neither whose link counts nor what follows.
//
// Invariant: only a press of a button says anything. Whoever looks a link up, as
// programs do that preview mails, changes nothing.
package guest

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/invitations"
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

// Invitations is what the page asks of invitations.
type Invitations interface {
	Asked(token string) (invitations.Asked, error)
	Answer(ctx context.Context, token, at string) error
}

// Config is what the page is made of; Invitations, InWords and Logger are
// required.
type Config struct {
	Invitations Invitations
	// InWords makes what a person can mend a lang.Problem.
	InWords        func(error) error
	Site, NodeName string
	CampusName     string
	// Languages are those that the page offers, in order; none: all that the program
	// comes with. Extra are those that an operator has added.
	Languages []lang.Locale
	Extra     []lang.Extra
	// Zone is that of the times shown; nil means time.Local.
	Zone   *time.Location
	Clock  func() time.Time
	Logger *slog.Logger
}

type pages struct{ cfg Config }

// New makes the handler of everything under /i/.
func New(cfg Config) (http.Handler, error) {
	if cfg.Invitations == nil || cfg.InWords == nil {
		return nil, fmt.Errorf("guest: Invitations and InWords are required")
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	words, err := lang.LoadVisitors(cfg.Extra, Words())
	if err != nil {
		return nil, err
	}
	if len(cfg.Languages) == 0 {
		cfg.Languages = lang.Visitors()
	}
	p := pages{cfg}
	return webkit.New(webkit.Config{
		Prefix: "/i", Pages: sub("pages"), Assets: sub("static"), Catalog: words, Apart: true,
		Place:   webkit.Place{Campus: cfg.CampusName, Site: cfg.Site, Node: cfg.CampusName},
		Locales: cfg.Languages, Zone: cfg.Zone, Clock: cfg.Clock, Logger: cfg.Logger,
	}, []webkit.Route{
		{Method: "GET", Pattern: "/i/{token}", Handler: p.show},
		{Method: "POST", Pattern: "/i/{token}", Handler: p.answer},
	})
}

// view is what the page shows.
type view struct {
	When, Where, Path string
	// At is the time in the form, as it was written where Fault says what is wrong
	// with it; Told is what was said before.
	At, Told, Fault string
	// No: who is invited does not come.
	No bool
}

func (p pages) show(r *webkit.Request) (webkit.Response, error) {
	return p.page(r, "", http.StatusOK)
}

func (p pages) page(r *webkit.Request, fault string, status int) (webkit.Response, error) {
	token := r.PathValue("token")
	asked, err := p.cfg.Invitations.Asked(token)
	if err != nil {
		return nil, p.words(err)
	}
	from, to := time.Unix(asked.On.From, 0).In(p.cfg.Zone), time.Unix(asked.On.To, 0).In(p.cfg.Zone)
	v := view{
		Path: "/i/" + token, When: r.Locale.ShortDate(from) + " " + r.Locale.Clock(from) + "–" + r.Locale.Clock(to),
		At: from.Format("15:04"), Fault: fault,
	}
	v.Where = p.cfg.CampusName
	for _, part := range []string{string(asked.Place.Site), string(asked.Place.Entrance)} {
		if part != "" && !strings.Contains(v.Where, part) {
			v.Where += ", " + part
		}
	}
	if a := asked.Answer; a != nil {
		at := time.Unix(a.At, 0).In(p.cfg.Zone)
		v.No, v.Told = a.At == 0, r.Text("guest.told_no", nil)
		if !v.No {
			v.At, v.Told = at.Format("15:04"), r.Text("guest.told_at", map[string]any{"Clock": r.Locale.Clock(at)})
		}
	}
	if fault != "" {
		v.At, v.Told = r.Field("at"), ""
	}
	return webkit.Page{Name: "guest", Path: v.Path, Status: status, Data: v}, nil
}

func (p pages) answer(r *webkit.Request) (webkit.Response, error) {
	token, at := r.PathValue("token"), r.Field("at")
	switch r.Field("do") {
	case "no":
		at = ""
	case "at":
		if at == "" {
			return p.page(r, r.Text("invitations.clock", nil), http.StatusUnprocessableEntity)
		}
	default:
		return nil, lang.Problem{Key: "request.malformed"}
	}
	err := p.cfg.Invitations.Answer(context.WithoutCancel(r.Context()), token, at)
	var problem lang.Problem
	if errors.As(p.words(err), &problem) && problem.Field == "at" {
		return p.page(r, r.Text(problem.Key, problem.Args), http.StatusUnprocessableEntity)
	}
	if err != nil {
		return nil, p.words(err)
	}
	return webkit.Redirect{To: r.Link("/i/" + token)}, nil
}

func (p pages) words(err error) error {
	if errors.Is(err, record.ErrLink) {
		return lang.Problem{Key: "guest.no_link"}
	}
	return p.cfg.InWords(err)
}
