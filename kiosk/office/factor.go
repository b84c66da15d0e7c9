package office

import (
	"context"
	"crypto/rand"
	"html/template"
	"net/url"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
)

// codePage asks for the second factor, after the password.
type codePage struct {
	To     string
	Faults faults
}

func (o *Office) codeForm(r *webkit.Request) (webkit.Response, error) {
	if res := o.notHere(r); res != nil {
		return res, nil
	}
	to := back(r.URL.Query().Get("to"))
	if _, _, ok := o.cfg.Sessions.pending(r.Context(), o.cfg.Clock()); !ok {
		return webkit.Redirect{To: r.Link("/login?to=" + url.QueryEscape(to))}, nil
	}
	return webkit.Page{Name: "code", Data: codePage{To: to}}, nil
}

func (o *Office) code(r *webkit.Request) (webkit.Response, error) {
	if res := o.notHere(r); res != nil {
		return res, nil
	}
	to := back(r.Field("to"))
	id, password, ok := o.cfg.Sessions.pending(r.Context(), o.cfg.Clock())
	if !ok {
		return webkit.Redirect{To: r.Link("/login?to=" + url.QueryEscape(to))}, nil
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	who, err := o.cfg.Node.Operators().Confirm(ctx, operators.ID(id), password, r.Field("code"), o.device(r))
	if err != nil {
		return fault(r, err, func(f faults) webkit.Page {
			return webkit.Page{Name: "code", Path: "/login/code", Data: codePage{To: to, Faults: f}}
		})
	}
	return o.in(r, who, to)
}

// in begins the session of who has signed in.
func (o *Office) in(r *webkit.Request, who operators.Operator, to string) (webkit.Response, error) {
	return o.enter(r, who, o.cfg.Node.Operators().Owes(who), to)
}

// enter begins a session; owes: its operator needs a second factor before all else.
func (o *Office) enter(r *webkit.Request, who operators.Operator, owes bool, to string) (webkit.Redirect, error) {
	if err := o.cfg.Sessions.begin(r.Context(), string(who.ID), who.Password, owes); err != nil {
		return webkit.Redirect{}, err
	}
	switch {
	case who.Once:
		to = "/login/password"
	case owes:
		to = "/login/factor"
	}
	return webkit.Redirect{To: r.Link(to)}, nil
}

// owes reports whether the operator has to set up a second factor before
// anything else: they had none when they signed in, and their role needs one.
func (o *Office) owes(r request) bool {
	return o.cfg.Sessions.GetBool(r.Context(), keyOwes) && o.cfg.Node.Operators().Owes(r.who)
}

// factorPage is an operator's own second factor: how it stands, or a new one.
type factorPage struct {
	Frame frame
	// Stands: there is one, with Left recovery codes. Owes: one is needed before
	// anything else. Required: it cannot be taken away.
	Stands, Owes, Required bool
	Left                   int
	// New is being set up: under Page is Secret, also as a QR code.
	New          bool
	Page, Secret string
	QR           template.HTML
	Faults       faults
}

// enrolment is a secret that waits for its first code.
type enrolment struct {
	who    operators.ID
	secret record.Private
}

func (o *Office) factorForm(r request) (webkit.Response, error) {
	if r.who.Once {
		return webkit.Redirect{To: r.Link("/login/password")}, nil
	}
	p := o.factorPage(r)
	if p.New = !p.Stands || r.URL.Query().Has("new"); !p.New {
		return webkit.Page{Name: "factor", Path: "/login/factor", Data: p}, nil
	}
	return o.newFactor(r, p)
}

func (o *Office) factorPage(r request) factorPage {
	s := o.cfg.Node.Operators()
	return factorPage{
		Frame: o.frame(r, "password"), Stands: r.who.Factor != "", Owes: o.owes(r), Required: s.Required(r.who.Role), Left: s.CodesLeft(r.who.ID),
	}
}

// newFactor shows a new secret.
func (o *Office) newFactor(r request, p factorPage) (webkit.Response, error) {
	p.Page = rand.Text()
	e := enrolment{r.who.ID, record.Private(o.cfg.Node.Operators().NewFactor())}
	o.shown.put(p.Page, e)
	return o.enrolling(r, p, e)
}

func (o *Office) enrolling(r request, p factorPage, e enrolment) (webkit.Page, error) {
	secret := e.secret.Reveal()
	qr, err := badge.SVG(operators.FactorURI(secret, o.cfg.Node.CampusName(), r.who.Alias.Reveal()), r.Text("factor.qr", nil))
	if err != nil {
		return webkit.Page{}, err
	}
	p.New, p.QR, p.Secret = true, qr, groups(secret)
	return webkit.Page{Name: "factor", Path: "/login/factor", Data: p}, nil
}

// groups writes a secret in fours, to be typed.
func groups(s string) string {
	var out []string
	for ; len(s) > 4; s = s[4:] {
		out = append(out, s[:4])
	}
	return strings.Join(append(out, s), " ")
}

// recoveryPage are an operator's new recovery codes. They are shown once.
type recoveryPage struct {
	Frame frame
	Codes string
	who   operators.ID
}

func (o *Office) setFactor(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	s, p := o.cfg.Node.Operators(), o.factorPage(r)
	if r.who.Once {
		return webkit.Redirect{To: r.Link("/login/password")}, nil
	}
	if r.Field("do") == "drop" {
		if err := s.DropFactor(ctx, r.who.ID, r.Field("password"), o.device(r.Request)); err != nil {
			return fault(r.Request, err, func(f faults) webkit.Page {
				p.Faults = f
				return webkit.Page{Name: "factor", Path: "/login/factor", Data: p}
			})
		}
		return webkit.Redirect{To: r.Link("/login/factor")}, nil
	}
	v, _ := o.shown.get(r.Field("page"))
	e, ok := v.(enrolment)
	if !ok || e.who != r.who.ID {
		p.Faults = faults{{Text: r.Text("factor.stale", nil)}}
		return o.newFactor(r, p)
	}
	codes, err := s.SetFactor(ctx, r.who.ID, r.Field("password"), e.secret.Reveal(), r.Field("code"), o.device(r.Request))
	if err != nil {
		p.Page = r.Field("page")
		page, bad := o.enrolling(r, p, e)
		if bad != nil {
			return nil, bad
		}
		return fault(r.Request, err, func(f faults) webkit.Page {
			p, _ := page.Data.(factorPage)
			p.Faults = f
			page.Data = p
			return page
		})
	}
	o.shown.drop(r.Field("page"))
	// From here on the session is one of who has a factor.
	who, _ := s.Get(r.who.ID)
	if err := o.cfg.Sessions.begin(r.Context(), string(who.ID), who.Password, false); err != nil {
		return nil, err
	}
	shown := rand.Text()
	o.shown.put(shown, recoveryPage{Codes: strings.Join(codes, "\n"), who: r.who.ID})
	return webkit.Redirect{To: r.Link("/login/recovery/" + shown)}, nil
}

func (o *Office) recovery(r request) (webkit.Response, error) {
	v, ok := o.shown.get(r.PathValue("page"))
	p, is := v.(recoveryPage)
	if !ok || !is || p.who != r.who.ID {
		return nil, errGone
	}
	p.Frame = o.frame(r, "password")
	return webkit.Page{Name: "recovery", Data: p}, nil
}

// requireFactors says which roles need a second factor, all at once.
func (o *Office) requireFactors(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	s := o.cfg.Node.Operators()
	for _, role := range operators.Roles() {
		if on := r.Field("factor-"+string(role)) == "yes"; on != s.Required(role) {
			if err := s.SetRequired(ctx, r.by(), role, on); err != nil {
				return fault(r.Request, err, func(f faults) webkit.Page { return o.operatorsPage(r, "", operators.Reception, f) })
			}
		}
	}
	return webkit.Redirect{To: r.Link("/admin/operators")}, nil
}
