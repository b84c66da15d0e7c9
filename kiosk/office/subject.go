package office

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/photos"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// subjectPage is what can be done for the person of one visit.
type subjectPage struct {
	Frame      frame
	Row        row
	Open       bool
	Erased     bool
	Restricted bool
	// Held: a legal hold keeps the visit, and Hold is it.
	Held bool
	Hold holdLine
	// What was written of a hold.
	HoldReason, Until string
	Cases             []caseLine
	Kinds             []choice
	Consents          []choice
	MayExport         bool
	// Extract is shown once it was asked for.
	Extract string
	// What was written.
	Reason string
	Right  visits.Arrival
	Faults faults
	// Photo is where the person's photo is, once an extract was asked for; empty: none
	// is kept.
	Photo string
	// PDF: extracts can be had as PDF here.
	PDF bool
}

func (o *Office) subject(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	return o.subjectPage(r, s, "", nil), nil
}

func (o *Office) subjectPage(r request, s record.Presence, extract string, f faults) webkit.Page {
	now := o.cfg.Clock()
	p := subjectPage{
		Frame: o.frame(r, "rights"), Row: o.row(r, &s, now), Open: s.Open(), Erased: o.cfg.Node.Replica().Shredded(s.Visit),
		Restricted: len(s.Restricted) > 0, MayExport: r.who.May(operators.Export), Extract: extract, Reason: r.Field("reason"), Faults: f,
		Right: visits.Arrival{
			Name: private(r, "name"), Company: private(r, "company"), Host: private(r, "host"), Email: private(r, "email"), Phone: private(r, "phone"),
		},
		PDF: o.cfg.PDF != nil,
	}
	if _, err := o.cfg.Node.Photos().ForSubject(s.Visit); err == nil && extract != "" {
		p.Photo = "/desk/rights/visit/" + s.Visit.String() + "/photo"
	}
	p.Hold, p.Held = o.held(r, s.Visit)
	p.HoldReason, p.Until = r.Field("why"), r.Field("until")
	for _, c := range o.cfg.Node.Rights().Cases() {
		if c.Visit == s.Visit {
			p.Cases = append(p.Cases, o.caseLine(r, c, now))
		}
	}
	for _, k := range rights.Kinds {
		p.Kinds = append(p.Kinds, choice{Value: string(k), Word: r.Text(kindKeys[k], nil), Chosen: r.Field("kind") == string(k)})
	}
	for _, c := range consent.Purposes {
		if c == consent.Photo && !o.cfg.Node.AsksPhotos() && o.cfg.Node.Photos().State(s.Visit) != photos.There {
			continue
		}
		p.Consents = append(p.Consents, choice{Value: string(c), Word: r.Text(consentKeys[c], nil)})
	}
	return webkit.Page{Name: "subject", Path: "/desk/rights/visit/" + s.Visit.String(), Data: p}
}

var consentKeys = map[consent.Purpose]string{consent.Assist: "rights.consent_assist", consent.Notify: "rights.consent_notify", consent.Photo: "photo.field"}

// extract shows all that is stored, or hands it out as a file.
func (o *Office) extract(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	form, in := r.Field("form"), rights.Lang(r.Field("in"))
	if form != "text" && !r.who.May(operators.Export) {
		return webkit.Page{Name: "refused", Status: http.StatusForbidden, Data: o.frame(r, "")}, nil
	}
	again := func(f faults) webkit.Page { return o.subjectPage(r, s, "", f) }
	mine := o.cfg.Node.Rights().As(r.by())
	if _, known := formTypes[form]; !known || form == "pdf" && o.cfg.PDF == nil {
		return fault(r.Request, lang.Problem{Key: "rights.what"}, again)
	}
	x, err := mine.Export(r.Context(), s.Visit, form)
	if err != nil {
		return fault(r.Request, err, again)
	}
	var b bytes.Buffer
	switch form {
	case "json":
		err = api.WriteExtractJSON(&b, x, mine.Given(x))
	case "csv":
		err = api.WriteExtractCSV(&b, x, mine.Given(x))
	case "xlsx":
		err = api.WriteExtractXLSX(&b, x, mine.Given(x))
	default:
		text, err := mine.Text(x, in)
		if err != nil {
			return fault(r.Request, err, again)
		}
		if form == "text" {
			return o.subjectPage(r, s, text.Reveal(), nil), nil
		}
		// Whose copy it is stands on it: it may be left lying about.
		mark := r.Text("rights.copy", map[string]any{"Who": r.by(), "When": o.cfg.Clock().In(o.cfg.Zone).Format(time.DateTime)})
		if err := o.cfg.PDF(&b, lang.Locale(in), text.Reveal(), mark); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	return webkit.File{Type: formTypes[form], Name: "upprop-" + s.Badge().String() + "." + form, Body: b.Bytes()}, nil
}

// formTypes are the forms of an extract, with what browsers call them.
var formTypes = map[string]string{
	"text": "text/plain", "pdf": "application/pdf", "json": "application/json", "csv": "text/csv; charset=utf-8",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// forSubject does something for the person, and comes back to the page.
func (o *Office) forSubject(do func(ctx context.Context, r request, s record.Presence) error) handler {
	return func(r request) (webkit.Response, error) {
		s, err := o.presence(r)
		if err != nil {
			return nil, err
		}
		ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer done()
		if err := do(ctx, r, s); err != nil {
			return fault(r.Request, err, func(f faults) webkit.Page { return o.subjectPage(r, s, "", f) })
		}
		return webkit.Redirect{To: r.Link("/desk/rights/visit/" + s.Visit.String())}, nil
	}
}

func (o *Office) rectify(ctx context.Context, r request, s record.Presence) error {
	var c privacy.Correction
	for field, to := range map[string]**record.Private{"name": &c.Name, "company": &c.Company, "host": &c.Host, "email": &c.Email, "phone": &c.Phone} {
		text := private(r, field)
		if text == "" {
			continue // what is left empty stays
		}
		right, err := visits.Line(field, text)
		if err != nil {
			return err
		}
		*to = &right
	}
	return o.cfg.Node.Rectify(ctx, s.Visit, c, r.by())
}

func (o *Office) openCase(ctx context.Context, r request, s record.Presence) error {
	_, _, err := o.cfg.Node.Rights().As(r.by()).OpenCase(ctx, s.Visit, rights.Kind(r.Field("kind")), r.Field("reason"))
	return err
}

func (o *Office) lift(ctx context.Context, r request, s record.Presence) error {
	_, err := o.cfg.Node.Rights().As(r.by()).Lift(ctx, s.Visit, r.Field("reason"))
	return err
}

// erase destroys what is stored; it is asked twice, since nothing brings it back.
func (o *Office) erase(ctx context.Context, r request, s record.Presence) error {
	if r.Field("sure") == "" {
		return lang.Problem{Key: "rights.not_sure", Field: "sure"}
	}
	if err := o.cfg.Node.ActBy(r.by(), "visit.erase", []record.VisitID{s.Visit}, ""); err != nil {
		return err
	}
	_, err := o.cfg.Node.Erase(ctx, s.Visit)
	return err
}

func (o *Office) withdraw(ctx context.Context, r request, s record.Presence) error {
	err := o.cfg.Node.Withdraw(ctx, s.Visit, consent.Purpose(r.Field("purpose")), "desk", r.by())
	if errors.Is(err, privacy.ErrNoConsent) {
		return lang.Problem{Key: privacy.ErrNoConsent.Key, Field: "purpose"}
	}
	return err
}

func (o *Office) subjectRoutes(get, post func(string, webkit.Handler) webkit.Route) []webkit.Route {
	may := func(h handler) webkit.Handler { return o.may(operators.Privacy, h) }
	return []webkit.Route{
		get("/desk/rights", may(o.rights)),
		post("/desk/rights/find", may(o.findSubject)), get("/desk/rights/find", may(o.rights)),
		get("/desk/rights/visit/{visit}", may(o.subject)),
		post("/desk/rights/visit/{visit}/extract", may(o.extract)),
		get("/desk/rights/visit/{visit}/photo", may(o.subjectPhoto)),
		post("/desk/rights/visit/{visit}/rectify", may(o.forSubject(o.rectify))),
		post("/desk/rights/visit/{visit}/case", may(o.forSubject(o.openCase))),
		post("/desk/rights/visit/{visit}/lift", may(o.forSubject(o.lift))),
		post("/desk/rights/visit/{visit}/erase", may(o.forSubject(o.erase))),
		post("/desk/rights/visit/{visit}/withdraw", may(o.forSubject(o.withdraw))),
		get("/desk/rights/case/{case}", may(o.aCase)),
		post("/desk/rights/case/{case}", may(o.decide)),
		post("/desk/rights/case/{case}/letter", may(o.letter)),
	}
}
