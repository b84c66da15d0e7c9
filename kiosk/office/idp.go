package office

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
)

// cookieAway keeps, in the browser that went to the identity provider, which it is
// and to which page it wants.
const cookieAway = "upprop-away"

// provider is the identity provider that signs in on this page, by its host; else
// why none does, in words; both empty where none is set.
func (o *Office) provider(r *webkit.Request) (name, why string) {
	p, ok := o.cfg.Node.Operators().Provider()
	if !ok {
		return "", ""
	}
	if _, not := o.party(r); not != "" {
		why = r.Text("idp.other_name", map[string]any{"Provider": p.ProviderName()})
		return "", why
	}
	return p.ProviderName(), ""
}

// toProvider sends the browser to the identity provider. It is a link and no form:
// a form leads nowhere but here.
func (o *Office) toProvider(r *webkit.Request) (webkit.Response, error) {
	if res := o.notHere(r); res != nil {
		return res, nil
	}
	want := back(r.URL.Query().Get("to"))
	at, not := o.party(r)
	if not != "" {
		return o.notByProvider(r, want, operators.ErrNoProvider)
	}
	to, state, err := o.cfg.Node.Operators().AskProvider(r.Context(), at.Origin+"/login/idp/back", o.device(r))
	if err != nil {
		return o.notByProvider(r, want, err)
	}
	return webkit.Away{To: to, Cookie: o.awayCookie(r, state+":"+want, 300)}, nil
}

// awayCookie comes along when another site sends the browser back. Over TLS no other
// name of the domain can set it: who planted one could sign a reader in as somebody else.
func (o *Office) awayCookie(r *webkit.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: awayName(r), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	}
}

func awayName(r *webkit.Request) string {
	if r.TLS != nil {
		return "__Host-" + cookieAway
	}
	return cookieAway
}

func (o *Office) notByProvider(r *webkit.Request, to string, err error) (webkit.Response, error) {
	return fault(r, err, func(f faults) webkit.Page {
		page := o.loginPage(r, loginPage{To: to, Faults: f})
		page.Path = "/login?to=" + url.QueryEscape(to)
		return page
	})
}

// fromProvider takes who comes back.
func (o *Office) fromProvider(r *webkit.Request) (webkit.Response, error) {
	if res := o.notHere(r); res != nil {
		return res, nil
	}
	mine, to := "", "/desk"
	if c, err := r.Cookie(awayName(r)); err == nil {
		mine, to, _ = strings.Cut(c.Value, ":")
		to = back(to)
	}
	q := r.URL.Query()
	state := q.Get("state")
	switch {
	case mine == "" || subtle.ConstantTimeCompare([]byte(mine), []byte(state)) != 1:
		// Somebody else's way back would sign this reader in as them.
		return o.notByProvider(r, to, operators.ErrProviderStale)
	case q.Get("code") == "":
		return o.notByProvider(r, to, operators.ErrProviderAnswer)
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	s := o.cfg.Node.Operators()
	who, once, proved, err := s.SignInProvider(ctx, state, q.Get("code"), o.device(r))
	if err != nil {
		return o.notByProvider(r, to, err)
	}
	if who.Factor != "" && !proved {
		if err := o.cfg.Sessions.await(r.Context(), string(who.ID), who.Password, o.cfg.Clock()); err != nil {
			return nil, err
		}
		return webkit.Redirect{To: r.Link("/login/code?to=" + url.QueryEscape(to)), Cookie: o.awayCookie(r, "", -1)}, nil
	}
	res, err := o.enter(r, who, s.Owes(who) && !proved, to)
	if err == nil && once != "" {
		first := rand.Text()
		o.shown.put(first, firstPassword{who.ID, record.Private(once)})
		o.cfg.Sessions.Put(r.Context(), keyFirst, first)
	}
	res.Cookie = o.awayCookie(r, "", -1)
	return res, err
}

// firstPassword stands for the password of who has none of their own yet.
type firstPassword struct {
	who      operators.ID
	password record.Private
}

// first is the password that stands for that of an operator who came by the
// identity provider and has none of their own; empty where they have to write it.
func (o *Office) first(r request) string {
	v, _ := o.shown.get(o.cfg.Sessions.GetString(r.Context(), keyFirst))
	if f, ok := v.(firstPassword); ok && f.who == r.who.ID && r.who.Once {
		return f.password.Reveal()
	}
	return ""
}
