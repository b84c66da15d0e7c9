package office

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/operators"
)

// request is a request of an operator who stands.
type request struct {
	*webkit.Request
	who operators.Operator
}

// by is how the operator is named on record.
func (r request) by() string { return r.who.ID.By() }

// handler answers an operator.
type handler func(request) (webkit.Response, error)

// who is the operator of the session; false when nobody is signed in, or not
// any more.
func (o *Office) who(r *webkit.Request) (operators.Operator, bool) {
	ctx := r.Context()
	id, password := o.cfg.Sessions.GetString(ctx, keyOperator), o.cfg.Sessions.GetString(ctx, keyPassword)
	if id == "" {
		return operators.Operator{}, false
	}
	if mine := o.cfg.Sessions.GetString(ctx, keyPasskey); mine != "" {
		return o.cfg.Node.Operators().StandingBy(operators.ID(id), password, mine)
	}
	return o.cfg.Node.Operators().Standing(operators.ID(id), password)
}

// signedIn lets operators through, whatever their role.
func (o *Office) signedIn(h handler) webkit.Handler {
	return func(r *webkit.Request) (webkit.Response, error) {
		if res := o.notHere(r); res != nil {
			return res, nil
		}
		who, ok := o.who(r)
		if !ok {
			return o.toLogin(r), nil
		}
		if r.Method != http.MethodGet {
			// Settings that are changed under this context are on record with who did it.
			by := *r
			by.Request = r.WithContext(node.Doing(r.Context(), who.ID.By()))
			r = &by
		}
		return h(request{r, who})
	}
}

// may lets operators through whose role has an act, and who have chosen a
// password of their own and have the second factor that it needs.
func (o *Office) may(act operators.Act, h handler) webkit.Handler { return o.mayAny(h, act) }

// mayAny is may for what any of some acts lets do.
func (o *Office) mayAny(h handler, acts ...operators.Act) webkit.Handler {
	return o.signedIn(func(r request) (webkit.Response, error) {
		switch {
		case r.who.Once:
			return webkit.Redirect{To: r.Link("/login/password")}, nil
		case o.owes(r):
			return webkit.Redirect{To: r.Link("/login/factor")}, nil
		case !slices.ContainsFunc(acts, r.who.May):
			return webkit.Page{Name: "refused", Status: http.StatusForbidden, Data: o.frame(r, "")}, nil
		}
		return h(r)
	})
}

// notHere is the page for who comes to a node that is no desk, or over a line
// that others may read along; nil when neither is so.
func (o *Office) notHere(r *webkit.Request) webkit.Response {
	if !o.cfg.Node.Operators().Here() {
		return o.elsewhere(r)
	}
	if r.TLS == nil && !o.cfg.AtNode(r.Request) {
		return webkit.Page{Name: "unsafe", Status: http.StatusForbidden}
	}
	return nil
}

// toLogin leads to signing in, and back to the page that was asked for.
func (o *Office) toLogin(r *webkit.Request) webkit.Response {
	to := "/login"
	if r.Method == http.MethodGet && !strings.HasSuffix(r.URL.Path, "/live") {
		to += "?to=" + url.QueryEscape(back(r.URL.Path))
	}
	return webkit.Redirect{To: r.Link(to)}
}

// back is a page of the office to go back to, else the desk.
func back(path string) string {
	for _, ours := range []string{"/desk", "/admin"} {
		if path == ours || strings.HasPrefix(path, ours+"/") && !strings.ContainsAny(path, "\\?#\r\n") && !strings.Contains(path, "..") {
			return path
		}
	}
	return "/desk"
}

// deskLine is a desk of the campus, for who came to another node.
type deskLine struct {
	Name, Site, Word string
	Up               bool
}

// elsewhere says which nodes are desks.
func (o *Office) elsewhere(r *webkit.Request) webkit.Response {
	var desks []deskLine
	for _, n := range o.cfg.Nodes() {
		if n.Role != identity.RoleDesk || n.State == api.Revoked {
			continue
		}
		up := n.State == api.Connected || n.State == api.Via || n.State == api.Here
		desks = append(desks, deskLine{Name: n.Name, Site: n.Site, Word: r.Text(stateWords[n.State], nil), Up: up})
	}
	return webkit.Page{Name: "elsewhere", Data: desks}
}

// stateWords say how a node stands to this one.
var stateWords = map[api.State]string{
	api.Here: "nodes.here", api.Connected: "nodes.connected", api.Via: "nodes.via",
	api.Silent: "nodes.silent", api.Never: "nodes.never", api.Revoked: "nodes.revoked",
}

// roleWords say what an operator's role is.
var roleWords = map[operators.Role]string{
	operators.Reception: "role.reception", operators.Security: "role.security", operators.Officer: "role.privacy",
	operators.Auditor: "role.auditor", operators.Admin: "role.admin",
}

// roleHints say what it may do.
var roleHints = map[operators.Role]string{
	operators.Reception: "role.reception_hint", operators.Security: "role.security_hint", operators.Officer: "role.privacy_hint",
	operators.Auditor: "role.auditor_hint", operators.Admin: "role.admin_hint",
}

// frame is what stands around every page of an operator.
type frame struct {
	Who, Role string
	Here      string // desk, nodes, operators or settings
	Admin     bool
	Rights    bool
	Watch     bool
	Evac      string // what runs, in words; empty: nothing
	Drill     bool
	Pause     webkit.Pause
	// Calls are those for help. Live: the page keeps them up to date with what
	// else it shows.
	Calls []callLine
	Live  bool
}

func (o *Office) frame(r request, here string) frame {
	f := frame{
		Calls: o.calls(r),
		Who:   r.who.Alias.Reveal(), Role: roleWord(r.Request, r.who.Role), Here: here, Admin: r.who.May(operators.Nodes), Rights: r.who.May(operators.Privacy), Watch: r.who.May(operators.Watch),
		Pause: webkit.Pause{Warn: (idle - 3*time.Minute).Seconds(), Clear: (idle - time.Minute).Seconds(), To: r.Link("/login")},
	}
	if e, on := o.cfg.Node.Replica().Evacuations().Running(""); on {
		f.Drill = e.Drill
		key := "office.evacuation"
		if f.Drill {
			key = "office.drill"
		}
		f.Evac = r.Text(key, map[string]any{"Clock": r.Locale.Clock(e.At.Time().In(o.cfg.Zone))})
	}
	return f
}

func roleWord(r *webkit.Request, role operators.Role) string {
	if key := roleWords[role]; key != "" {
		return r.Text(key, nil)
	}
	return r.Text("role.unknown", nil)
}

var errGone = lang.Problem{Key: "page.put_away"}
