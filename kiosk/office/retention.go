package office

import (
	"context"
	"slices"
	"strconv"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	keeping "github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
)

// retentionPage is for how long each class is kept, and what a change that was
// asked for would mean.
type retentionPage struct {
	Frame         frame
	Card, Contact int
	// Photo is the figure of photos; zero: no type of visitor asks for one.
	Photo       int
	Fixed, Most int
	Types       []typeTerms
	// Document is the figure of what is signed, Documents those of single ones; Holds
	// are how many visits are held.
	Document, Holds, MostDocument int
	Documents                     []documentTerms
	// Delivery is the figure of deliveries.
	Delivery int
	// Form is what was written.
	Class, Type, Days string
	Classes           []choice
	Kinds             []choice
	// Asked is set once a change was asked for and not yet done.
	Asked  bool
	Means  rights.TermsPreview
	Faults faults
}

// typeTerms are the figures of one visitor type.
type typeTerms struct {
	Type                 string
	Card, Contact, Photo int
}

// documentTerms is the figure of one document.
type documentTerms struct {
	Document string
	Days     int
}

func (o *Office) retention(r request) (webkit.Response, error) {
	return o.retentionPage(r, nil, nil), nil
}

func (o *Office) retentionPage(r request, means *rights.TermsPreview, f faults) webkit.Page {
	t := o.cfg.Node.Rights().Terms()
	d := t.For("")
	p := retentionPage{
		Frame: o.frame(r, "settings"), Card: int(d.Card), Contact: int(d.Contact), Fixed: terms.Most, Most: terms.Most, Faults: f,
		Document: int(t.Document("")), Delivery: int(t.Delivery()), MostDocument: terms.MostDocument, Class: r.Field("class"), Type: r.Field("type"), Days: r.Field("days"),
	}
	classes := []terms.Class{terms.Card, terms.Contact, terms.Documents, terms.Deliveries}
	asks := o.cfg.Node.AsksPhotos()
	if asks {
		p.Photo, classes = int(d.Photo), append(classes, terms.Photos)
	}
	for _, name := range t.Types() {
		d := t.For(name)
		p.Types = append(p.Types, typeTerms{o.typeWord(r, name), int(d.Card), int(d.Contact), int(d.Photo)})
	}
	for _, id := range t.Documents() {
		p.Documents = append(p.Documents, documentTerms{o.documentWord(r, id), int(t.Document(id))})
	}
	for _, h := range o.cfg.Node.Kept().Holds() {
		if h.State == keeping.Running {
			p.Holds++
		}
	}
	for _, c := range classes {
		p.Classes = append(p.Classes, choice{Value: string(c), Word: r.Text(classWords[c], nil), Chosen: string(c) == p.Class})
	}
	p.Kinds = o.anyType(r, p.Type)
	for _, d := range o.cfg.Node.Documents().List() {
		p.Kinds = append(p.Kinds, choice{Value: d.ID, Word: r.Text("keep.of_document", map[string]any{"Document": d.Word(string(r.Locale))}), Chosen: d.ID == p.Type})
	}
	if means != nil {
		p.Asked, p.Means = true, *means
	}
	return webkit.Page{Name: "retention", Path: "/admin/retention", Data: p}
}

var classWords = map[terms.Class]string{terms.Card: "keep.card", terms.Contact: "keep.contact", terms.Documents: "keep.document", terms.Photos: "photo.kept", terms.Deliveries: "keep.delivery"}

// anyType are all types, also those that are offered no more, and first any.
func (o *Office) anyType(r request, chosen string) []choice {
	out := []choice{{Word: r.Text("keep.all_types", nil), Chosen: chosen == ""}}
	for _, k := range o.cfg.Node.Kinds().List() {
		out = append(out, choice{Value: k.ID, Word: k.Word(string(r.Locale)), Chosen: k.ID == chosen})
	}
	return out
}

// setRetention shows first what a change means, and does it once that is
// confirmed: what is shortened destroys.
func (o *Office) setRetention(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	again := func(f faults) webkit.Page { return o.retentionPage(r, nil, f) }
	days, err := strconv.Atoi(r.Field("days"))
	if err != nil {
		return fault(r.Request, lang.Problem{Key: terms.ErrDays.Key, Field: "days"}, again)
	}
	sure := r.Field("sure") != ""
	means, err := o.cfg.Node.Rights().As(r.by()).SetTerms(ctx, terms.Class(r.Field("class")), r.Field("type"), days, !sure)
	if err != nil {
		return fault(r.Request, err, again)
	}
	if !sure {
		return o.retentionPage(r, &means, nil), nil
	}
	return webkit.Redirect{To: r.Link("/admin/retention")}, nil
}

// rightsRoutes are the pages for the rights of those whom data is about.
func (o *Office) rightsRoutes() []webkit.Route {
	get := func(pattern string, h webkit.Handler) webkit.Route {
		return webkit.Route{Method: "GET", Pattern: pattern, Handler: h}
	}
	post := func(pattern string, h webkit.Handler) webkit.Route {
		return webkit.Route{Method: "POST", Pattern: pattern, Handler: h}
	}
	return slices.Concat(o.subjectRoutes(get, post), o.holdRoutes(get, post), o.bulkRoutes(get, post), o.privacyRoutes(get, post), []webkit.Route{
		get("/admin/retention", o.may(operators.Nodes, o.retention)),
		post("/admin/retention", o.may(operators.Nodes, o.setRetention)),
	})
}
