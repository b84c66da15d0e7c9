package office

import (
	"crypto/rand"
	"html/template"
	"strconv"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/doctor"
)

// nodesPage is the campus's nodes, what is wrong, and the form for a new one.
type nodesPage struct {
	Frame    frame
	Nodes    []nodeLine
	Findings []finding
	// MayIssue: this node may let others in.
	MayIssue bool
	Form     joinForm
	Roles    []choice
	TTLs     []choice
	Faults   faults
}

// joinForm is what is typed about a new node.
type joinForm struct{ Role, Name, Site, Entrance, Zone, TTL string }

// nodeLine is one node in words.
type nodeLine struct {
	ID, Name, Role, Site, Word, Heard, Complete, Release string
	// News is here, fresh, stale, silent or revoked: how the word looks.
	News    string
	Issuer  bool
	Trouble int
	Here    bool
	Revoked bool
}

// finding is what the doctor found, with a word for how bad it is. The doctor
// speaks English only.
type finding struct {
	doctor.Finding
	Tone, Word string
}

var nodeRoleWords = map[identity.Role]string{
	identity.RoleEntrance: "node.entrance", identity.RoleDesk: "node.desk",
	identity.RoleWarden: "node.warden", identity.RoleRelay: "node.relay",
}

func (o *Office) nodes(r request) (webkit.Response, error) {
	return o.nodesPage(r, joinForm{Role: string(identity.RoleEntrance), TTL: "60"}, nil), nil
}

func (o *Office) nodesPage(r request, form joinForm, f faults) webkit.Page {
	p := nodesPage{Frame: o.frame(r, "nodes"), MayIssue: o.cfg.Node.Self().MayIssue, Form: form, Faults: f}
	for _, n := range o.cfg.Nodes() {
		p.Nodes = append(p.Nodes, o.nodeLine(r, n))
	}
	for _, d := range o.cfg.Findings() {
		p.Findings = append(p.Findings, findingOf(r, d))
	}
	for _, role := range []identity.Role{identity.RoleEntrance, identity.RoleDesk, identity.RoleWarden, identity.RoleRelay} {
		p.Roles = append(p.Roles, choice{Value: string(role), Word: r.Text(nodeRoleWords[role], nil), Chosen: string(role) == form.Role})
	}
	for _, minutes := range []int{15, 60, 24 * 60} {
		value := strconv.Itoa(minutes)
		key, n := "nodes.minutes", minutes
		if minutes >= 60 {
			key, n = "nodes.hours", minutes/60
		}
		p.TTLs = append(p.TTLs, choice{Value: value, Word: r.Text(key, map[string]any{"Count": n}), Chosen: value == form.TTL})
	}
	return webkit.Page{Name: "nodes", Path: "/admin", Data: p, Refresh: webkit.Refresh{}}
}

func findingOf(r request, d doctor.Finding) finding {
	f := finding{Finding: d, Tone: "unsure", Word: r.Text("nodes.warning", nil)}
	switch d.Severity {
	case doctor.Fault:
		f.Tone, f.Word = "fault", r.Text("nodes.fault", nil)
	case doctor.Notice:
		f.Tone, f.Word = "note", r.Text("nodes.notice", nil)
	}
	return f
}

func (o *Office) nodeLine(r request, n api.Node) nodeLine {
	now := o.cfg.Clock()
	l := nodeLine{
		ID: n.ID.String(), Name: n.Name, Role: r.Text(nodeRoleWords[n.Role], nil), Site: n.Site,
		Word: r.Text(stateWords[n.State], nil), Issuer: n.Issuer, Trouble: len(n.Trouble),
		Here: n.State == api.Here, Revoked: n.State == api.Revoked, News: "silent",
	}
	switch n.State {
	case api.Here:
		l.News = "here"
	case api.Connected:
		l.News = "fresh"
	case api.Via:
		l.News = "stale"
	case api.Revoked:
		l.News = "revoked"
	}
	if !n.CutUntil.IsZero() {
		l.Word, l.News = r.Text("nodes.drill_cut", map[string]any{"Time": o.moment(r, n.CutUntil.Time, now)}), "stale"
	}
	if !n.LastHeard.IsZero() {
		l.Heard = o.moment(r, n.LastHeard.Time, now)
	}
	if !n.CompleteAsOf.IsZero() {
		l.Complete = o.moment(r, n.CompleteAsOf.Time, now)
	}
	if n.Release != nil {
		l.Release = *n.Release
	}
	return l
}

// joiningPage is the line to paste on a new machine. It is shown once: whoever
// has it can join.
type joiningPage struct {
	Frame   frame
	Join    string
	QR      template.HTML
	Expires time.Time
	Role    string
}

func (o *Office) addNode(r request) (webkit.Response, error) {
	form := joinForm{
		Role: r.Field("role"), Name: r.Field("name"), Site: r.Field("site"), Entrance: r.Field("entrance"), Zone: r.Field("zone"), TTL: r.Field("ttl"),
	}
	page, err := o.token(r, form)
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.nodesPage(r, form, f) })
	}
	return webkit.Redirect{To: r.Link("/admin/joining/" + page)}, nil
}

var errNoNodeRole = lang.Problem{Key: "nodes.no_role", Field: "role"}

// token makes a token and keeps its line for the page that is shown next.
func (o *Office) token(r request, form joinForm) (page string, err error) {
	role, err := identity.ParseRole(form.Role)
	if err != nil {
		return "", errNoNodeRole
	}
	for field, name := range map[string]string{"name": form.Name, "site": form.Site, "entrance": form.Entrance, "zone": form.Zone} {
		if name != "" && record.CheckPlaceName(name) != nil {
			return "", lang.Problem{Key: "nodes.bad_name", Field: field}
		}
	}
	minutes, err := strconv.Atoi(form.TTL)
	if err != nil || minutes < 1 || minutes > 24*60 {
		return "", lang.Problem{Key: "request.malformed"}
	}
	t, err := o.cfg.Node.CreateToken(node.TokenOptions{
		Role: role, Name: form.Name, Site: form.Site, Entrance: form.Entrance, Zone: form.Zone,
		TTL: time.Duration(minutes) * time.Minute, By: r.by(),
	})
	if err != nil {
		return "", err
	}
	text := t.Text()
	qr, err := badge.SVG(text, r.Text("nodes.qr", nil))
	if err != nil {
		return "", err
	}
	page = rand.Text()
	o.shown.put(page, joiningPage{Join: "upprop join " + text, QR: qr, Expires: t.Expires, Role: r.Text(nodeRoleWords[role], nil)})
	return page, nil
}

func (o *Office) joining(r request) (webkit.Response, error) {
	v, ok := o.shown.get(r.PathValue("page"))
	p, is := v.(joiningPage)
	if !ok || !is {
		return nil, errGone
	}
	p.Frame = o.frame(r, "nodes")
	return webkit.Page{Name: "joining", Data: p}, nil
}

// nodePage is one node, and how it is revoked.
type nodePage struct {
	Frame    frame
	Node     nodeLine
	Findings []finding
	MayIssue bool
	Faults   faults
}

// member is the node that a page is about.
func (o *Office) member(r request) (api.Node, error) {
	for _, n := range o.cfg.Nodes() {
		if n.ID.String() == r.PathValue("node") {
			return n, nil
		}
	}
	return api.Node{}, lang.Problem{Key: "page.missing"}
}

func (o *Office) node(r request) (webkit.Response, error) {
	n, err := o.member(r)
	if err != nil {
		return nil, err
	}
	return o.nodePage(r, n, nil), nil
}

func (o *Office) nodePage(r request, n api.Node, f faults) webkit.Page {
	p := nodePage{Frame: o.frame(r, "nodes"), Node: o.nodeLine(r, n), MayIssue: o.cfg.Node.Self().MayIssue, Faults: f}
	for _, d := range o.cfg.Findings() {
		if d.Node == n.Name {
			p.Findings = append(p.Findings, findingOf(r, d))
		}
	}
	return webkit.Page{Name: "node", Path: "/admin/node/" + p.Node.ID, Data: p}
}

func (o *Office) revoke(r request) (webkit.Response, error) {
	n, err := o.member(r)
	if err != nil {
		return nil, err
	}
	again := func(f faults) webkit.Page { return o.nodePage(r, n, f) }
	switch {
	case n.State == api.Here:
		return fault(r.Request, lang.Problem{Key: "nodes.itself"}, again)
	case r.Field("sure") == "":
		return fault(r.Request, lang.Problem{Key: "nodes.not_sure", Field: "sure"}, again)
	}
	if err := o.cfg.Node.RevokeBy(r.by(), n.Name); err != nil {
		return fault(r.Request, err, again)
	}
	return webkit.Redirect{To: r.Link("/admin")}, nil
}
