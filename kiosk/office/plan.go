package office

import (
	"context"
	"errors"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/plans"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/sheet"
)

// planLine is a site, and how it stands with its plan.
type planLine struct {
	Word, Path string
	Has        bool
	// Off is how many of its points are not on it.
	Off int
}

// planPage is the plan of a site, with its points on it.
type planPage struct {
	Frame frame
	Site  record.SiteID
	Word  string
	// Plan is nil where there is none. Larger is where the picture is as it is kept.
	Plan   *webkit.Plan
	Larger string
	Rows   []planRow
	// Kilobytes is how large a file may be, Side how wide a picture is kept.
	Kilobytes, Side int
	Done            string
	Faults          faults
}

// planRow is a point; X and Y are as they are written, in percent, WasX and WasY as
// they stood when the page was made.
type planRow struct {
	Number         int
	Name, Position string
	Kind           string
	X, Y           string
	WasX, WasY     string
}

func planPath(site record.SiteID) string {
	return "/admin/plan?" + url.Values{"site": {string(site)}}.Encode()
}

func (o *Office) planLines(r request) (out []planLine) {
	for _, site := range o.sites() {
		l := planLine{Word: siteWord(r, site), Path: planPath(site)}
		_, l.Has = o.cfg.Node.Plans().Of(site)
		for _, p := range o.pointsOf(site) {
			if p.Place == nil {
				l.Off++
			}
		}
		out = append(out, l)
	}
	return out
}

// pointsOf are the points and refuges on the plan of a site, placed or not.
func (o *Office) pointsOf(site record.SiteID) []points.Point {
	return slices.DeleteFunc(o.cfg.Node.Points().List(), func(p points.Point) bool { return p.Site != site })
}

func (o *Office) plan(r request) (webkit.Response, error) {
	site := record.SiteID(r.URL.Query().Get("site"))
	if !slices.Contains(o.sites(), site) {
		return nil, lang.Problem{Key: "page.missing"}
	}
	return o.planPage(r, site, planPage{}), nil
}

func (o *Office) planPage(r request, site record.SiteID, p planPage) webkit.Page {
	p.Frame, p.Site, p.Word = o.frame(r, "points"), site, siteWord(r, site)
	p.Kilobytes, p.Side = plans.MaxUpload>>10, plans.MaxSide
	var marks []webkit.PlanMark
	written := p.Rows
	p.Rows = nil
	for i, x := range o.pointsOf(site) {
		place := points.Place{X: points.NoPlace, Y: points.NoPlace}
		if x.Place != nil {
			place = *x.Place
		}
		row := planRow{Number: i + 1, Name: string(x.Name), Position: x.Position, Kind: kindWord(r, x.Kind), X: webkit.Percent(place.X), Y: webkit.Percent(place.Y)}
		row.WasX, row.WasY = row.X, row.Y
		// What was written and is not saved stays as it was written.
		if j := slices.IndexFunc(written, func(w planRow) bool { return w.Name == row.Name }); j >= 0 {
			row.X, row.Y, row.WasX, row.WasY = written[j].X, written[j].Y, written[j].WasX, written[j].WasY
		}
		p.Rows = append(p.Rows, row)
		marks = append(marks, webkit.PlanMark{Number: row.Number, X: place.X, Y: place.Y})
	}
	if small, ok := o.cfg.Node.Plans().Small(site); ok {
		whole, _ := o.cfg.Node.Plans().Of(site)
		at := func(id, more string) string {
			return "/admin/plan/picture?" + url.Values{"site": {string(site)}, "v": {id}}.Encode() + more
		}
		p.Plan = &webkit.Plan{Src: at(small.ID, ""), Alt: r.Text("plan.of", map[string]any{"Site": p.Word}), Width: small.Width, Height: small.Height, Marks: marks}
		p.Larger = at(whole.ID, "&whole=yes")
	}
	return webkit.Page{Name: "plan", Path: planPath(site), Data: p}
}

// planPicture is the picture of a site.
func (o *Office) planPicture(r request) (webkit.Response, error) {
	q := r.URL.Query()
	of := o.cfg.Node.Plans().Small
	if q.Get("whole") != "" {
		of = o.cfg.Node.Plans().Of
	}
	p, ok := of(record.SiteID(q.Get("site")))
	if !ok {
		return nil, lang.Problem{Key: "page.missing"}
	}
	return webkit.File{Type: p.Type, Name: "plan." + strings.TrimPrefix(p.Type, "image/"), Body: p.File, Version: p.ID}, nil
}

// changePlan does the one thing that was pressed: it keeps a picture, takes it away,
// or saves where the points are.
func (o *Office) changePlan(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	site, p, said := record.SiteID(r.Field("site")), planPage{}, "plan.kept"
	var err error
	switch r.Field("do") {
	case "plan":
		var file []byte
		if file, err = r.File("plan"); err != nil {
			return nil, err
		}
		_, err = o.cfg.Node.Plans().Set(ctx, r.by(), site, file)
	case "clear":
		said, err = "plan.taken", o.cfg.Node.Plans().Clear(ctx, r.by(), site)
	default:
		said, p.Rows = "plan.placed", rowsOf(r)
		err = o.place(ctx, r.by(), p.Rows)
	}
	var s *sheet.Problem
	if errors.As(err, &s) {
		err = inSheet(s)
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.planPage(r, site, p)
		})
	}
	return o.planPage(r, site, planPage{Done: r.Text(said, nil)}), nil
}

// rowsOf are the points of a form, as they are written there.
func rowsOf(r request) (out []planRow) {
	for n := 1; n <= points.MaxPoints; n++ {
		i := strconv.Itoa(n)
		if r.Field("name-"+i) == "" {
			break
		}
		out = append(out, planRow{Number: n, Name: r.Field("name-" + i), X: r.Field("x-" + i), Y: r.Field("y-" + i), WasX: r.Field("was-x-" + i), WasY: r.Field("was-y-" + i)})
	}
	return out
}

// place saves where points are that the form has moved: where another operator has
// moved one that this form leaves alone, it stays there. What cannot be read keeps
// all from being saved.
func (o *Office) place(ctx context.Context, by string, rows []planRow) error {
	type move struct {
		name record.PointName
		x, y int
	}
	var moved []move
	for _, w := range rows {
		if w.X == w.WasX && w.Y == w.WasY {
			continue
		}
		i := strconv.Itoa(w.Number)
		x, okX := perMille(w.X)
		y, okY := perMille(w.Y)
		switch {
		case !okX || okY && x < 0 && y >= 0:
			return lang.Problem{Key: "points.place", Field: "x-" + i}
		case !okY || y < 0 && x >= 0:
			return lang.Problem{Key: "points.place", Field: "y-" + i}
		case !o.cfg.Node.Points().Known(record.PointName(w.Name)):
			return lang.Problem{Key: "points.unknown"}
		}
		moved = append(moved, move{record.PointName(w.Name), x, y})
	}
	for _, m := range moved {
		if _, err := o.cfg.Node.Points().Put(ctx, by, m.name, points.Edit{X: &m.x, Y: &m.y}); err != nil {
			return err
		}
	}
	return nil
}

// perMille reads percent as people write them; nothing is no place.
func perMille(text string) (int, bool) {
	if text == "" {
		return points.NoPlace, true
	}
	v, err := strconv.ParseFloat(strings.Replace(strings.TrimSuffix(text, "%"), ",", ".", 1), 64)
	if err != nil || !(v >= 0 && v <= 100) {
		return 0, false
	}
	return int(math.Round(v * 10)), true
}
