package office

import (
	"context"
	"net/url"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/operators/passkey"
)

// party is to whom passkeys are shown on this page; else why none are, in words.
func (o *Office) party(r *webkit.Request) (at passkey.Party, why string) {
	domain := o.cfg.Node.Domain()
	at, ok := passkey.At(r.Host, r.TLS != nil, domain)
	switch {
	case ok:
		return at, ""
	case domain == "":
		return at, r.Text("passkey.no_domain", nil)
	}
	return at, r.Text("passkey.other_name", map[string]any{"Domain": domain})
}

// askPasskey gives a script what it is to ask the browser.
func (o *Office) askPasskey(r *webkit.Request) (webkit.Response, error) {
	if res := o.notHere(r); res != nil {
		return res, nil
	}
	at, why := o.party(r)
	if why != "" {
		return nil, lang.Problem{Key: "passkey.refused"}
	}
	question, options, err := o.cfg.Node.Operators().AskPasskey(at, o.device(r))
	if err != nil {
		return nil, inWords(err)
	}
	return webkit.Data{Value: map[string]string{"question": question, "options": string(options)}}, nil
}

func (o *Office) loginPasskey(r *webkit.Request) (webkit.Response, error) {
	if res := o.notHere(r); res != nil {
		return res, nil
	}
	to := back(r.Field("to"))
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	at, _ := o.party(r)
	who, mine, err := o.cfg.Node.Operators().SignInPasskey(ctx, at, r.Field("question"), []byte(r.Field("answer")), o.device(r))
	if err != nil {
		return fault(r, err, func(f faults) webkit.Page {
			page := o.loginPage(r, loginPage{To: to, Faults: f})
			page.Path = "/login?to=" + url.QueryEscape(to)
			return page
		})
	}
	who.Once = false // a passkey asks for no password, nor for a new one
	res, err := o.in(r, who, to)
	o.cfg.Sessions.Put(r.Context(), keyPasskey, mine)
	return res, err
}

// passkeysPage are an operator's own passkeys, and the form for one more.
type passkeysPage struct {
	Frame    frame
	Passkeys []passkeyLine
	// Why none can be made on this page; empty: one can.
	Why  string
	Name string
	// Full: they have as many as they may. Owes: one, or a code, is needed first.
	Full, Owes bool
	// New is being made: the browser is asked Options.
	New               bool
	Question, Options string
	Faults            faults
}

// passkeyLine is one passkey in words.
type passkeyLine struct {
	Key, Name, Made, Where string
	Usable, Behind         bool
}

func (o *Office) passkeysForm(r request) (webkit.Response, error) {
	if r.who.Once {
		return webkit.Redirect{To: r.Link("/login/password")}, nil
	}
	return o.passkeysPage(r, passkeysPage{}), nil
}

func (o *Office) passkeysPage(r request, p passkeysPage) webkit.Page {
	p.Frame, p.Owes = o.frame(r, "password"), o.owes(r)
	_, p.Why = o.party(r.Request)
	for _, k := range o.cfg.Node.Operators().Passkeys(r.who.ID) {
		l := passkeyLine{Key: k.Key, Name: k.Name.Reveal(), Made: k.Made.Start().Format(time.DateOnly), Where: k.Domain, Usable: k.Usable, Behind: k.Behind}
		if k.Domain == passkey.Local {
			l.Where = r.Text("passkey.local", nil)
		}
		p.Passkeys = append(p.Passkeys, l)
	}
	p.Full = len(p.Passkeys) >= operators.MaxPasskeys
	return webkit.Page{Name: "passkeys", Path: "/login/passkeys", Data: p}
}

// changePasskeys does the one thing that was pressed.
func (o *Office) changePasskeys(r request) (webkit.Response, error) {
	if r.who.Once {
		return webkit.Redirect{To: r.Link("/login/password")}, nil
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	s, p := o.cfg.Node.Operators(), passkeysPage{Name: r.Field("name")}
	at, why := o.party(r.Request)
	var err error
	switch do := r.Field("do"); {
	case do == "drop":
		err = s.DropPasskey(ctx, r.who.ID, r.Field("password"), r.Field("key"), o.device(r.Request))
	case why != "":
		err = operators.ErrPasskeyStale
	case do == "new":
		var options []byte
		if p.Question, options, err = s.NewPasskey(at, r.who.ID, r.Field("password"), p.Name, o.device(r.Request)); err == nil {
			p.New, p.Options = true, string(options)
			return o.passkeysPage(r, p), nil
		}
	default:
		err = s.FinishPasskey(ctx, at, r.who.ID, r.Field("question"), []byte(r.Field("answer")))
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.passkeysPage(r, p)
		})
	}
	return webkit.Redirect{To: r.Link("/login/passkeys")}, nil
}
