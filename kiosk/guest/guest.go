// Package guest is the page behind the link in an invitation's mail: who is
// invited says that they come at another time, or cannot come, and fills in and
// signs what they would be asked at the door. It shows no name and asks for none,
// and it decides neither whose link counts nor what follows.
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
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/steps"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/look"
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
	// Form is what can be filled in, as a door would ask it.
	Form(invitations.Form) Form
	// Fill keeps what was filled in and signed, durably.
	Fill(ctx context.Context, token string, a kiosk.Arrival) error
}

// Form is what who is invited fills in before they come. It holds what they have
// filled in already, and prints as [withheld].
type Form struct {
	Type    kiosk.Type
	Arrival kiosk.Arrival
	// NeedsHost: the invitation does not say whom they meet.
	NeedsHost bool
	// Filled is when they last filled it in, zero for never; Signed is what they
	// signed then.
	Filled time.Time
	Signed kiosk.Signatures
}

// Format withholds the person from every fmt verb.
func (Form) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[withheld]")) }

// Config is what the page is made of; Invitations, InWords and Logger are
// required.
type Config struct {
	Invitations Invitations
	// InWords makes what a person can mend a lang.Problem.
	InWords        func(error) error
	Site, NodeName string
	CampusName     string
	// Contact is the reception's number, in what is said of personal data; empty: the
	// reception. RetentionDays is for how long the name of a type is kept.
	Contact       string
	RetentionDays func(kind string) int
	// Languages are those that the page offers, in order; none: all that the program
	// comes with. Extra are those that an operator has added.
	Languages []lang.Locale
	Extra     []lang.Extra
	// Look is how the house's screens look; nil: as the program's own.
	Look func() look.Look
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
	if cfg.RetentionDays == nil {
		cfg.RetentionDays = func(string) int { return 30 }
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
		Prefix: "/i", Pages: sub("pages"), Assets: sub("static"), Parts: []fs.FS{steps.Parts()}, Catalog: words, Apart: true,
		Place: webkit.Place{Campus: cfg.CampusName, Site: cfg.Site, Node: cfg.CampusName},
		Look:  cfg.Look, Locales: cfg.Languages, Zone: cfg.Zone, Clock: cfg.Clock, Logger: cfg.Logger,
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
	// Before is what can be filled in; nil where nothing can be now.
	Before *before
}

func (p pages) show(r *webkit.Request) (webkit.Response, error) {
	return p.page(r, "", nil, http.StatusOK)
}

// page shows all; typed is what was filled in and does not stand, nil for nothing.
func (p pages) page(r *webkit.Request, fault string, typed *typed, status int) (webkit.Response, error) {
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
	if asked.Form != nil {
		v.Before = p.before(r, p.cfg.Invitations.Form(*asked.Form), typed)
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
			return p.page(r, r.Text("invitations.clock", nil), nil, http.StatusUnprocessableEntity)
		}
	case "fill":
		return p.fill(r, token)
	default:
		return nil, lang.Problem{Key: "request.malformed"}
	}
	err := p.cfg.Invitations.Answer(context.WithoutCancel(r.Context()), token, at)
	var problem lang.Problem
	if errors.As(p.words(err), &problem) && problem.Field == "at" {
		return p.page(r, r.Text(problem.Key, problem.Args), nil, http.StatusUnprocessableEntity)
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
