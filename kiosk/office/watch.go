package office

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/watch"
)

func (o *Office) watchRoutes() []webkit.Route {
	return []webkit.Route{
		{Method: "GET", Pattern: "/desk/watch", Handler: o.may(operators.Watch, o.watchList)},
		{Method: "POST", Pattern: "/desk/watch", Handler: o.may(operators.Watch, o.changeWatch)},
		{Method: "GET", Pattern: "/desk/watch/{visit}", Handler: o.may(operators.Create, o.alert)},
		{Method: "POST", Pattern: "/desk/watch/{visit}", Handler: o.may(operators.Create, o.answerAlert)},
	}
}

// watchPage is the watch list, with the form of a new entry.
type watchPage struct {
	Frame       frame
	Entries     []watchLine
	Alerts      []alertLine
	Form        watchForm
	Usual, Most int
	Terms       bool // may set them
	Days, Limit string
	Done        string
	Faults      faults
}

type watchForm struct {
	Names                                 string
	Company, Email, Phone, Reason, Advice record.Private
	Until                                 string
	Wait                                  bool
}

// watchLine is one entry.
type watchLine struct {
	ID                                    string
	Called                                record.Private
	Also                                  []record.Private
	Company, Email, Phone, Reason, Advice record.Private
	Until, By, Added                      string
	Wait                                  bool
}

// alertLine is one alert. Match says in words what they have in common, Whose what
// the entry is called, and Outcome what came of it; empty where nobody has said.
type alertLine struct {
	ID, Where, At, Match, Outcome, By string
	Name, Whose, Advice               record.Private
	Strong, Waits, Expected, Open     bool
}

func (o *Office) watchLine(r request, e watch.Entry) watchLine {
	l := watchLine{
		ID: e.ID, Called: e.Called(), Company: e.Company, Email: e.Email, Phone: e.Phone, Reason: e.Reason, Advice: e.Advice, Wait: e.Wait,
		Until: e.Until.Start().Format(time.DateOnly), By: o.staffOf(r, e.By), Added: o.moment(r, e.Added, o.cfg.Clock()),
	}
	if len(e.Names) > 1 {
		l.Also = e.Names[1:]
	}
	return l
}

// staffOf is who is called by on record, as this desk may show it.
func (o *Office) staffOf(r request, by string) string {
	id, ok := strings.CutPrefix(by, "operator ")
	if staff, known := o.cfg.Node.Operators().Get(operators.ID(id)); ok && known && staff.Alias != "" {
		return staff.Alias.Reveal()
	}
	if ok && len(id) == 10 {
		return id
	}
	return r.Text("watch.at_node", nil)
}

var byWords = map[watch.By]string{
	watch.Email: "watch.by_email", watch.Phone: "watch.by_phone", watch.Name: "watch.by_name", watch.Company: "watch.by_company", watch.Nearly: "watch.by_nearly",
}

var outcomeWords = map[watch.Outcome]string{
	watch.Other: "watch.was_other", watch.LetIn: "watch.was_let_in", watch.TurnedAway: "watch.was_turned_away", watch.NotFound: "watch.was_not_found",
}

func (o *Office) inCommon(r request, all []watch.By) string {
	var out []string
	for _, b := range all {
		if key := byWords[b]; key != "" {
			out = append(out, r.Text(key, nil))
		}
	}
	return strings.Join(out, " "+r.Text("watch.and", nil)+" ")
}

func (o *Office) alertLine(r request, a watch.Alert) alertLine {
	l := alertLine{
		ID: a.Visit.String(), Name: o.cfg.Node.Called(a.Visit), Where: whereOf(a.Place), At: o.moment(r, a.At, o.cfg.Clock()),
		Strong: a.Strong(), Waits: a.Wait, Expected: a.Expected, Open: a.Open,
	}
	if len(a.Found) > 0 {
		f := a.Found[0]
		l.Match, l.Whose, l.Advice = o.inCommon(r, f.By), f.Entry.Called(), f.Entry.Advice
	}
	if a.Answer != nil {
		if key := outcomeWords[a.Answer.Outcome]; key != "" {
			l.Outcome = r.Text(key, nil)
		}
		l.By = o.staffOf(r, a.Answer.By)
	}
	return l
}

// unanswered are the alerts that wait for somebody, for those who may do
// something about them.
func (o *Office) unanswered(r request) (out []alertLine) {
	if !r.who.May(operators.Create) {
		return nil
	}
	for _, a := range o.cfg.Node.Alerts().Alerts() {
		if a.Answer == nil && len(out) < most {
			out = append(out, o.alertLine(r, a))
		}
	}
	return out
}

func (o *Office) watchList(r request) (webkit.Response, error) {
	return o.watchPage(r, watchPage{}), nil
}

func (o *Office) watchPage(r request, p watchPage) webkit.Page {
	b := o.cfg.Node.Watch()
	p.Frame, p.Terms = o.frame(r, "watch"), r.who.May(operators.Nodes)
	p.Usual, p.Most = b.Terms()
	if p.Days == "" {
		p.Days, p.Limit = strconv.Itoa(p.Usual), strconv.Itoa(p.Most)
	}
	if p.Form.Until == "" {
		p.Form.Until = o.cfg.Clock().In(o.cfg.Zone).AddDate(0, 0, p.Usual).Format(time.DateOnly)
	}
	for _, e := range b.List() {
		p.Entries = append(p.Entries, o.watchLine(r, e))
	}
	for _, a := range o.cfg.Node.Alerts().Alerts() {
		if len(p.Alerts) < most {
			p.Alerts = append(p.Alerts, o.alertLine(r, a))
		}
	}
	return webkit.Page{Name: "watch", Path: "/desk/watch", Data: p}
}

// changeWatch does the one thing that was pressed.
func (o *Office) changeWatch(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	b := o.cfg.Node.Watch()
	var p watchPage
	var err error
	switch r.Field("do") {
	case "remove":
		if err = b.Remove(ctx, r.by(), r.Field("id")); err == nil {
			p.Done = r.Text("watch.removed", nil)
		}
	case "terms":
		if !r.who.May(operators.Nodes) {
			return webkit.Page{Name: "refused", Status: 403, Data: o.frame(r, "")}, nil
		}
		p.Days, p.Limit = r.Field("days"), r.Field("most")
		days, no := strconv.Atoi(p.Days)
		limit, neither := strconv.Atoi(p.Limit)
		if no != nil || neither != nil || days < 1 || limit < 1 {
			days, limit = -1, -1
		}
		if err = b.SetTerms(ctx, r.by(), days, limit, ""); err == nil {
			p.Done = r.Text("watch.terms_set", nil)
		}
	default:
		p.Form = watchForm{
			Names: r.Field("name"), Company: private(r, "company"), Email: private(r, "email"), Phone: private(r, "phone"),
			Reason: private(r, "reason"), Advice: private(r, "advice"), Until: r.Field("until"), Wait: r.Field("wait") != "",
		}
		if err = o.addToWatch(ctx, r, p.Form); err == nil {
			p.Form, p.Done = watchForm{}, r.Text("watch.added", nil)
		}
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.watchPage(r, p)
		})
	}
	return o.watchPage(r, p), nil
}

func (o *Office) addToWatch(ctx context.Context, r request, f watchForm) error {
	e := watch.Entry{
		Names: watch.Spellings(f.Names), Company: f.Company, Email: f.Email, Phone: f.Phone, Reason: f.Reason, Advice: f.Advice, Wait: f.Wait,
	}
	if f.Until != "" {
		t, err := time.Parse(time.DateOnly, f.Until)
		if err != nil {
			return lang.Problem{Key: "rights.bad_date", Field: "until"}
		}
		e.Until = record.DayOf(t)
	}
	_, err := o.cfg.Node.Watch().Add(ctx, r.by(), e)
	return err
}

// alertPage is one alert: who came, whom they may be, and what is to be done.
type alertPage struct {
	Frame frame
	Line  alertLine
	Found []foundLine
	// Why: this operator may read why somebody is on the list.
	Why      bool
	Outcomes []choice
	Faults   faults
}

// foundLine is one entry that they may be.
type foundLine struct {
	Entry  watchLine
	Match  string
	Strong bool
}

func (o *Office) alertOf(r request) (watch.Alert, error) {
	v, err := record.ParseVisitID(r.PathValue("visit"))
	if err != nil {
		return watch.Alert{}, lang.Problem{Key: "page.missing"}
	}
	a, ok := o.cfg.Node.Alerts().Alert(v)
	if !ok {
		return a, lang.Problem{Key: "page.missing"}
	}
	return a, nil
}

func (o *Office) alert(r request) (webkit.Response, error) {
	a, err := o.alertOf(r)
	if err != nil {
		return nil, err
	}
	return o.alertPage(r, a, nil), nil
}

func (o *Office) alertPage(r request, a watch.Alert, f faults) webkit.Page {
	p := alertPage{Frame: o.frame(r, "desk"), Line: o.alertLine(r, a), Why: r.who.May(operators.Watch), Faults: f}
	for _, x := range a.Found {
		p.Found = append(p.Found, foundLine{o.watchLine(r, x.Entry), o.inCommon(r, x.By), x.Strong()})
	}
	words := map[watch.Outcome]string{
		watch.Other: "watch.somebody_else", watch.LetIn: "watch.let_in", watch.TurnedAway: "watch.turned_away", watch.NotFound: "watch.not_found",
	}
	for _, x := range watch.Outcomes() {
		if !a.Expected || x == watch.Other || x == watch.LetIn {
			p.Outcomes = append(p.Outcomes, choice{Value: string(x), Word: r.Text(words[x], nil), Chosen: a.Answer != nil && a.Answer.Outcome == x})
		}
	}
	return webkit.Page{Name: "alert", Data: p}
}

// answerAlert puts on record what came of an alert.
func (o *Office) answerAlert(r request) (webkit.Response, error) {
	a, err := o.alertOf(r)
	if err != nil {
		return nil, err
	}
	if err := o.cfg.Node.Alerts().Answer(r.by(), a.Visit, watch.Outcome(r.Field("outcome"))); err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.alertPage(r, a, f) })
	}
	// So that the desk does not ask again what was just answered.
	o.settled(r.Context(), a.Visit)
	return webkit.Redirect{To: r.Link("/desk")}, nil
}

// settled waits for an answer to be heard, for a moment.
func (o *Office) settled(ctx context.Context, v record.VisitID) {
	ctx, done := context.WithTimeout(ctx, 2*time.Second)
	defer done()
	for {
		changed := o.cfg.Node.Alerts().Changed()
		if !slices.ContainsFunc(o.cfg.Node.Alerts().Alerts(), func(a watch.Alert) bool { return a.Visit == v && a.Answer == nil }) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
