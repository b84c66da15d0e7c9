package office

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/sheet"
)

// pointsPage is where people gather in an evacuation, and the form that adds a
// place or changes one.
type pointsPage struct {
	Frame  frame
	Points []points.Point
	// Form is what the form has; Old that it is of a point that is set up, whose
	// name then stands.
	Form  pointForm
	Old   bool
	Kinds []choice
	Sites []choice
	// Plans are the sites, each with how it stands with its plan.
	Plans  []planLine
	Done   string
	Faults faults
}

// pointForm is a point as it is written.
type pointForm struct{ Name, Kind, Site, Position, At, Capacity, Sv, En string }

func (o *Office) points(r request) (webkit.Response, error) {
	return o.pointsPage(r, pointsPage{Form: pointForm{Site: o.cfg.Site}}), nil
}

func (o *Office) pointsPage(r request, p pointsPage) webkit.Page {
	p.Frame, p.Points = o.frame(r, "points"), o.cfg.Node.Points().List()
	for _, k := range []points.Kind{points.Muster, points.Refuge} {
		p.Kinds = append(p.Kinds, choice{Value: string(k), Word: kindWord(r, k), Chosen: p.Form.Kind == string(k)})
	}
	for _, site := range o.sites() {
		p.Sites = append(p.Sites, choice{Value: string(site), Word: siteWord(r, site), Chosen: p.Form.Site == string(site)})
	}
	p.Plans = o.planLines(r)
	return webkit.Page{Name: "points", Path: "/admin/points", Data: p}
}

// sites are none, which is all of the campus, and each that a node stands at.
func (o *Office) sites() []record.SiteID {
	out := []record.SiteID{""}
	for _, n := range o.cfg.Nodes() {
		if site := record.SiteID(n.Site); !slices.Contains(out, site) {
			out = append(out, site)
		}
	}
	return out
}

func siteWord(r request, site record.SiteID) string {
	if site == "" {
		return r.Text("places.campus", nil)
	}
	return string(site)
}

func kindWord(r request, k points.Kind) string {
	if k == points.Refuge {
		return r.Text("places.kind_refuge", nil)
	}
	return r.Text("places.kind_point", nil)
}

// changePoints does the one thing that was pressed: it shows the form of one
// place, removes one, or saves what was written.
func (o *Office) changePoints(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	p, name := pointsPage{Form: pointForm{Site: o.cfg.Site}}, r.Field("name")
	book := o.cfg.Node.Points()
	var err error
	switch r.Field("do") {
	case "show":
		for _, x := range book.List() {
			if string(x.Name) == name {
				p.Form, p.Old = formOfPoint(x), true
			}
		}
	case "remove":
		if err = book.Remove(ctx, r.by(), record.PointName(name)); err == nil {
			p.Done = r.Text("places.removed", map[string]any{"Name": name})
		}
	default:
		p.Old = r.Field("old") != ""
		p.Form = pointForm{
			Name: name, Kind: r.Field("kind"), Site: r.Field("site"), Position: r.Field("position"), At: r.Field("at"),
			Capacity: r.Field("capacity"), Sv: r.Field("sv"), En: r.Field("en"),
		}
		var saved points.Point
		if saved, err = o.putPoint(ctx, r.by(), p.Form, p.Old); err == nil {
			p = pointsPage{Form: pointForm{Site: o.cfg.Site}, Done: r.Text("places.saved", map[string]any{"Name": string(saved.Name)})}
		}
	}
	var s *sheet.Problem
	if errors.As(err, &s) {
		q := inSheet(s)
		q.Field = pointFields[s.Key]
		if q.Field == "" && s.Field == "text" {
			q.Field = "sv"
		} else if q.Field == "" {
			q.Field = s.Field
		}
		err = q
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.pointsPage(r, p)
		})
	}
	return o.pointsPage(r, p), nil
}

// putPoint saves a form. A new point takes no other's name.
func (o *Office) putPoint(ctx context.Context, by string, f pointForm, old bool) (points.Point, error) {
	book, name := o.cfg.Node.Points(), record.PointName(f.Name)
	if !old && book.Known(name) {
		return points.Point{}, lang.Problem{Key: "places.taken", Field: "name"}
	}
	capacity := 0
	if text := strings.TrimSpace(f.Capacity); text != "" {
		var err error
		if capacity, err = strconv.Atoi(text); err != nil {
			capacity = -1
		}
	}
	kind, site := points.Kind(f.Kind), record.SiteID(f.Site)
	return book.Put(ctx, by, name, points.Edit{
		Kind: &kind, Site: &site, Position: &f.Position, At: &f.At, Capacity: &capacity,
		Text: map[string]string{string(lang.Swedish): f.Sv, string(lang.English): f.En},
	})
}

// pointFields are where on the form what is wrong stands.
var pointFields = map[string]string{
	"points.name": "name", "points.alike": "name", "points.full": "name", "points.unknown": "name", "points.kind": "kind",
	"points.no_site": "site", "points.at": "at", "points.capacity": "capacity",
}

func formOfPoint(x points.Point) pointForm {
	f := pointForm{
		Name: string(x.Name), Kind: string(x.Kind), Site: string(x.Site), Position: x.Position,
		Sv: x.Text[string(lang.Swedish)], En: x.Text[string(lang.English)],
	}
	if x.At != nil {
		f.At = x.At.String()
	}
	if x.Capacity > 0 {
		f.Capacity = strconv.Itoa(x.Capacity)
	}
	return f
}
