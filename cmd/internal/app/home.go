package app

import (
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/look"
)

//go:embed pages/*.html words/*.toml
var files embed.FS

// home is the page that says which node this is and what it offers.
type home struct{ at place }

// homePage is what the page shows.
type homePage struct {
	Name, Role, Campus, Site, Place string
	Kiosk, Desk                     bool
}

func newHome(at place, wears func() look.Look, log *slog.Logger, now func() time.Time) (http.Handler, error) {
	words, err := fs.Sub(files, "words")
	if err != nil {
		return nil, err
	}
	catalog, err := lang.Load(words)
	if err != nil {
		return nil, err
	}
	pages, err := fs.Sub(files, "pages")
	if err != nil {
		return nil, err
	}
	h := home{at}
	return webkit.New(webkit.Config{
		Prefix: "/home", Pages: pages, Catalog: catalog,
		Place: webkit.Place{Campus: at.campus, Site: at.site, Node: at.name},
		Look:  wears, Hosts: at.names(), Clock: now, Logger: log,
	}, []webkit.Route{
		{Method: "GET", Pattern: "/{$}", Handler: h.show},
		{Method: "GET", Pattern: "/home", Handler: h.show},
	})
}

func (h home) show(r *webkit.Request) (webkit.Response, error) {
	p := homePage{Name: h.at.name, Role: r.Text(roleWords[h.at.role], nil), Campus: h.at.campus, Site: h.at.site, Kiosk: h.at.offersKiosk(), Desk: h.at.role == identity.RoleDesk}
	for _, part := range []string{h.at.zone, h.at.entrance} {
		if p.Place != "" && part != "" {
			p.Place += ", "
		}
		p.Place += part
	}
	return webkit.Page{Name: "home", Data: p}, nil
}

var roleWords = map[identity.Role]string{
	identity.RoleEntrance: "home.role_entrance",
	identity.RoleDesk:     "home.role_desk",
	identity.RoleWarden:   "home.role_warden",
	identity.RoleRelay:    "home.role_relay",
}
