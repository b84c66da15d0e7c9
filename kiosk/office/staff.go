package office

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
)

// operatorsPage is who may work at the desks, and the form for one more.
type operatorsPage struct {
	Frame     frame
	Operators []operatorLine
	Alias     string
	Roles     []choice
	// Required are the roles, chosen where they need a second factor.
	Required []choice
	Faults   faults
}

// operatorLine is one operator in words.
type operatorLine struct {
	ID, Alias, Role, State string
	Disabled, Lost, You    bool
	// Factor: they have a second factor. Passkeys is how many of those, and Behind
	// says that one's counter has said less than before.
	Factor   bool
	Passkeys int
	Behind   bool
}

func (o *Office) operators(r request) (webkit.Response, error) {
	return o.operatorsPage(r, "", operators.Reception, nil), nil
}

func (o *Office) operatorsPage(r request, alias string, role operators.Role, f faults) webkit.Page {
	p := operatorsPage{Frame: o.frame(r, "operators"), Alias: alias, Roles: rolesOf(r, role), Faults: f}
	for _, role := range operators.Roles() {
		p.Required = append(p.Required, choice{Value: string(role), Word: r.Text(roleWords[role], nil), Chosen: o.cfg.Node.Operators().Required(role)})
	}
	for _, one := range o.cfg.Node.Operators().List() {
		p.Operators = append(p.Operators, o.operatorLine(r, one))
	}
	return webkit.Page{Name: "operators", Path: "/admin/operators", Data: p}
}

func rolesOf(r request, chosen operators.Role) (out []choice) {
	for _, role := range operators.Roles() {
		out = append(out, choice{
			Value: string(role), Word: r.Text(roleWords[role], nil), Hint: r.Text(roleHints[role], nil), Chosen: role == chosen,
		})
	}
	return out
}

func (o *Office) operatorLine(r request, one operators.Operator) operatorLine {
	l := operatorLine{
		ID: string(one.ID), Alias: one.Alias.Reveal(), Role: roleWord(r.Request, one.Role), Disabled: one.Disabled,
		Lost: one.Lost, You: one.ID == r.who.ID, State: r.Text("operators.may", nil),
		Factor: one.Factor != "", Passkeys: o.cfg.Node.Operators().PasskeyCount(one.ID),
		Behind: slices.Contains(o.cfg.Node.Operators().Behind(), one.ID),
	}
	switch {
	case one.Disabled:
		l.State = r.Text("operators.disabled", nil)
	case one.Lost:
		l.State = r.Text("operators.lost", nil)
	case one.Once:
		l.State = r.Text("operators.once", nil)
	}
	return l
}

// oneTimePage is a one-time password. It is shown once.
type oneTimePage struct {
	Frame           frame
	Alias, Password string
}

func (o *Office) addOperator(r request) (webkit.Response, error) {
	alias, role := r.Field("alias"), operators.Role(r.Field("role"))
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	one, once, err := o.cfg.Node.Operators().Add(ctx, r.by(), alias, role, "")
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.operatorsPage(r, alias, role, f) })
	}
	return o.showOnce(r, one, once), nil
}

func (o *Office) showOnce(r request, one operators.Operator, once string) webkit.Response {
	page := rand.Text()
	o.shown.put(page, oneTimePage{Alias: one.Alias.Reveal(), Password: once})
	return webkit.Redirect{To: r.Link("/admin/password/" + page)}
}

func (o *Office) oneTime(r request) (webkit.Response, error) {
	v, ok := o.shown.get(r.PathValue("page"))
	p, is := v.(oneTimePage)
	if !ok || !is {
		return nil, errGone
	}
	p.Frame = o.frame(r, "operators")
	return webkit.Page{Name: "once", Data: p}, nil
}

// operatorPage is one operator, and what can be changed.
type operatorPage struct {
	Frame    frame
	Operator operatorLine
	Roles    []choice
	Faults   faults
}

func (o *Office) account(r request) (operators.Operator, error) {
	one, ok := o.cfg.Node.Operators().Get(operators.ID(r.PathValue("operator")))
	if !ok {
		return one, lang.Problem{Key: "page.missing"}
	}
	return one, nil
}

func (o *Office) operator(r request) (webkit.Response, error) {
	one, err := o.account(r)
	if err != nil {
		return nil, err
	}
	return o.operatorPage(r, one, nil), nil
}

func (o *Office) operatorPage(r request, one operators.Operator, f faults) webkit.Page {
	return webkit.Page{Name: "operator", Path: "/admin/operator/" + string(one.ID), Data: operatorPage{
		Frame: o.frame(r, "operators"), Operator: o.operatorLine(r, one), Roles: rolesOf(r, one.Role), Faults: f,
	}}
}

// changeOperator does the one thing that was pressed.
func (o *Office) changeOperator(r request) (webkit.Response, error) {
	one, err := o.account(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	s, by, to := o.cfg.Node.Operators(), r.by(), "/admin/operator/"+string(one.ID)
	switch r.Field("do") {
	case "role":
		err = s.SetRole(ctx, by, one.ID, operators.Role(r.Field("role")))
	case "rename":
		err = s.Rename(ctx, by, one.ID, r.Field("alias"))
	case "disable":
		if err = operators.ErrLastAdmin; s.Keeps(one.ID) {
			err = s.SetDisabled(ctx, by, one.ID, true)
		}
	case "enable":
		err = s.SetDisabled(ctx, by, one.ID, false)
	case "reset":
		var once string
		if once, err = s.Reset(ctx, by, one.ID, ""); err == nil {
			return o.showOnce(r, one, once), nil
		}
	case "factor":
		err = s.RemoveFactor(ctx, by, one.ID)
	case "passkeys":
		err = s.RemovePasskeys(ctx, by, one.ID)
	case "remove":
		if err = s.Remove(ctx, by, one.ID); err == nil {
			to = "/admin/operators"
		}
	default:
		err = lang.Problem{Key: "request.malformed"}
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.operatorPage(r, one, f) })
	}
	return webkit.Redirect{To: r.Link(to)}, nil
}
