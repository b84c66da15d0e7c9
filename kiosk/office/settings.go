package office

import (
	"context"
	"errors"
	"strconv"
	"strings"
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
	// SignOut is after how many hours inside the clock signs a visitor out.
	SignOut string
	// RemindDelivery is after how many days somebody is reminded of a delivery.
	RemindDelivery string
	// Phone is the reception's number, for doors.
	Phone string
	// Domain is that under whose names desks are reached.
	Domain  string
	History []settingLine
	Faults  faults
}

// settingLine is one earlier value of a setting, the newest first.
type settingLine struct {
	Value, Node    string
	Stands, Counts bool
}

func (o *Office) settings(r request) (webkit.Response, error) {
	return o.settingsPage(r, o.setNow(), nil), nil
}

// edited are the settings of the page, as they are or as they were written.
type edited struct{ campus, drillEvery, signOut, phone, remind, domain string }

func (o *Office) setNow() edited {
	n := o.cfg.Node
	return edited{n.CampusName(), strconv.Itoa(n.DrillEvery()), strconv.Itoa(n.SignOutAfter()), n.ReceptionPhone(), strconv.Itoa(n.RemindDelivery()), n.Domain()}
}

func (o *Office) settingsPage(r request, e edited, f faults) webkit.Page {
	p := settingsPage{
		Frame: o.frame(r, "settings"), Campus: e.campus, DrillEvery: e.drillEvery, SignOut: e.signOut, Phone: e.phone, RemindDelivery: e.remind, Domain: e.domain, LastDrill: r.Text("settings.no_drill", nil),
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

// setSetting sets the campus's name, also back to an earlier one, how often there
// should be a drill, or when the clock signs out.
func (o *Office) setSetting(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	e := o.setNow()
	var err error
	switch drill, out := r.Field("drill_every"), r.Field("sign_out"); {
	case drill != "":
		e.drillEvery = drill
		err = o.cfg.Node.EditSetting(ctx, r.by(), node.DrillEverySetting, drill)
	case out != "":
		e.signOut = out
		err = o.cfg.Node.EditSetting(ctx, r.by(), node.SignOutAfterSetting, out)
	case r.Field("remind") != "":
		e.remind = r.Field("remind")
		err = o.cfg.Node.EditSetting(ctx, r.by(), node.RemindDeliverySetting, e.remind)
	case r.Field("set") == "phone":
		e.phone = r.Field("phone")
		err = o.cfg.Node.EditSetting(ctx, r.by(), node.ReceptionPhoneSetting, e.phone)
	case r.Field("set") == "domain":
		e.domain = strings.ToLower(r.Field("domain"))
		err = o.cfg.Node.EditSetting(ctx, r.by(), node.DomainSetting, e.domain)
	default:
		e.campus = r.Field("campus")
		err = o.cfg.Node.EditSetting(ctx, r.by(), node.CampusNameSetting, e.campus)
	}
	switch {
	case errors.Is(err, node.ErrSettingValue):
		err = lang.Problem{Key: "nodes.bad_name", Field: "campus"}
	case errors.Is(err, node.ErrSignOutAfter):
		err = lang.Problem{Key: "settings.bad_hours", Field: "sign_out"}
	case errors.Is(err, node.ErrRemindDelivery):
		err = lang.Problem{Key: "settings.bad_reminder", Field: "remind"}
	case errors.Is(err, node.ErrReceptionPhone):
		err = lang.Problem{Key: "settings.bad_phone", Field: "phone"}
	case errors.Is(err, node.ErrDomain):
		err = lang.Problem{Key: "settings.bad_domain", Field: "domain"}
	case errors.Is(err, node.ErrDrillEvery):
		err = lang.Problem{Key: "settings.bad_days", Field: "drill_every"}
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.settingsPage(r, e, f) })
	}
	return webkit.Redirect{To: r.Link("/admin/settings")}, nil
}
