package app

import (
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/api"
)

// screens are everything that is served, built for the place where the node
// stands, and anew when that changes: a node that has just joined learns its
// campus's name a moment later.
type screens struct {
	app *App
	api *api.API

	mu     sync.Mutex
	built  http.Handler
	of     place
	kiosk  *kiosk.Kiosk
	closed bool
}

// place is what the screens say about the node.
type place struct {
	campus, site, zone, entrance, name string
	role                               identity.Role
}

func (a *App) place() place {
	m := a.node.Self()
	return place{campus: a.node.CampusName(), site: m.Site, zone: m.Zone, entrance: m.Entrance, name: m.Name, role: m.Role}
}

func (s *screens) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, err := s.current()
		if err != nil {
			s.app.log.Error("screens not built", "err", err.Error())
			http.Error(w, "the screens of this node cannot be shown", http.StatusInternalServerError)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// current are the screens for where the node stands now.
func (s *screens) current() (http.Handler, error) {
	at := s.app.place()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return http.NotFoundHandler(), nil
	}
	if s.built != nil && s.of == at {
		return s.built, nil
	}
	k, h, err := s.build(at)
	if err != nil {
		return nil, err
	}
	old := s.kiosk
	s.kiosk, s.built, s.of = k, h, at
	if old != nil {
		err = old.Close()
	}
	return h, err
}

func (s *screens) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.kiosk == nil {
		return nil
	}
	return s.kiosk.Close()
}

func (s *screens) build(at place) (*kiosk.Kiosk, http.Handler, error) {
	a := s.app
	muster, err := evac.New(evac.Config{
		House: house{a}, Withhold: withhold,
		NodeName: at.name, Site: at.site, CampusName: at.campus, Hosts: names(), Logger: a.log,
	})
	if err != nil {
		return nil, nil, err
	}
	home, err := newHome(at, a.log, a.now)
	if err != nil {
		return nil, nil, err
	}
	counted, err := a.metrics()
	if err != nil {
		return nil, nil, err
	}
	k, err := kiosk.New(kiosk.Config{
		Visits: door{a.node.Visits()}, NodeName: at.name, Site: at.site, Entrance: at.entrance,
		CampusName: at.campus, Hosts: names(), Clock: a.now, Logger: a.log,
		Closed: func() error {
			if err := a.node.Barred(); err != nil {
				return inWords(err)
			}
			return nil
		},
	})
	if err != nil {
		return nil, nil, err
	}
	programs := http.NewServeMux()
	s.api.Register(programs)
	muster.API(programs)

	mux := http.NewServeMux()
	mux.Handle("/", home)
	if at.offersKiosk() {
		mux.Handle("/kiosk", k)
		mux.Handle("/kiosk/", k)
	}
	mux.Handle("/warden", muster)
	mux.Handle("/warden/", muster)
	mux.Handle("GET /api/v1/openapi.json", programs)
	mux.Handle("/api/v1/", api.Guarded(programs))
	mux.HandleFunc("GET /campus-root.crt", a.campusRoot)
	mux.HandleFunc("GET /healthz", a.health)
	mux.Handle("GET /metrics", counted)
	return k, mux, nil
}

// offersKiosk reports whether people check in and out here.
func (p place) offersKiosk() bool { return p.role != identity.RoleRelay }

// names are what this machine is called by others, besides its addresses.
func names() []string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return nil
	}
	name = strings.ToLower(name)
	return []string{name, name + ".local"}
}

// withhold reports whether a request may come from another machine without
// the right to read names: a screen there has nobody's word for who looks at
// it.
func withhold(r *http.Request) bool {
	if api.Trusted(r) {
		return false
	}
	for _, proxied := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(proxied) != "" {
			return true
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err != nil || ip == nil || !ip.IsLoopback()
}
