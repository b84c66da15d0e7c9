package evac

import (
	"embed"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

//go:embed pages/*.html pages/parts/*.html static/* words/*.toml
var files embed.FS

// Words is the catalog of these screens, beside the base catalog.
func Words() fs.FS { return sub("words") }

// sub is one of the embedded folders, which are there at compile time.
func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return f
}

func newScreens(s *Service) (http.Handler, error) {
	words, err := lang.Load(Words())
	if err != nil {
		return nil, err
	}
	return webkit.New(webkit.Config{
		Prefix: "/warden", Pages: sub("pages"), Assets: sub("static"), Catalog: words,
		Place: webkit.Place{Campus: s.cfg.CampusName, Site: s.cfg.Site, Node: s.cfg.NodeName},
		Look:  s.cfg.Look, Hosts: s.cfg.Hosts, Zone: s.cfg.Zone, Clock: s.cfg.House.Now, Logger: s.cfg.Logger,
	}, []webkit.Route{
		{Method: "GET", Pattern: "/warden", Handler: s.warden},
		{Method: "GET", Pattern: "/warden/{$}", Handler: s.warden},
		{Method: "GET", Pattern: "/warden/live", Handler: s.live},
		{Method: "GET", Pattern: "/warden/find", Handler: s.find},
		{Method: "POST", Pattern: "/warden/find", Handler: s.find},
		{Method: "POST", Pattern: "/warden/mark", Handler: s.mark},
		{Method: "GET", Pattern: "/warden/person/{code}", Handler: s.personPage},
		{Method: "POST", Pattern: "/warden/join", Handler: s.joinPerson},
		{Method: "GET", Pattern: "/warden/add", Handler: s.addPage},
		{Method: "POST", Pattern: "/warden/add", Handler: s.add},
		{Method: "GET", Pattern: "/warden/point", Handler: s.pointPage},
		{Method: "POST", Pattern: "/warden/point", Handler: s.setPoint},
		{Method: "GET", Pattern: "/warden/plan", Handler: s.planPage},
		{Method: "GET", Pattern: "/warden/plan/picture", Handler: s.planPicture},
		{Method: "GET", Pattern: "/warden/scan", Handler: s.scanPage},
		{Method: "GET", Pattern: "/warden/list.pdf", Handler: s.paperPage(paperList)},
		{Method: "GET", Pattern: "/warden/handover.pdf", Handler: s.paperPage(paperHandOver)},
		{Method: "GET", Pattern: "/warden/sweep", Handler: s.sweepPage},
		{Method: "POST", Pattern: "/warden/sweep", Handler: s.sweep},
		{Method: "GET", Pattern: "/warden/refuge", Handler: s.refugePage},
		{Method: "POST", Pattern: "/warden/refuge", Handler: s.tell},
		{Method: "GET", Pattern: "/warden/pin", Handler: s.pinPage},
		{Method: "POST", Pattern: "/warden/pin", Handler: s.usePIN},
		{Method: "GET", Pattern: "/warden/alarm", Handler: s.alarmPage},
		{Method: "POST", Pattern: "/warden/alarm/start", Handler: s.start},
		{Method: "POST", Pattern: "/warden/alarm/end", Handler: s.end},
	})
}

// reload is how often a browser without script gets the page anew.
const reload = 5 * time.Second

// warden shows the list. With script it is live from then on; without, the
// page comes anew.
func (s *Service) warden(r *webkit.Request) (webkit.Response, error) {
	site := siteOf(r)
	b, err := s.board(r, site)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	b.show(r, q.Get("tab"), number(q.Get("from")))
	b.Done = s.wasDone(r)
	b.Live = path("/warden/live", site)
	if fault := r.URL.Query().Get("pin"); faults[fault] != "" {
		b.Live += map[bool]string{true: "?", false: "&"}[site == ""] + "pin=" + fault
	}
	return webkit.Page{Name: "warden", Path: place(site, q.Get("tab"), b.From), Data: b, Refresh: webkit.Refresh{After: reload}}, nil
}

// find is the list as it was at one moment, so that a browser without script
// leaves the reader time to write. What is sought comes in the form, never in
// the URL: it may be a name.
func (s *Service) find(r *webkit.Request) (webkit.Response, error) {
	site := siteOf(r)
	b, err := s.board(r, site)
	if err != nil {
		return nil, err
	}
	b.Still, b.Query, b.Pad = true, r.Field("q"), pad{}
	b.keep(r, b.Query)
	return webkit.Page{Name: "warden", Path: path("/warden/find", site), Data: b}, nil
}

// board reads the house and lays out what the page shows.
func (s *Service) board(r *webkit.Request, site record.SiteID) (board, error) {
	hidden := s.cfg.Withhold(r.Request)
	l, err := s.fold(s.gather(hidden), site)
	if err != nil {
		return board{}, problem(err)
	}
	b := s.lay(r, l, hidden)
	b.Sites = s.sites(r.URL.Path, site)
	return b, nil
}

// sites are the choices of a site: all, and each that has an entrance.
func (s *Service) sites(page string, here record.SiteID) []siteLink {
	known := map[record.SiteID]bool{}
	for _, e := range s.cfg.House.Entrances() {
		if e.Site != "" {
			known[e.Site] = true
		}
	}
	if len(known) < 2 && here == "" {
		return nil
	}
	links := []siteLink{{Path: path(page, ""), Here: here == ""}}
	for _, site := range slices.Sorted(maps.Keys(known)) {
		links = append(links, siteLink{Site: site, Path: path(page, site), Here: site == here})
	}
	return links
}

// keyOf is the key of a problem, or empty.
func keyOf(err error) string {
	var p lang.Problem
	if errors.As(err, &p) {
		return p.Key
	}
	return ""
}

func problem(err error) error {
	if errors.Is(err, ErrNoSite) {
		return lang.Problem{Key: "warden.no_site"}
	}
	return err
}

// siteOf is the site asked for, in the form or in the link.
func siteOf(r *webkit.Request) record.SiteID {
	if v := r.Field("site"); v != "" {
		return record.SiteID(v)
	}
	return record.SiteID(r.URL.Query().Get("site"))
}

// path is a page of the family, kept to a site.
func path(p string, site record.SiteID) string {
	if site == "" {
		return p
	}
	return p + "?" + url.Values{"site": {string(site)}}.Encode()
}
