package app

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/evac/paper"
	"github.com/upprop/upprop/evac/phone"
	"github.com/upprop/upprop/evac/reply"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/guest"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/office"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/doctor"
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
	office *office.Office
	// staff are who is signed in; they stay when the screens are built anew.
	staff  *office.Sessions
	closed bool
	// memory is what doors hold for pages on a screen; it stays, too.
	memory *kiosk.Memory
}

// place is what the screens say about the node.
type place struct {
	campus, site, zone, entrance, name string
	// languages is another when visitors are spoken to in others.
	languages string
	role      identity.Role
	phone     string
	domain    string
}

func (a *App) place() place {
	m := a.node.Self()
	return place{campus: a.node.CampusName(), site: m.Site, zone: m.Zone, entrance: m.Entrance, name: m.Name, role: m.Role, phone: a.node.ReceptionPhone(), domain: a.node.Domain(), languages: a.node.Languages().Mark()}
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
	k, o, h, err := s.build(at)
	if err != nil {
		return nil, err
	}
	err = s.put()
	s.kiosk, s.office, s.built, s.of = k, o, h, at
	return h, err
}

// put closes what was built before. Callers hold mu.
func (s *screens) put() error {
	if s.kiosk == nil {
		return nil
	}
	return errors.Join(s.kiosk.Close(), s.office.Close())
}

func (s *screens) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	defer s.memory.Forget()
	defer s.staff.Forget()
	return s.put()
}

func (s *screens) build(at place) (*kiosk.Kiosk, *office.Office, http.Handler, error) {
	a := s.app
	papers, err := paper.New()
	if err != nil {
		return nil, nil, nil, err
	}
	muster, err := evac.New(evac.Config{
		House: house{a}, Withhold: withhold, Alarm: bell{a.node.Alarm()}, Cables: a.cables(), PIN: a.PIN(), TypeWord: a.typeWord,
		Points: a.gatherings, Plans: a.node.Plans(), KnownPoint: a.node.Points().Known, Paper: papers, Printed: a.node.Printed,
		NodeName: at.name, Site: at.site, CampusName: at.campus, Look: a.node.Look().Now, Hosts: at.names(), Logger: a.log,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	a.node.Labels().Sample(a.sampleLabel)
	a.node.Printer().Make(func(l string) ([]byte, error) { return muster.ListPaper(lang.Locale(l)) })
	phones, err := phone.New(phone.Config{
		Pairings: a.node.Phones(), Alarm: a.node.Alarm(), List: a.phoneList(muster),
		Refuges: muster.RefugesIn, Nodes: a.otherNodes, Points: a.phonePoints, Withhold: withhold, Web: strings.TrimSuffix(a.url, "/"),
		NodeName: at.name, Site: at.site, CampusName: at.campus, Hosts: at.names(), Now: a.now, Logger: a.log,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	home, err := newHome(at, a.node.Look().Now, a.log, a.now)
	if err != nil {
		return nil, nil, nil, err
	}
	answers, err := a.answers(at)
	if err != nil {
		return nil, nil, nil, err
	}
	guests, err := a.guests(at)
	if err != nil {
		return nil, nil, nil, err
	}
	hosts, err := a.hosts(at)
	if err != nil {
		return nil, nil, nil, err
	}
	counted, err := a.metrics()
	if err != nil {
		return nil, nil, nil, err
	}
	offered, extra := a.languages()
	k, err := kiosk.New(kiosk.Config{
		Memory: s.memory, Languages: offered, Extra: extra, Look: a.node.Look().Now,
		Visits: door{a.node.Visits(), a.node.Documents()}, NodeName: at.name, Site: at.site, Entrance: at.entrance,
		CampusName: at.campus, Hosts: at.names(), Clock: a.now, Logger: a.log,
		Evacuation: func() (kiosk.Evacuation, bool) { return a.evacuation(record.SiteID(at.site)) },
		Hear: func(ctx context.Context, refuge string, count int, seen string) error {
			return a.hear(ctx, alarm.HearRequest{Point: record.PointName(refuge), Count: count, How: "screen"}, seen)
		},
		Types: a.kioskTypes, Invitations: invited{a.node.Invitations()}, FindHosts: a.kioskHosts,
		Consent: func(l lang.Locale) (string, lang.Locale) {
			w := a.node.Words(consent.Assist, string(l))
			return w.Text, lang.Locale(w.Lang)
		},
		PhotoConsent: func(l lang.Locale) (string, lang.Locale) {
			w := a.node.Words(consent.Photo, string(l))
			return w.Text, lang.Locale(w.Lang)
		},
		Mine:  a.mine,
		Phone: at.phone,
		Help:  help{a.node.Calls()}, Entrances: a.otherEntrances,
		Print:  a.printBadges,
		Badges: func() badges.Layout { return a.node.Badges().Now() }, Where: cmp.Or(at.zone, at.site),
		RetentionDays: func() int { return int(a.node.Keep("visitor").Card) },
		Closed: func() error {
			if err := a.node.Barred(); err != nil {
				return inWords(err)
			}
			return nil
		},
	})
	if err != nil {
		return nil, nil, nil, err
	}
	staff, err := office.New(office.Config{
		Node: a.node, Sessions: s.staff, Nodes: s.api.Nodes, Findings: func() []doctor.Finding { return s.api.Diagnose().Findings },
		AtNode: func(r *http.Request) bool { return !withhold(r) },
		LanguageTemplate: func(l string) ([]byte, error) {
			return lang.Template(lang.Locale(l), reply.Words(), guest.Words())
		},
		PDF: func(w io.Writer, l lang.Locale, text, mark string) error {
			return papers.Plain(w, l, text, mark, a.now())
		},
		NodeName: at.name, Site: at.site, CampusName: at.campus, Hosts: at.names(), Clock: a.now, Logger: a.log, Print: a.printBadges,
	})
	if err != nil {
		return nil, nil, nil, errors.Join(err, k.Close())
	}
	programs := http.NewServeMux()
	s.api.Register(programs)
	muster.API(programs)

	mux := http.NewServeMux()
	// The house's logo and sheet are home's, among them.
	mux.Handle("/", home)
	if at.offersKiosk() {
		mux.Handle("/kiosk", k)
		mux.Handle("/kiosk/", k)
	}
	for _, path := range []string{"/login", "/login/", "/logout", "/desk", "/desk/", "/admin", "/admin/"} {
		mux.Handle(path, staff)
	}
	mux.Handle("/r/", answers)
	mux.Handle("/i/", guests)
	mux.Handle("/a/", hosts)
	mux.Handle("/o/", k.Own())
	mux.Handle("/warden", muster)
	mux.Handle("/warden/", muster)
	mux.Handle("/phone", phones)
	mux.Handle("/phone/", phones)
	mux.Handle("/api/v1/phone/", phones.API())
	mux.Handle("GET /api/v1/openapi.json", programs)
	mux.Handle("POST /api/v1/trigger", programs) // its signature is its right
	mux.Handle("/api/v1/", api.Guarded(programs))
	mux.HandleFunc("GET /campus-root.crt", a.campusRoot)
	mux.HandleFunc("GET /healthz", a.health)
	mux.Handle("GET /metrics", counted)
	return k, staff, mux, nil
}

// offersKiosk reports whether people check in and out here.
func (p place) offersKiosk() bool { return p.role != identity.RoleRelay }

// names are what this machine is called by others, besides its addresses.
func (at place) names() (out []string) {
	if name, err := os.Hostname(); err == nil && name != "" {
		name = strings.ToLower(name)
		out = append(out, name, name+".local")
	}
	if at.domain != "" {
		out = append(out, at.domain, "."+at.domain)
	}
	return out
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
