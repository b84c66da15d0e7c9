package office

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
)

// rightsPage is what those who answer for rights have to do, and where they find
// a person.
type rightsPage struct {
	Frame frame
	// Cases are those that are open, the one due first first, and then those that
	// were decided.
	Open, Closed []caseLine
	// Query is what was sought, and Rows who fits.
	Query string
	Rows  list
	// Bulks are prepared here.
	MayBulk  bool
	Bulks    []bulkLine
	Erasures []erasureLine
	Faults   faults
}

// caseLine is one case in a list.
type caseLine struct {
	ID, Kind, Visit, Opened, Due, State string
	// Left is how long there is to answer, in words; Late that it is over.
	Left string
	Late bool
}

type erasureLine struct {
	ID, At, Node, Pending string
	Visits, Confirmed     int
	Complete              bool
	// Photo: it is of a photo alone.
	Photo bool
}

func (o *Office) rights(r request) (webkit.Response, error) { return o.rightsPage(r, "", nil) }

func (o *Office) rightsPage(r request, query string, f faults) (webkit.Response, error) {
	now := o.cfg.Clock()
	p := rightsPage{Frame: o.frame(r, "rights"), Query: query, Faults: f, MayBulk: r.who.May(operators.Bulk), Rows: list{ID: "found"}}
	cases := o.cfg.Node.Rights().Cases()
	slices.SortStableFunc(cases, func(a, b rights.Case) int { return a.Due.Compare(b.Due) })
	for _, c := range cases {
		line := o.caseLine(r, c, now)
		if c.State == rights.Open {
			p.Open = append(p.Open, line)
		} else {
			p.Closed = append([]caseLine{line}, p.Closed...)
		}
	}
	p.Closed = p.Closed[:min(len(p.Closed), most)]
	if p.MayBulk {
		p.Bulks = o.bulkLines(r)
	}
	all, err := o.cfg.Node.ErasureStatuses()
	if err != nil {
		return nil, err
	}
	for _, x := range all[:min(len(all), 20)] {
		p.Erasures = append(p.Erasures, o.erasureLine(r, x, now))
	}
	if query != "" {
		if err := o.everyone(r, query, &p.Rows, now); err != nil {
			return nil, err
		}
	}
	return webkit.Page{Name: "rights", Path: "/desk/rights", Data: p}, nil
}

func (o *Office) erasureLine(r request, x privacy.Summary, now time.Time) erasureLine {
	line := erasureLine{
		ID: x.Erasure.String(), At: o.moment(r, x.At.Time(), now), Node: o.nameOf(x.By), Visits: x.Visits, Confirmed: len(x.Receipts), Complete: x.Complete, Photo: x.Photo,
	}
	var names []string
	for _, n := range x.Pending {
		names = append(names, n.Name)
	}
	line.Pending = strings.Join(names, ", ")
	return line
}

func (o *Office) caseLine(r request, c rights.Case, now time.Time) caseLine {
	line := caseLine{
		ID: c.ID.String(), Kind: r.Text(kindKeys[c.Kind], nil), Visit: c.Visit.Badge().String(), State: r.Text(outcomeKeys[c.State], nil),
		Opened: o.day(r, c.Opened.At), Due: o.day(r, c.Due), Late: c.Overdue,
	}
	if c.State == rights.Open && !c.Overdue {
		line.Left = r.Text("rights.days_left", map[string]any{"Count": int(c.Due.Sub(now).Hours() / 24)})
	}
	return line
}

// day is a date as law and letters count it.
func (o *Office) day(_ request, t time.Time) string { return t.In(o.cfg.Zone).Format(time.DateOnly) }

var kindKeys = map[rights.Kind]string{
	rights.Access: "rights.access", rights.Rectification: "rights.rectification", rights.Erasure: "rights.erasure",
	rights.Restriction: "rights.restriction", rights.Portability: "rights.portability", rights.Objection: "rights.objection",
}

var outcomeKeys = map[rights.Outcome]string{
	rights.Open: "rights.open", rights.Granted: "rights.granted", rights.Refused: "rights.refused",
}

// everyone lists the retained visits that fit what is sought, restricted ones by
// their badge code alone.
func (o *Office) everyone(r request, query string, l *list, now time.Time) error {
	fits, found := o.sought(r, query), []*record.Presence(nil)
	err := o.cfg.Node.Replica().Visits(func(s record.Presence) error {
		if s.Visit.IsZero() {
			return nil
		}
		if fit, _ := fits(&s); fit {
			found = append(found, &s)
		}
		return nil
	})
	slices.SortFunc(found, func(a, b *record.Presence) int { return bytes.Compare(b.Visit[:], a.Visit[:]) })
	l.Total = len(found)
	for _, s := range found[:min(most, len(found))] {
		l.Rows = append(l.Rows, o.row(r, s, now))
	}
	return err
}

// findSubject finds the person that somebody asks about; the query comes in the
// form, never in the URL: it may be a name.
func (o *Office) findSubject(r request) (webkit.Response, error) {
	q := r.Field("q")
	if q == "" {
		return webkit.Redirect{To: r.Link("/desk/rights")}, nil
	}
	if visit, ok := o.coded(q); ok {
		return webkit.Redirect{To: r.Link("/desk/rights/visit/" + visit.String())}, nil
	}
	return o.rightsPage(r, q, nil)
}

// casePage is one case with all its steps.
type casePage struct {
	Frame  frame
	Case   caseLine
	Visit  string
	Reason string
	Open   bool
	// MayExtend: the month is not over, and it has not been extended.
	MayExtend bool
	Steps     []stepLine
	// Letter is shown once it was asked for.
	Letter string
	Faults faults
}

type stepLine struct{ At, What, Where, Reason string }

func (o *Office) caseOf(r request) (rights.Case, error) {
	id, err := record.ParseCaseID(r.PathValue("case"))
	if err != nil {
		return rights.Case{}, lang.Problem{Key: "page.missing"}
	}
	c, err := o.cfg.Node.Rights().Case(id)
	if err != nil {
		return c, lang.Problem{Key: "page.missing"}
	}
	return c, nil
}

func (o *Office) aCase(r request) (webkit.Response, error) {
	c, err := o.caseOf(r)
	if err != nil {
		return nil, err
	}
	return o.casePage(r, c, "", nil), nil
}

func (o *Office) casePage(r request, c rights.Case, letter string, f faults) webkit.Page {
	p := casePage{
		Frame: o.frame(r, "rights"), Case: o.caseLine(r, c, o.cfg.Clock()), Visit: c.Visit.String(), Open: c.State == rights.Open,
		MayExtend: c.State == rights.Open && c.Extended == nil && !c.Overdue, Letter: letter, Faults: f, Reason: r.Field("reason"),
	}
	step := func(s rights.Step, key string) {
		p.Steps = append(p.Steps, stepLine{o.day(r, s.At), r.Text(key, nil), s.Name, s.Reason})
	}
	step(c.Opened, "rights.opened")
	if c.Extended != nil {
		step(*c.Extended, "rights.extended")
	}
	for _, d := range c.Decisions {
		step(d, outcomeKeys[d.Outcome])
	}
	if c.Lifted != nil {
		step(*c.Lifted, "rights.lifted")
	}
	return webkit.Page{Name: "case", Path: "/desk/rights/case/" + c.ID.String(), Data: p}
}

// decide grants, refuses or extends a case.
func (o *Office) decide(r request) (webkit.Response, error) {
	c, err := o.caseOf(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	mine, reason := o.cfg.Node.Rights().As(r.by()), r.Field("reason")
	switch r.Field("do") {
	case "grant":
		_, err = mine.Decide(ctx, c.ID, rights.Granted, reason)
	case "refuse":
		_, err = mine.Decide(ctx, c.ID, rights.Refused, reason)
	case "extend":
		_, err = mine.Extend(ctx, c.ID, reason)
	default:
		err = lang.Problem{Key: "rights.what"}
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.casePage(r, c, "", f) })
	}
	return webkit.Redirect{To: r.Link("/desk/rights/case/" + c.ID.String())}, nil
}

// letter shows what the person is to be told, in a language of theirs.
func (o *Office) letter(r request) (webkit.Response, error) {
	c, err := o.caseOf(r)
	if err != nil {
		return nil, err
	}
	text, err := o.cfg.Node.Rights().Letter(c.ID, rights.Lang(r.Field("in")))
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.casePage(r, c, "", f) })
	}
	return o.casePage(r, c, text, nil), nil
}
