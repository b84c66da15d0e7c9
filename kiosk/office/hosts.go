package office

import (
	"context"
	"errors"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/hosts"
)

// hostsPage finds hosts, and has the forms to add one, to change one and to take
// in a file. It never shows all.
type hostsPage struct {
	Frame  frame
	Count  int
	Query  string
	Sought bool
	Found  []hostLine
	More   bool
	Host   hostLine
	Text   string
	Rows   []rowLine
	Done   string
	Faults faults
}

// hostLine is one host.
type hostLine struct {
	ID               string
	Name, Unit, Mail record.Private
}

func (o *Office) hosts(r request) (webkit.Response, error) {
	p := hostsPage{Query: r.Field("q")}
	if p.Query != "" {
		p.Sought = true
		found, more := o.cfg.Node.Hosts().Find(p.Query)
		for _, h := range found {
			p.Found = append(p.Found, hostLine{h.ID, h.Name, h.Unit, h.Mail})
		}
		p.More = more
	}
	return o.hostsPage(r, p), nil
}

func (o *Office) hostsPage(r request, p hostsPage) webkit.Page {
	p.Frame, p.Count = o.frame(r, "hosts"), o.cfg.Node.Hosts().Count()
	return webkit.Page{Name: "hosts", Path: "/admin/hosts", Data: p}
}

// host is the form of one host.
func (o *Office) host(r request) (webkit.Response, error) {
	h, ok := o.cfg.Node.Hosts().Get(r.PathValue("host"))
	if !ok {
		return webkit.Redirect{To: r.Link("/admin/hosts")}, nil
	}
	return o.hostsPage(r, hostsPage{Host: hostLine{h.ID, h.Name, h.Unit, h.Mail}}), nil
}

// changeHosts does the one thing that was pressed.
func (o *Office) changeHosts(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), 4*patience)
	defer done()
	var p hostsPage
	var err error
	book := o.cfg.Node.Hosts()
	switch r.Field("do") {
	case "remove":
		if err = book.Remove(ctx, r.by(), r.Field("id")); err == nil {
			p.Done = r.Text("hostbook.removed", nil)
		}
	case "import":
		p.Text = r.Lines("csv")
		var put, removed int
		put, removed, err = book.Import(ctx, r.by(), []byte(p.Text), r.Field("replace") != "")
		var rows *hosts.ErrRows
		if errors.As(err, &rows) {
			for _, f := range rows.Rows {
				x := inSheet(f.Err)
				p.Rows = append(p.Rows, rowLine{f.Row, r.Text(x.Key, x.Args)})
			}
			page := o.hostsPage(r, p)
			page.Status = 422
			return page, nil
		}
		if err == nil {
			p.Done = r.Text("hostbook.imported", map[string]any{"Put": put, "Removed": removed})
			p.Text = ""
		}
	default:
		p.Host = hostLine{r.Field("id"), private(r, "name"), private(r, "unit"), private(r, "mail")}
		if _, err = book.Put(ctx, r.by(), hosts.Host{ID: p.Host.ID, Name: p.Host.Name, Unit: p.Host.Unit, Mail: p.Host.Mail}); err == nil {
			p.Host, p.Done = hostLine{}, r.Text("hostbook.saved", nil)
		}
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.hostsPage(r, p)
		})
	}
	return o.hostsPage(r, p), nil
}
