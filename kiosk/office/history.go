package office

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/look"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/plans"
)

// historyPage are the last changes of settings, the newest first.
type historyPage struct {
	Frame frame
	Key   string // what is looked at; empty: all
	Lines []changeLine
	Most  int
	// Sure is the change that was asked to be put back, where others have come
	// since.
	Sure   string
	Faults faults
}

// changeLine is one change in words.
type changeLine struct {
	node.SettingEdit
	Group, When, Who, Where string
	// Was and Is are the values, Again what putting back would write.
	Was, Is, Again string
	// Over is the change of the setting that stands now.
	Over string
}

// settingGroups say where a setting belongs, by what its key begins with.
var settingGroups = []struct{ prefix, key string }{
	{node.CampusNameSetting, "settings.campus"},
	{node.DrillEverySetting, "settings.drill_every"},
	{node.SignOutAfterSetting, "settings.sign_out"},
	{node.RemindDeliverySetting, "settings.remind"},
	{look.Prefix, "look.title"},
	{badges.Prefix, "badges.title"},
	{"retention/", "settings.retention"},
	{"operators.factor/", "factor.roles"},
	{"operator/", "office.operators"},
	{"type/", "office.types"},
	{"document/", "office.documents"},
	{"point/", "office.points"},
	{plans.Prefix, "plan.title"},
	{"warden/", "office.points"},
	{"why/", "statements.title"},
	{"privacy/", "statements.title"},
	{"consent/", "statements.title"},
}

func (o *Office) history(r request) (webkit.Response, error) {
	return o.historyPage(r, r.URL.Query().Get("key"), nil)
}

func (o *Office) historyPage(r request, key string, f faults) (webkit.Page, error) {
	all, err := o.cfg.Node.SettingHistory(key)
	if err != nil {
		return webkit.Page{}, err
	}
	p := historyPage{Frame: o.frame(r, "settings"), Key: key, Most: node.MaxSettingEdits, Faults: f}
	now, stands := o.cfg.Clock(), map[string]string{}
	for _, e := range all {
		if e.Stands {
			stands[e.Key] = e.ID
		}
	}
	for _, e := range all {
		l := changeLine{SettingEdit: e, Where: o.nameOf(e.Node), Who: o.whoDid(r, e.By), Was: settingValue(r, e.Key, e.From), Is: settingValue(r, e.Key, e.To), Over: stands[e.Key]}
		if !e.At.IsZero() {
			l.When = o.moment(r, e.At, now)
		}
		if e.Back != nil {
			l.Again = settingValue(r, e.Key, *e.Back)
		}
		for _, g := range settingGroups {
			if l.Group == "" && strings.HasPrefix(e.Key, g.prefix) {
				l.Group = r.Text(g.key, nil)
			}
		}
		p.Lines = append(p.Lines, l)
	}
	return webkit.Page{Name: "history", Path: "/admin/history", Data: p}, nil
}

// settingValue is a value in words; a long one is cut.
func settingValue(r request, key, value string) string {
	switch value {
	case "true":
		return r.Text("history.yes", nil)
	case "false":
		return r.Text("history.no", nil)
	case look.None:
		if strings.HasPrefix(key, look.Prefix) || strings.HasPrefix(key, plans.Prefix) {
			return r.Text("history.none_set", nil)
		}
	}
	if strings.HasPrefix(key, "operator/") && strings.HasSuffix(key, "/role") && value != "" {
		return roleWord(r.Request, operators.Role(value))
	}
	const most = 80
	if all := []rune(value); len(all) > most {
		return string(all[:most]) + "…"
	}
	return value
}

// whoDid is who is on record, by the name that desks know.
func (o *Office) whoDid(r request, by string) string {
	id, ok := strings.CutPrefix(by, "operator ")
	if one, known := o.cfg.Node.Operators().Get(operators.ID(id)); ok && known && one.Alias != "" {
		return one.Alias.Reveal()
	}
	switch {
	case by == "":
		return ""
	case ok && len(id) == 10:
		return id
	}
	return r.Text("history.at_node", nil)
}

// undoSetting puts one setting back.
func (o *Office) undoSetting(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	key := r.Field("key")
	if _, err := o.cfg.Node.UndoSetting(ctx, r.by(), r.Field("id"), r.Field("over")); err != nil {
		page, bad := o.historyPage(r, key, nil)
		if bad != nil {
			return nil, bad
		}
		return fault(r.Request, err, func(f faults) webkit.Page {
			p, _ := page.Data.(historyPage)
			p.Faults = f
			if errors.Is(err, node.ErrChangedSince) {
				p.Sure = r.Field("id")
			}
			page.Data = p
			return page
		})
	}
	to := "/admin/history"
	if key != "" {
		to += "?key=" + url.QueryEscape(key)
	}
	return webkit.Redirect{To: r.Link(to)}, nil
}
