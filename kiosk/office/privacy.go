package office

import (
	"bytes"
	"context"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/rights"
)

// privacyPage is what the law wants written, made of the settings, and the
// yearly wheel.
type privacyPage struct {
	Frame frame
	Names []choice
	// Text is shown once it was asked for.
	Text   string
	PDF    bool
	Facts  []fact
	Wheel  []reviewLine
	Faults faults
}

// fact is something that documents say of the house.
type fact struct{ Name, Word, Text, Fault string }

type reviewLine struct {
	ID, Word, Done, Due string
	Overdue             bool
}

func (o *Office) privacy(r request) (webkit.Response, error) {
	return o.privacyPage(r, "", nil), nil
}

func (o *Office) privacyPage(r request, text string, f faults) webkit.Page {
	h := o.cfg.Node.Rights().House()
	p := privacyPage{Frame: o.frame(r, "privacy"), Text: text, PDF: o.cfg.PDF != nil, Faults: f}
	for _, name := range rights.Documents {
		p.Names = append(p.Names, choice{Value: name, Word: r.Text(paperWords[name], nil), Chosen: r.Field("name") == name})
	}
	said := map[string]string{"controller": h.Controller, "contact": h.Contact, "dpo": h.DPO, "transfers": h.Transfers, "processors": h.Processors}
	for _, name := range rights.Facts {
		p.Facts = append(p.Facts, fact{name, r.Text(factWords[name], nil), said[name], f.On(name)})
	}
	for _, x := range o.cfg.Node.Rights().Wheel() {
		line := reviewLine{ID: x.ID, Word: r.Text(reviewWords[x.ID], nil), Due: o.day(r, x.Due), Overdue: x.Overdue}
		if !x.Done.IsZero() {
			line.Done = o.day(r, x.Done)
		}
		p.Wheel = append(p.Wheel, line)
	}
	return webkit.Page{Name: "privacy", Path: "/admin/privacy", Data: p}
}

var paperWords = map[string]string{
	"notice": "statements.notice", "record": "statements.record", "dpia": "statements.dpia", "balancing": "statements.balancing", "annex": "statements.annex",
}

var factWords = map[string]string{
	"controller": "statements.controller", "contact": "statements.contact", "dpo": "statements.officer", "transfers": "statements.transfers", "processors": "statements.processors",
}

var reviewWords = map[string]string{
	"retention": "wheel.retention", "purposes": "wheel.purposes", "dpia": "wheel.dpia", "processors": "wheel.processors", "operators": "wheel.operators",
	"nodes": "wheel.nodes", "cases": "wheel.cases", "holds": "wheel.holds", "drill": "wheel.drill", "restore": "wheel.restore",
}

// privacyDocument shows a document, or hands it out on pages.
func (o *Office) privacyDocument(r request) (webkit.Response, error) {
	name, in := r.Field("name"), r.Field("in")
	text, err := o.cfg.Node.Rights().Document(name, rights.Lang(in))
	if err != nil {
		return fault(r.Request, lang.Problem{Key: "rights.what"}, func(f faults) webkit.Page { return o.privacyPage(r, "", f) })
	}
	if r.Field("form") != "pdf" || o.cfg.PDF == nil {
		return o.privacyPage(r, text, nil), nil
	}
	var b bytes.Buffer
	mark := r.Text("statements.made", map[string]any{"When": o.cfg.Clock().In(o.cfg.Zone).Format(time.DateTime)})
	if err := o.cfg.PDF(&b, lang.Locale(in), text, mark); err != nil {
		return nil, err
	}
	return webkit.File{Type: formTypes["pdf"], Name: "upprop-" + name + "." + in + ".pdf", Body: b.Bytes()}, nil
}

// setHouse says something of the house; what is left as it is stays.
func (o *Office) setHouse(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	mine := o.cfg.Node.Rights().As(r.by())
	h := mine.House()
	said := map[string]string{"controller": h.Controller, "contact": h.Contact, "dpo": h.DPO, "transfers": h.Transfers, "processors": h.Processors}
	for _, name := range rights.Facts {
		if text := r.Field(name); text != said[name] {
			if err := mine.SetHouse(ctx, name, text); err != nil {
				return fault(r.Request, lang.Problem{Key: "statements.bad", Field: name}, func(f faults) webkit.Page { return o.privacyPage(r, "", f) })
			}
		}
	}
	return webkit.Redirect{To: r.Link("/admin/privacy")}, nil
}

// review says that something of the yearly wheel has been looked at.
func (o *Office) review(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := o.cfg.Node.Rights().As(r.by()).Reviewed(ctx, r.PathValue("review")); err != nil {
		return nil, lang.Problem{Key: "page.missing"}
	}
	return webkit.Redirect{To: r.Link("/admin/privacy")}, nil
}

func (o *Office) privacyRoutes(get, post func(string, webkit.Handler) webkit.Route) []webkit.Route {
	return []webkit.Route{
		get("/admin/privacy", o.may(operators.Privacy, o.privacy)),
		post("/admin/privacy", o.may(operators.Privacy, o.privacyDocument)),
		post("/admin/privacy/house", o.may(operators.Privacy, o.setHouse)),
		post("/admin/privacy/wheel/{review}", o.may(operators.Privacy, o.review)),
	}
}
