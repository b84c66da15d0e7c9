package evac

import (
	"net/url"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/plans"
)

// Plans are pictures of the sites, on which points are seen; of no site, that of the
// whole campus. They are asked often.
type Plans interface {
	// Of is a picture as it is kept, Small as pages show it.
	Of(record.SiteID) (plans.Plan, bool)
	Small(record.SiteID) (plans.Plan, bool)
}

// planPage shows where the points of a site are.
type planPage struct {
	Word string
	Plan webkit.Plan
	// Larger is where the picture is as it is kept.
	Larger       string
	Points       []planPoint
	Home, Choose string
}

// planPoint is a point in the list beside the picture.
type planPoint struct {
	webkit.PlanMark
	Name, Position string
	Refuge         bool
}

// planLink leads to a plan.
type planLink struct{ Word, Path string }

// where is the page that shows a point on its plan; empty where it is on none.
func (s *Service) where(p Point, site record.SiteID) string {
	if s.cfg.Plans == nil || p.Place == nil {
		return ""
	}
	if _, ok := s.cfg.Plans.Of(p.Site); !ok {
		return ""
	}
	return planPath(site, p.Site, p.Name)
}

// whereIs is where, of a point by its name.
func (s *Service) whereIs(name record.PointName, site record.SiteID) string {
	all := s.points()
	i := slices.IndexFunc(all, func(p Point) bool { return p.Name == name })
	if name == "" || i < 0 {
		return ""
	}
	return s.where(all[i], site)
}

// planPath is the page with the plan of a site, kept to what the list is kept to.
func planPath(site, of record.SiteID, point record.PointName) string {
	q := url.Values{"of": {string(of)}}
	if site != "" {
		q.Set("site", string(site))
	}
	if point != "" {
		q.Set("point", string(point))
	}
	return "/warden/plan?" + q.Encode()
}

// planLinks are the plans that concern a site, or all.
func (s *Service) planLinks(r *webkit.Request, site record.SiteID) (out []planLink) {
	if s.cfg.Plans == nil {
		return nil
	}
	var seen []record.SiteID
	for _, p := range s.points() {
		if p.Place == nil || slices.Contains(seen, p.Site) || site != "" && p.Site != "" && p.Site != site {
			continue
		}
		seen = append(seen, p.Site)
		if _, ok := s.cfg.Plans.Of(p.Site); ok {
			out = append(out, planLink{r.Text("plan.of", map[string]any{"Site": planWord(r, p.Site)}), planPath(site, p.Site, "")})
		}
	}
	return out
}

func planWord(r *webkit.Request, of record.SiteID) string {
	if of == "" {
		return r.Text("plan.campus", nil)
	}
	return string(of)
}

func (s *Service) planPage(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	q, site := r.URL.Query(), siteOf(r)
	of := record.SiteID(q.Get("of"))
	small, whole, ok := s.planOf(of)
	if !ok {
		return nil, lang.Problem{Key: "page.missing"}
	}
	p := planPage{Word: planWord(r, of), Home: path("/warden", site), Choose: path("/warden/point", site)}
	at := func(id, more string) string {
		return "/warden/plan/picture?" + url.Values{"of": {string(of)}, "v": {id}}.Encode() + more
	}
	p.Plan = webkit.Plan{Src: at(small.ID, ""), Alt: r.Text("plan.of", map[string]any{"Site": p.Word}), Width: small.Width, Height: small.Height}
	p.Larger = at(whole.ID, "&whole=yes")
	for _, x := range s.points() {
		if x.Site != of || x.Place == nil {
			continue
		}
		m := webkit.PlanMark{Number: len(p.Points) + 1, X: x.Place.X, Y: x.Place.Y, Here: string(x.Name) == q.Get("point")}
		p.Plan.Marks = append(p.Plan.Marks, m)
		p.Points = append(p.Points, planPoint{m, string(x.Name), x.Position, x.Refuge})
	}
	return webkit.Page{Name: "plan", Path: planPath(site, of, record.PointName(q.Get("point"))), Data: p}, nil
}

func (s *Service) planOf(of record.SiteID) (small, whole plans.Plan, ok bool) {
	if s.cfg.Plans == nil {
		return small, whole, false
	}
	whole, _ = s.cfg.Plans.Of(of)
	small, ok = s.cfg.Plans.Small(of)
	return small, whole, ok
}

// planPicture is the picture of a site, from this node itself.
func (s *Service) planPicture(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	p, whole, ok := s.planOf(record.SiteID(q.Get("of")))
	if !ok {
		return nil, lang.Problem{Key: "page.missing"}
	}
	if q.Get("whole") != "" {
		p = whole
	}
	return webkit.File{Type: p.Type, Name: "plan." + strings.TrimPrefix(p.Type, "image/"), Body: p.File, Version: p.ID}, nil
}
