// Package host is the page behind the link in the mail to a host whose visitor needs
// approval: they approve the visit, or decline it for a reason. It shows no name,
// which the mail says, and decides neither whose link counts nor what follows.
//
// Invariant: only a press of a button says anything. Whoever looks a link up, as
// programs do that scan mails, approves nothing.
package host

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
	"github.com/upprop/upprop/node/look"
)

//go:embed pages/*.html static/* words/*.toml
var files embed.FS

// Words is the catalog of this page, beside the base catalog. Hosts are staff: it
// speaks the languages of staff.
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
	Ask(token string) (invitations.Ask, error)
	DecideByLink(ctx context.Context, token string, welcome bool, reason string) error
}

// Config is what the page is made of; Invitations, InWords and Logger are
// required.
type Config struct {
	Invitations Invitations
	// InWords makes what a person can mend a lang.Problem.
	InWords          func(error) error
	Site, CampusName string
	// Look is how the house's screens look; nil: as the program's own.
	Look func() look.Look
	// Zone is that of the times shown; nil means time.Local.
	Zone   *time.Location
	Clock  func() time.Time
	Logger *slog.Logger
}

type pages struct{ cfg Config }

// New makes the handler of everything under /a/.
func New(cfg Config) (http.Handler, error) {
	if cfg.Invitations == nil || cfg.InWords == nil {
		return nil, fmt.Errorf("host: Invitations and InWords are required")
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
		Prefix: "/a", Pages: sub("pages"), Assets: sub("static"), Catalog: words, Apart: true,
		Place: webkit.Place{Campus: cfg.CampusName, Site: cfg.Site, Node: cfg.CampusName},
		Look:  cfg.Look, Zone: cfg.Zone, Clock: cfg.Clock, Logger: cfg.Logger,
	}, []webkit.Route{
		{Method: "GET", Pattern: "/a/{token}", Handler: p.show},
		{Method: "POST", Pattern: "/a/{token}", Handler: p.decide},
	})
}

// view is what the page shows.
type view struct {
	When, Where, Path string
	// Waiting: nothing has been said; Refused: it has been declined.
	Waiting, Refused bool
	Reasons          []reason
}

type reason struct{ Value, Word string }

// reasons are those for which a host may decline, with their words.
var reasons = []reason{
	{record.NotExpected, "host.not_expected"},
	{record.AnotherTime, "host.another_time"},
	{record.NotAllowed, "host.not_allowed"},
	{record.NoReason, "host.no_reason"},
}

func (p pages) show(r *webkit.Request) (webkit.Response, error) {
	token := r.PathValue("token")
	ask, err := p.cfg.Invitations.Ask(token)
	if err != nil {
		return nil, p.words(err)
	}
	from, to := time.Unix(ask.When.From, 0).In(p.cfg.Zone), time.Unix(ask.When.To, 0).In(p.cfg.Zone)
	v := view{
		Path: "/a/" + token, When: r.Locale.ShortDate(from) + " " + r.Locale.Clock(from) + "–" + r.Locale.Clock(to), Where: p.cfg.CampusName,
		Waiting: ask.State == invitations.Waiting, Refused: ask.State == invitations.Refused,
	}
	for _, part := range []string{string(ask.Place.Site), string(ask.Place.Entrance)} {
		if part != "" && !strings.Contains(v.Where, part) {
			v.Where += ", " + part
		}
	}
	for _, one := range reasons {
		v.Reasons = append(v.Reasons, reason{one.Value, r.Text(one.Word, nil)})
	}
	return webkit.Page{Name: "host", Path: v.Path, Data: v}, nil
}

func (p pages) decide(r *webkit.Request) (webkit.Response, error) {
	token, do := r.PathValue("token"), r.Field("do")
	if do != "approve" && do != "decline" {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	if err := p.cfg.Invitations.DecideByLink(context.WithoutCancel(r.Context()), token, do == "approve", r.Field("reason")); err != nil {
		return nil, p.words(err)
	}
	return webkit.Redirect{To: r.Link("/a/" + token)}, nil
}

func (p pages) words(err error) error {
	if errors.Is(err, record.ErrLink) {
		return lang.Problem{Key: "host.no_link"}
	}
	return p.cfg.InWords(err)
}
