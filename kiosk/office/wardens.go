package office

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/sheet"
)

// wardensPage is who is on duty at which point and zone, and the form that assigns
// one. Names of people are not on it: a warden is a handheld, or a duty.
type wardensPage struct {
	Frame   frame
	Wardens []wardenLine
	Form    wardenForm
	// Who are the handhelds that can be chosen; with an empty one for a duty.
	Who, Points, Sites []choice
	Done               string
	Faults             faults
}

// wardenLine is one warden or duty.
type wardenLine struct {
	Who, Name string
	Duty      bool
	// Gone: the handheld is no warden of this campus any more.
	Gone bool
	At   []assigned
}

// assigned is one point or zone. Value is what its button sends; Lost that nobody
// has set up a point of that name any more.
type assigned struct {
	Value, Name string
	Zone, Lost  bool
}

// wardenForm is an assignment as it is written.
type wardenForm struct{ Who, Duty, Point, Zone, Site string }

func (o *Office) wardens(r request) (webkit.Response, error) {
	return o.wardensPage(r, wardensPage{Form: wardenForm{Site: o.cfg.Site}}), nil
}

func (o *Office) wardensPage(r request, p wardensPage) webkit.Page {
	p.Frame = o.frame(r, "wardens")
	book := o.cfg.Node.Points()
	for _, w := range book.Wardens() {
		l := wardenLine{Who: w.Who(), Name: w.Name, Duty: w.Duty != "", Gone: w.Gone}
		for _, x := range w.Points {
			l.At = append(l.At, assigned{Value: "point:" + string(x), Name: string(x), Lost: !book.Known(x)})
		}
		for _, z := range w.Zones {
			l.At = append(l.At, assigned{Value: "zone:" + z.String(), Name: string(z.Site) + ", " + string(z.Zone), Zone: true})
		}
		p.Wardens = append(p.Wardens, l)
	}
	p.Who = append(p.Who, choice{Word: r.Text("duties.a_duty", nil), Chosen: p.Form.Who == ""})
	p.Points = append(p.Points, choice{Word: r.Text("duties.no_point", nil), Chosen: p.Form.Point == ""})
	for _, x := range book.List() {
		p.Points = append(p.Points, choice{Value: string(x.Name), Word: string(x.Name), Chosen: p.Form.Point == string(x.Name)})
	}
	seen := map[string]bool{"": true}
	for _, n := range o.cfg.Nodes() {
		if n.Role == identity.RoleWarden && n.State != api.Revoked {
			p.Who = append(p.Who, choice{Value: n.Name, Word: n.Name, Chosen: p.Form.Who == n.Name})
		}
		if !seen[n.Site] {
			seen[n.Site] = true
			p.Sites = append(p.Sites, choice{Value: n.Site, Word: n.Site, Chosen: p.Form.Site == n.Site})
		}
	}
	return webkit.Page{Name: "wardens", Path: "/admin/wardens", Data: p}
}

// changeWardens does the one thing that was pressed: it takes away what was shown
// beside the button, or assigns what was written.
func (o *Office) changeWardens(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	p := wardensPage{Form: wardenForm{Site: o.cfg.Site}}
	book := o.cfg.Node.Points()
	var err error
	if r.Field("do") == "remove" {
		at, zones := readAssigned(r.Fields("at"))
		name := r.Field("name")
		if err = book.Take(ctx, r.by(), r.Field("who"), at, zones); err == nil {
			p.Done = r.Text("duties.removed", map[string]any{"Name": name})
		}
	} else {
		p.Form = wardenForm{Who: r.Field("who"), Duty: r.Field("duty"), Point: r.Field("point"), Zone: r.Field("zone"), Site: r.Field("site")}
		d := points.Duty{
			Name: cmp.Or(p.Form.Who, p.Form.Duty), Free: p.Form.Who == "", Point: record.PointName(p.Form.Point),
			Zone: record.ZoneID(p.Form.Zone), Site: record.SiteID(p.Form.Site),
		}
		switch {
		case p.Form.Who != "" && strings.TrimSpace(p.Form.Duty) != "":
			err = lang.Problem{Key: "duties.both", Field: "duty"}
		default:
			err = book.Assign(ctx, r.by(), d)
		}
		if err == nil {
			p = wardensPage{Form: wardenForm{Site: o.cfg.Site}, Done: r.Text("duties.saved", map[string]any{"Name": sheet.Tidy(d.Name)})}
		}
	}
	var s *sheet.Problem
	if errors.As(err, &s) {
		q := inSheet(s)
		q.Field = dutyFields[s.Key]
		err = q
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.wardensPage(r, p)
		})
	}
	return o.wardensPage(r, p), nil
}

// readAssigned reads what buttons send; what is none of it is passed over.
func readAssigned(all []string) (at []record.PointName, zones []points.Zone) {
	for _, x := range all {
		if name, ok := strings.CutPrefix(x, "point:"); ok {
			at = append(at, record.PointName(name))
		}
		if name, ok := strings.CutPrefix(x, "zone:"); ok {
			if site, zone, ok := strings.Cut(name, "/"); ok {
				zones = append(zones, points.Zone{Site: record.SiteID(site), Zone: record.ZoneID(zone)})
			}
		}
	}
	return slices.Compact(at), slices.Compact(zones)
}

// dutyFields are where on the form what is wrong stands.
var dutyFields = map[string]string{
	"points.duty": "duty", "points.no_node": "who", "points.not_warden": "who", "points.unknown": "point", "points.zone": "zone",
	"points.no_site": "site", "points.nothing": "point", "points.full": "who",
}
