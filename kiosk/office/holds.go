package office

import (
	"context"
	"errors"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	keeping "github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/operators"
)

// holdLine is one legal hold in words.
type holdLine struct {
	ID, Visit, Since, Until, Reason, State, Left string
	Running, Late                                bool
}

// holdsPage are the holds, and what is kept past its day.
type holdsPage struct {
	Frame         frame
	Running, Over []holdLine
	// Kept is shown once it was asked for, since names are in it.
	Asked  bool
	Kept   []keptLine
	More   int
	Faults faults
}

type keptLine struct {
	Name                record.Private
	What, Until, Signed string
}

// holdSoon is how long before a hold ends that is said.
const holdSoon = 30 * 24 * time.Hour

func (o *Office) holdLine(r request, h keeping.Hold) holdLine {
	end := h.Until.Start()
	line := holdLine{
		ID: h.ID.String(), Visit: h.Visit.Badge().String(), Since: o.day(r, h.Made.At), Until: end.Format(time.DateOnly), Reason: h.Made.Reason,
		State: r.Text(holdKeys[h.State], nil), Running: h.State == keeping.Running,
	}
	left := end.Sub(o.cfg.Clock())
	line.Late = left < holdSoon
	line.Left = r.Text("rights.days_left", map[string]any{"Count": max(int(left.Hours()/24), 0)})
	return line
}

var holdKeys = map[keeping.HoldState]string{keeping.Running: "hold.running", keeping.Lifted: "hold.lifted", keeping.Ended: "hold.ended"}

func (o *Office) holds(r request) (webkit.Response, error) { return o.holdsPage(r, false) }

// listKept shows what is kept, on record.
func (o *Office) listKept(r request) (webkit.Response, error) { return o.holdsPage(r, true) }

func (o *Office) holdsPage(r request, names bool) (webkit.Response, error) {
	p := holdsPage{Frame: o.frame(r, "rights"), Asked: names}
	for _, h := range o.cfg.Node.Kept().Holds() {
		if line := o.holdLine(r, h); line.Running {
			p.Running = append(p.Running, line)
		} else if len(p.Over) < most {
			p.Over = append(p.Over, line)
		}
	}
	if !names {
		return webkit.Page{Name: "holds", Path: "/desk/rights/holds", Data: p}, nil
	}
	if err := o.cfg.Node.ActBy(r.by(), "kept.list", nil, ""); err != nil {
		return nil, err
	}
	all, err := o.cfg.Node.Kept().All()
	if errors.Is(err, keeping.ErrNotDesk) || errors.Is(err, keeping.ErrNotYet) {
		err = inWords(err)
		var problem lang.Problem
		errors.As(err, &problem)
		p.Faults = faults{{Text: r.Text(problem.Key, problem.Args)}}
		return webkit.Page{Name: "holds", Path: "/desk/rights/holds", Data: p, Status: 422}, nil
	}
	if err != nil {
		return nil, err
	}
	p.More = max(len(all)-most, 0)
	for _, k := range all[:min(len(all), most)] {
		line := keptLine{Name: k.Name, What: o.documentWord(r, k.Document), Until: k.End.Start().Format(time.DateOnly)}
		if p, err := o.cfg.Node.Replica().Presence(k.Visit); err == nil && len(p.Restricted) > 0 {
			line.Name = "" // its use is restricted
		}
		if k.Hold != "" {
			line.What = r.Text("hold.held_one", nil)
		}
		for _, s := range k.Signed {
			line.Signed = o.day(r, time.UnixMilli(s.At))
		}
		p.Kept = append(p.Kept, line)
	}
	return webkit.Page{Name: "holds", Path: "/desk/rights/holds", Data: p}, nil
}

// documentWord is what a document is called, its id where it is not known.
func (o *Office) documentWord(r request, id string) string {
	if d, ok := o.cfg.Node.Documents().Get(id); ok {
		return d.Word(string(r.Locale))
	}
	return id
}

// holdPage is one hold, and what it keeps.
type holdPage struct {
	Frame  frame
	Hold   holdLine
	Steps  []stepLine
	Reason string
	Until  string
	// Kept is what it keeps; Name is its person's.
	Keeps                 bool
	Name, Company, Host   record.Private
	Email, Phone, Purpose record.Private
	Events                []evidence
	Faults                faults
}

func (o *Office) holdOf(r request) (keeping.Hold, error) {
	id, err := record.ParseCaseID(r.PathValue("hold"))
	if err != nil {
		return keeping.Hold{}, lang.Problem{Key: "page.missing"}
	}
	h, err := o.cfg.Node.Kept().Hold(id)
	if err != nil {
		return h, lang.Problem{Key: "page.missing"}
	}
	return h, nil
}

func (o *Office) hold(r request) (webkit.Response, error) {
	h, err := o.holdOf(r)
	if err != nil {
		return nil, err
	}
	return o.holdPage(r, h, nil)
}

func (o *Office) holdPage(r request, h keeping.Hold, f faults) (webkit.Page, error) {
	p := holdPage{Frame: o.frame(r, "rights"), Hold: o.holdLine(r, h), Reason: r.Field("reason"), Until: r.Field("until"), Faults: f}
	step := func(s keeping.Step, key string) {
		p.Steps = append(p.Steps, stepLine{o.day(r, s.At), r.Text(key, nil), s.Name, s.Reason})
	}
	step(h.Made, "hold.made")
	for _, s := range h.Renewed {
		step(s, "hold.renewed")
	}
	if h.Lifted != nil {
		step(*h.Lifted, "hold.lifted")
	}
	all, err := o.cfg.Node.Kept().Of(h.Visit)
	if err != nil && !errors.Is(err, keeping.ErrNotDesk) && !errors.Is(err, keeping.ErrNotYet) {
		return webkit.Page{}, err
	}
	for _, k := range all {
		if k.ID != h.Key() {
			continue
		}
		// What is opened of contact details is on record.
		if err := o.cfg.Node.ActBy(r.by(), "hold.open", []record.VisitID{h.Visit}, h.ID.String()); err != nil {
			return webkit.Page{}, err
		}
		p.Keeps, p.Name = true, k.Name
		if k.Card != nil {
			p.Company, p.Host = k.Card.Company, k.Card.Host
		}
		if k.Dossier != nil {
			p.Email, p.Phone, p.Purpose = k.Dossier.Email, k.Dossier.Phone, k.Dossier.Purpose
		}
		for _, e := range k.Events {
			p.Events = append(p.Events, evidence{
				At: o.moment(r, e.At, o.cfg.Clock()), What: wordOf(r, kindWords, e.What), Where: whereOf(e.Place), Node: o.nameOf(e.Node), How: wordOf(r, howWords, e.How),
			})
		}
	}
	return webkit.Page{Name: "hold", Path: "/desk/rights/hold/" + h.ID.String(), Data: p}, nil
}

// setHold renews or lifts a hold.
func (o *Office) setHold(r request) (webkit.Response, error) {
	h, err := o.holdOf(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	mine, reason := o.cfg.Node.Kept().As(r.by()), r.Field("reason")
	switch r.Field("do") {
	case "renew":
		_, err = mine.Renew(ctx, h.ID, reason, dayOf(r.Field("until")))
	case "lift":
		_, err = mine.Lift(ctx, h.ID, reason)
	default:
		err = lang.Problem{Key: "rights.what"}
	}
	if err != nil {
		err = inWords(err)
		var p lang.Problem
		if !errors.As(err, &p) {
			return nil, err
		}
		page, err := o.holdPage(r, h, faults{{Field: p.Field, Text: r.Text(p.Key, p.Args)}})
		page.Status = 422
		return page, err
	}
	return webkit.Redirect{To: r.Link("/desk/rights/hold/" + h.ID.String())}, nil
}

// addHold holds the visit of a person's page.
func (o *Office) addHold(ctx context.Context, r request, s record.Presence) error {
	_, err := o.cfg.Node.Kept().As(r.by()).Add(ctx, s.Visit, r.Field("why"), dayOf(r.Field("until")))
	var p lang.Problem
	if err = inWords(err); errors.As(err, &p) && p.Field == "reason" {
		p.Field = "why" // the page has another reason, that of a case
		return p
	}
	return err
}

// dayOf reads a date; zero where it is none, which is no end of a hold.
func dayOf(s string) record.Day {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0
	}
	return record.DayOf(t)
}

// held is the hold that keeps a visit; false: none does.
func (o *Office) held(r request, v record.VisitID) (line holdLine, is bool) {
	h, is := o.cfg.Node.Kept().Held()(v)
	if is {
		line = o.holdLine(r, h)
	}
	return line, is
}

func (o *Office) holdRoutes(get, post func(string, webkit.Handler) webkit.Route) []webkit.Route {
	may := func(h handler) webkit.Handler { return o.may(operators.Privacy, h) }
	return []webkit.Route{
		get("/desk/rights/holds", may(o.holds)),
		post("/desk/rights/holds", may(o.listKept)),
		get("/desk/rights/hold/{hold}", may(o.hold)),
		post("/desk/rights/hold/{hold}", may(o.setHold)),
		post("/desk/rights/visit/{visit}/hold", may(o.forSubject(o.addHold))),
	}
}
