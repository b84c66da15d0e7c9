package office

import (
	"net"
	"net/url"

	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
)

// loginPage is the form to sign in with; also what there is instead, before
// there is any operator.
type loginPage struct {
	To, Alias string
	Faults    faults
	// None: the campus has no operator. AtNode: the reader sits at the node.
	None, AtNode bool
	// Passkeys can be shown on this page. NoPasskeys is why not, in words, where
	// they can at other names of the campus.
	Passkeys   bool
	NoPasskeys string
	// Provider is the identity provider that signs in here too; NoProvider is why it
	// does not on this page.
	Provider, NoProvider string
}

func (o *Office) loginForm(r *webkit.Request) (webkit.Response, error) {
	if res := o.notHere(r); res != nil {
		return res, nil
	}
	if who, ok := o.who(r); ok && !who.Once {
		return webkit.Redirect{To: r.Link(back(r.URL.Query().Get("to")))}, nil
	}
	return o.loginPage(r, loginPage{To: back(r.URL.Query().Get("to"))}), nil
}

func (o *Office) loginPage(r *webkit.Request, p loginPage) webkit.Page {
	p.None, p.AtNode = !o.cfg.Node.Operators().Any(), o.cfg.AtNode(r.Request)
	_, why := o.party(r)
	if p.Passkeys = why == ""; o.cfg.Node.Domain() != "" {
		p.NoPasskeys = why
	}
	p.Provider, p.NoProvider = o.provider(r)
	return webkit.Page{Name: "login", Data: p}
}

func (o *Office) login(r *webkit.Request) (webkit.Response, error) {
	if res := o.notHere(r); res != nil {
		return res, nil
	}
	alias, to := r.Field("alias"), back(r.Field("to"))
	who, err := o.cfg.Node.Operators().SignIn(r.Context(), alias, r.Field("password"), o.device(r))
	if err != nil {
		return fault(r, err, func(f faults) webkit.Page {
			return o.loginPage(r, loginPage{To: to, Alias: alias, Faults: f})
		})
	}
	if who.Factor == "" {
		return o.in(r, who, to)
	}
	if err := o.cfg.Sessions.await(r.Context(), string(who.ID), who.Password, o.cfg.Clock()); err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link("/login/code?to=" + url.QueryEscape(to))}, nil
}

// device tells where a request comes from.
func (o *Office) device(r *webkit.Request) operators.Device {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return operators.Device{Addr: host, AtNode: o.cfg.AtNode(r.Request)}
}

// logout ends the session, whoever's it is.
func (o *Office) logout(r *webkit.Request) (webkit.Response, error) {
	if who, ok := o.who(r); ok {
		// Signing out is never held up by the record.
		if err := o.cfg.Node.Operators().SignOut(who.ID); err != nil {
			o.cfg.Logger.Error("that an operator signed out could not be put on record", "err", err)
		}
	}
	if err := o.cfg.Sessions.Destroy(r.Context()); err != nil {
		return nil, err
	}
	// The last one out: nobody looks any more, unless it is an alarm.
	if _, alarm := o.cfg.Node.Replica().Evacuations().Running(""); !alarm && o.cfg.Sessions.none() {
		o.cfg.Node.Visits().Forget()
	}
	return webkit.Redirect{To: r.Link("/login")}, nil
}

// passwordPage is the form for a new password of one's own.
type passwordPage struct {
	Frame  frame
	Once   bool
	Faults faults
	Min    int
	// First: there is no password of their own to write.
	First bool
}

func (o *Office) passwordForm(r request) (webkit.Response, error) {
	return o.passwordPage(r, nil), nil
}

func (o *Office) passwordPage(r request, f faults) webkit.Page {
	return webkit.Page{Name: "password", Data: passwordPage{Frame: o.frame(r, "password"), Once: r.who.Once, Faults: f, Min: operators.MinPassword, First: o.first(r) != ""}}
}

func (o *Office) password(r request) (webkit.Response, error) {
	again := func(f faults) webkit.Page { return o.passwordPage(r, f) }
	if r.Field("password") != r.Field("again") {
		return fault(r.Request, &operators.Problem{Key: "password.differ", Field: "again"}, again)
	}
	old := o.first(r)
	if old == "" {
		old = r.Field("old")
	}
	who, err := o.cfg.Node.Operators().Replace(r.Context(), r.who.ID, old, r.Field("password"), o.device(r.Request))
	if err != nil {
		return fault(r.Request, err, again)
	}
	// Every other session of this operator has ended.
	owes, to := o.owes(r), "/desk"
	if err := o.cfg.Sessions.begin(r.Context(), string(who.ID), who.Password, owes); err != nil {
		return nil, err
	}
	if owes {
		to = "/login/factor"
	}
	return webkit.Redirect{To: r.Link(to)}, nil
}
