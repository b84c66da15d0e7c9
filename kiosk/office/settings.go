package office

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node"
)

// settingsPage is what is set for the whole campus.
type settingsPage struct {
	Frame     frame
	Campus    string
	Retention int // days that a name is kept
	// DrillEvery is after how many days without a drill the screens say so, and
	// LastDrill when the last was, in words.
	DrillEvery, LastDrill string
	History               []settingLine
	Faults                faults
}

// settingLine is one earlier value of a setting, the newest first.
type settingLine struct {
	Value, Node    string
	Stands, Counts bool
}

func (o *Office) settings(r request) (webkit.Response, error) {
	return o.settingsPage(r, o.cfg.Node.CampusName(), strconv.Itoa(o.cfg.Node.DrillEvery()), nil), nil
}

func (o *Office) settingsPage(r request, campus, drillEvery string, f faults) webkit.Page {
	p := settingsPage{
		Frame: o.frame(r, "settings"), Campus: campus, DrillEvery: drillEvery, LastDrill: r.Text("settings.no_drill", nil),
		Retention: int(o.cfg.Node.Keep("").Card), Faults: f,
	}
	if d, known := o.cfg.Node.LastDrill(); known {
		p.LastDrill = r.Text("settings.last_drill", map[string]any{"Day": d.Start().Format(time.DateOnly)})
	}
	for _, e := range o.cfg.Node.Replica().History(node.CampusNameSetting) {
		p.History = append([]settingLine{{
			Value: e.Value.String(), Node: o.nameOf(e.By), Stands: e.Stands, Counts: e.Counts,
		}}, p.History...)
	}
	return webkit.Page{Name: "settings", Path: "/admin/settings", Data: p}
}

// setSetting sets the campus's name, also back to an earlier one, or how often
// there should be a drill.
func (o *Office) setSetting(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	campus, every := o.cfg.Node.CampusName(), strconv.Itoa(o.cfg.Node.DrillEvery())
	var err error
	if given := r.Field("drill_every"); given != "" {
		every = given
		err = o.cfg.Node.EditSetting(ctx, r.by(), node.DrillEverySetting, every)
	} else {
		campus = r.Field("campus")
		err = o.cfg.Node.EditSetting(ctx, r.by(), node.CampusNameSetting, campus)
	}
	switch {
	case errors.Is(err, node.ErrSettingValue):
		err = lang.Problem{Key: "nodes.bad_name", Field: "campus"}
	case errors.Is(err, node.ErrDrillEvery):
		err = lang.Problem{Key: "settings.bad_days", Field: "drill_every"}
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.settingsPage(r, campus, every, f) })
	}
	return webkit.Redirect{To: r.Link("/admin/settings")}, nil
}
