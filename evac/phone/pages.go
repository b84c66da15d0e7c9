package phone

import (
	"errors"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/pairing"
)

// Words is the catalog of the page that pairs phones, beside the base catalog.
// The page that is kept on a phone has its own, in words.js.
func Words() fs.FS { return sub("words") }

// sub is one of the embedded folders, which are there at compile time.
func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return f
}

// newPages puts the kept page, its worker and the page that pairs together.
func (s *Service) newPages() (http.Handler, error) {
	words, err := lang.Load(Words())
	if err != nil {
		return nil, err
	}
	pair, err := webkit.New(webkit.Config{
		Prefix: "/phone", Pages: sub("pages"), Catalog: words,
		Place: webkit.Place{Campus: s.cfg.CampusName, Site: s.cfg.Site, Node: s.cfg.NodeName},
		Hosts: s.cfg.Hosts, Clock: s.cfg.Now, Logger: s.cfg.Logger,
	}, []webkit.Route{
		{Method: "GET", Pattern: "/phone/pair", Handler: s.pairPage},
		{Method: "POST", Pattern: "/phone/pair", Handler: s.pair},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pair)
	kept := func(w http.ResponseWriter, r *http.Request) { s.app.serve(w, r, shell) }
	mux.HandleFunc("GET /phone", kept)
	mux.HandleFunc("GET /phone/{$}", kept)
	mux.HandleFunc("GET /phone/worker.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Service-Worker-Allowed", "/phone")
		s.app.serve(w, r, worker)
	})
	mux.HandleFunc("GET /phone/app/{file}", func(w http.ResponseWriter, r *http.Request) {
		s.app.serve(w, r, r.PathValue("file"))
	})
	return mux, nil
}

// pairView is what the page that pairs shows.
type pairView struct {
	// Reach is where this node's pages are; Local: on this machine alone.
	Reach string
	Local bool
	// Secure: over HTTPS, with the campus's own root.
	Secure bool
	Days   []int
	// The new pairing, once there is one.
	ID, Label string
	Ends      time.Time
	Link      string
	QR        template.HTML
}

func (s *Service) view() pairView {
	v := pairView{Days: []int{1, 7, 28}, Reach: strings.TrimSuffix(s.cfg.Web, "/"), Local: true}
	if u, err := url.Parse(s.cfg.Web); err == nil {
		ip := net.ParseIP(u.Hostname())
		v.Secure, v.Local = u.Scheme == "https", u.Host == "" || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	}
	return v
}

// errNotHere is told to whom the page is not for.
var errNotHere = lang.Problem{Key: "pair.not_here"}

func (s *Service) pairPage(r *webkit.Request) (webkit.Response, error) {
	if s.cfg.Withhold(r.Request) {
		return nil, errNotHere
	}
	return webkit.Page{Name: "pair", Data: s.view()}, nil
}

// pair makes a pairing. The page that shows it is no other's: it is not behind
// an address that could be opened again.
func (s *Service) pair(r *webkit.Request) (webkit.Response, error) {
	if s.cfg.Withhold(r.Request) {
		return nil, errNotHere
	}
	v := s.view()
	i := slices.Index([]string{"1", "7", "28"}, r.Field("days"))
	if i < 0 {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	k, err := s.cfg.Pairings.Pair(r.Context(), r.Field("label"), time.Duration(v.Days[i])*24*time.Hour)
	var p *pairing.Problem
	switch {
	case errors.As(err, &p) && p.Key == "phone.label_long":
		return nil, lang.Problem{Key: "pair.label_long", Args: map[string]any{"Limit": pairing.MaxLabel}}
	case errors.As(err, &p):
		return nil, lang.Problem{Key: "pair.label_bad"}
	case err != nil:
		return nil, err
	}
	v.ID, v.Label, v.Ends = k.ID.String(), k.Label, k.Expires
	v.Link = v.Reach + "/phone#" + k.Text()
	if v.QR, err = badge.SVG(v.Link, r.Text("pair.qr", nil)); err != nil {
		return nil, err
	}
	return webkit.Page{Name: "pair", Path: "/phone/pair", Data: v}, nil
}
