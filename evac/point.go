package evac

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// pointCookie keeps on the device at which point its warden stands: the name
// of a place, and nothing of anybody.
const pointCookie = "upprop_point"

// pointLine is where this warden stands. Name is empty until it is chosen.
type pointLine struct {
	Name record.PointName
	// Unknown: nobody has set up a point of that name.
	Unknown bool
	Path    string
	// Where shows it on its plan; empty where it is on none.
	Where string
}

// here is the point that was chosen on this device, if any.
func (s *Service) here(r *webkit.Request) record.PointName {
	c, err := r.Cookie(pointCookie)
	if err != nil {
		return ""
	}
	name, err := url.QueryUnescape(c.Value)
	if err != nil || record.CheckPlaceName(name) != nil {
		return ""
	}
	return record.PointName(name)
}

func (s *Service) pointLine(r *webkit.Request) pointLine {
	name := s.here(r)
	return pointLine{Name: name, Unknown: name != "" && !s.knownPoint(name), Path: path("/warden/point", siteOf(r)), Where: s.whereIs(name, siteOf(r))}
}

func (s *Service) knownPoint(name record.PointName) bool {
	if s.cfg.KnownPoint != nil {
		return s.cfg.KnownPoint(name)
	}
	// Where nobody can set up a point, none is unknown.
	return s.cfg.Points == nil || slices.ContainsFunc(s.cfg.Points(), func(p Point) bool { return p.Name == name })
}

func (s *Service) points() []Point {
	if s.cfg.Points == nil {
		return nil
	}
	return s.cfg.Points()
}

// refuges are where people can wait for help.
func (s *Service) refuges() (all []Point) {
	return slices.DeleteFunc(slices.Clone(s.points()), func(p Point) bool { return !p.Refuge })
}

// pointPage is where a warden says at which point they stand.
type pointPage struct {
	Site         record.SiteID
	Here         pointLine
	Points       []pointChoice
	Plans        []planLink
	Other, Fault string
	Home         string
}

// pointChoice is a point that can be chosen; Where as in pointLine.
type pointChoice struct {
	Point
	Where string
}

func (s *Service) pointPage(r *webkit.Request) (webkit.Response, error) {
	return s.choosePoint(r, pointPage{})
}

func (s *Service) choosePoint(r *webkit.Request, p pointPage) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	site := siteOf(r)
	p.Site, p.Here, p.Home = site, s.pointLine(r), path("/warden", site)
	for _, at := range s.points() {
		// Who walks along with somebody at a refuge still stands at a point.
		if !at.Refuge && (site == "" || at.Site == "" || at.Site == site) {
			p.Points = append(p.Points, pointChoice{at, s.where(at, site)})
		}
	}
	p.Plans = s.planLinks(r, site)
	status := 0
	if p.Fault != "" {
		status = http.StatusUnprocessableEntity
	}
	return webkit.Page{Name: "point", Path: path("/warden/point", site), Status: status, Data: p}, nil
}

// setPoint keeps the choice on the device. A point that nobody has set up is
// kept, and marks at it are flagged.
func (s *Service) setPoint(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	name := r.Field("point")
	if name == "" {
		name = r.Field("other")
	}
	if name != "" && record.CheckPlaceName(name) != nil {
		return s.choosePoint(r, pointPage{Other: name, Fault: r.Text("point.malformed", nil)})
	}
	c := &http.Cookie{
		Name: pointCookie, Value: url.QueryEscape(name), Path: "/warden", MaxAge: 30 * 24 * 3600,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
	if name == "" {
		c.MaxAge = -1
	}
	return webkit.Redirect{To: r.Link(path("/warden", siteOf(r))), Cookie: c}, nil
}

// number is a figure from a form or an address, zero for anything else.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// errNoEvacuation is told to whoever wants to mark people while none runs.
var errNoEvacuation = lang.Problem{Key: lang.EvacuationNone}
