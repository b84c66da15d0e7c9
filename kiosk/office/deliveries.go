package office

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/deliveries"
	"github.com/upprop/upprop/node/operators"
)

// deliveriesPage is what waits to be picked up, and what does not any more.
type deliveriesPage struct {
	Frame        frame
	May          bool
	Query        string
	Found        int
	Waits, Ended []deliveryLine
}

// deliveryLine is one delivery as the desk shows it. Parcel is nil where it cannot
// be opened.
type deliveryLine struct {
	ID, Code string
	Parcel   *record.Parcel
	State    deliveries.State
	Word     string
	Came     string
	// Since is when it ended.
	Since string
}

func (o *Office) deliveries(r request) (webkit.Response, error) {
	q := r.Field("q")
	p := deliveriesPage{Frame: o.frame(r, "deliveries"), May: r.who.May(operators.Deliver), Query: q}
	now := o.cfg.Clock()
	for _, d := range o.cfg.Node.Deliveries().List(q) {
		p.Found++
		to := &p.Waits
		if d.State != deliveries.Waiting {
			to = &p.Ended
		}
		if len(*to) < most {
			*to = append(*to, o.deliveryLine(r, d, now))
		}
	}
	return webkit.Page{Name: "deliveries", Path: "/desk/deliveries", Data: p}, nil
}

var deliveryWords = map[deliveries.State]string{
	deliveries.Waiting: "deliveries.waiting", deliveries.PickedUp: "deliveries.picked_up", deliveries.Returned: "deliveries.returned", deliveries.Lost: "deliveries.lost",
}

func (o *Office) deliveryLine(r request, d deliveries.Item, now time.Time) deliveryLine {
	l := deliveryLine{
		ID: d.ID.String(), Code: d.ID.Badge().String(), Parcel: d.Parcel, State: d.State, Word: r.Text(deliveryWords[d.State], nil),
		Came: o.moment(r, d.Begun.Time(), now),
	}
	if e, ended := d.Ended(); ended {
		l.Since = o.moment(r, e.Begun.Time(), now)
	}
	return l
}

// takePage is the form to take a delivery in.
type takePage struct {
	Frame   frame
	Form    string
	Request deliveries.Request
	Items   string
	Faults  faults
}

func (o *Office) deliveryForm(r request) (webkit.Response, error) {
	return o.takePage(r, takePage{Form: rand.Text(), Items: "1"}), nil
}

func (o *Office) takePage(r request, p takePage) webkit.Page {
	p.Frame = o.frame(r, "deliveries")
	return webkit.Page{Name: "take", Path: "/desk/delivery", Data: p}
}

func (o *Office) takeDelivery(r request) (webkit.Response, error) {
	p := takePage{Form: formID(r), Items: r.Field("items"), Request: deliveries.Request{
		For: private(r, "for"), Mail: private(r, "mail"), From: private(r, "from"), Kept: private(r, "kept"), Note: private(r, "note"), Cold: r.Field("cold") != "",
	}}
	form := func(f faults) webkit.Page {
		p.Faults = f
		return o.takePage(r, p)
	}
	if p.Items != "" {
		n, err := strconv.Atoi(p.Items)
		if p.Request.Items = n; err != nil || n == 0 {
			p.Request.Items = -1 // no number of items: the rules say so
		}
	}
	page, err := o.done.once(p.Form+string(r.who.ID), func() (string, error) {
		ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer done()
		taken, err := o.cfg.Node.Deliveries().Take(ctx, r.by(), p.Request)
		return taken.ID.String(), err
	})
	if err != nil {
		return fault(r.Request, err, form)
	}
	return webkit.Redirect{To: r.Link("/desk/delivery/" + page)}, nil
}

// deliveryPage is one delivery, with what can be done about it.
type deliveryPage struct {
	Frame    frame
	Line     deliveryLine
	May      bool
	Reminded string
	Mail     string
	Ends     []endLine
	To       record.Private
	Faults   faults
}

// endLine is one word on how it ended.
type endLine struct {
	Word, At, Node string
	// To is who took it; empty: not said, or whom it was for. Picked: somebody did.
	To     record.Private
	Picked bool
}

func (o *Office) deliveryOf(r request) (deliveries.Item, error) {
	id, err := record.ParseVisitID(r.PathValue("delivery"))
	if err != nil {
		return deliveries.Item{}, lang.Problem{Key: "page.missing"}
	}
	d, err := o.cfg.Node.Deliveries().Get(id)
	if err != nil {
		return d, lang.Problem{Key: "page.missing"}
	}
	return d, nil
}

func (o *Office) deliveryPage(r request) (webkit.Response, error) {
	d, err := o.deliveryOf(r)
	if err != nil {
		return nil, err
	}
	return o.layDelivery(r, d, "", nil), nil
}

func (o *Office) layDelivery(r request, d deliveries.Item, to record.Private, f faults) webkit.Page {
	now := o.cfg.Clock()
	p := deliveryPage{Frame: o.frame(r, "deliveries"), Line: o.deliveryLine(r, d, now), May: r.who.May(operators.Deliver), To: to, Faults: f}
	if d.Reminded != 0 {
		p.Reminded = o.moment(r, d.Reminded.Time(), now)
	}
	for _, e := range d.Ends {
		p.Ends = append(p.Ends, endLine{
			Word: r.Text(deliveryWords[e.State], nil), At: o.moment(r, e.Begun.Time(), now), Node: o.nameOf(e.Fact.By()), To: e.To, Picked: e.State == deliveries.PickedUp,
		})
	}
	switch o.cfg.Node.Notices().Mailed(d.ID) {
	case "":
	case "sent":
		p.Mail = r.Text("expected.mail_sent", nil)
	case "failed", "over":
		p.Mail = r.Text("expected.mail_failed", nil)
	default:
		p.Mail = r.Text("expected.mail_waits", nil)
	}
	return webkit.Page{Name: "delivery", Path: "/desk/delivery/" + d.ID.String(), Data: p}
}

// actOnDelivery does the one thing that was pressed.
func (o *Office) actOnDelivery(r request) (webkit.Response, error) {
	d, err := o.deliveryOf(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	to := private(r, "to")
	switch do := r.Field("do"); do {
	case "put_back":
		err = o.cfg.Node.Deliveries().PutBack(ctx, r.by(), d.ID)
	default:
		if do != string(deliveries.PickedUp) {
			to = ""
		}
		err = o.cfg.Node.Deliveries().End(ctx, r.by(), d.ID, deliveries.State(do), to)
	}
	var p lang.Problem
	switch {
	case errors.As(inWords(err), &p):
		return fault(r.Request, err, func(f faults) webkit.Page { return o.layDelivery(r, d, to, f) })
	case err != nil:
		return nil, err
	}
	return webkit.Redirect{To: r.Link("/desk/delivery/" + d.ID.String())}, nil
}

// foundHosts is what the script of the form gets; say is how many there are, in
// words.
type foundHosts struct {
	Hosts []foundHost `json:"hosts"`
	Say   string      `json:"say"`
}

type foundHost struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
}

// findHosts answers what was typed into the field for whom a delivery is: a few,
// and never all.
func (o *Office) findHosts(r request) (webkit.Response, error) {
	out := foundHosts{Hosts: []foundHost{}}
	found, more := o.cfg.Node.Hosts().Find(r.Field("q"))
	for _, h := range found {
		out.Hosts = append(out.Hosts, foundHost{h.Name.Reveal(), h.Unit.Reveal()})
	}
	switch {
	case more:
		out.Say = r.Text("hosts.more", nil)
	case len(found) > 0:
		out.Say = r.Text("hosts.found", map[string]any{"Count": len(found)})
	}
	return webkit.Data{Value: out}, nil
}
