package office

import (
	"context"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
)

// providerPage is how the campus's identity provider is set.
type providerPage struct {
	Frame  frame
	Set    bool
	Issuer string
	Client string
	// Tenants, Domains and Groups have a line each.
	Tenants, Domains, Groups string
	Believe                  bool
	// Back is to where browsers come back, at this desk; empty: not under this name.
	Back, Domain string
	Faults       faults
}

func (o *Office) providerForm(r request) (webkit.Response, error) {
	p, _ := o.cfg.Node.Operators().Provider()
	return o.providerPage(r, p, groupLines(p.Groups), nil), nil
}

func groupLines(groups []operators.GroupRole) string {
	var lines []string
	for _, g := range groups {
		lines = append(lines, g.Group+"="+string(g.Role))
	}
	return strings.Join(lines, "\n")
}

func (o *Office) providerPage(r request, p operators.Provider, groups string, f faults) webkit.Page {
	page := providerPage{
		Frame: o.frame(r, "operators"), Set: o.cfg.Node.Operators().HasProvider(), Issuer: p.Issuer, Client: p.Client, Believe: p.Believe,
		Tenants: strings.Join(p.Tenants, "\n"), Domains: strings.Join(p.Domains, "\n"), Groups: groups, Domain: o.cfg.Node.Domain(), Faults: f,
	}
	if at, why := o.party(r.Request); why == "" {
		page.Back = at.Origin + "/login/idp/back"
	}
	return webkit.Page{Name: "provider", Path: "/admin/login", Data: page}
}

// setProvider does the one thing that was pressed.
func (o *Office) setProvider(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	s := o.cfg.Node.Operators()
	p := operators.Provider{
		Issuer: r.Field("issuer"), Client: r.Field("client"), Secret: record.Private(r.Field("secret")), Believe: r.Field("believe") == "yes",
		Tenants: strings.Fields(r.Lines("tenants")), Domains: strings.Fields(r.Lines("domains")),
	}
	for line := range strings.SplitSeq(r.Lines("groups"), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		i := max(strings.LastIndex(line, "="), 0)
		p.Groups = append(p.Groups, operators.GroupRole{Group: strings.TrimSpace(line[:i]), Role: operators.Role(strings.TrimSpace(strings.TrimPrefix(line[i:], "=")))})
	}
	var err error
	if r.Field("do") == "remove" {
		err = s.RemoveProvider(ctx, r.by())
	} else {
		err = s.SetProvider(ctx, r.by(), p)
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.providerPage(r, p, r.Lines("groups"), f) })
	}
	return webkit.Redirect{To: r.Link("/admin/login")}, nil
}
