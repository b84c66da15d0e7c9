package office

import (
	"context"
	"crypto/rand"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

// correction is the form by which a visit's particulars are corrected. Was is what
// each field said when the page was made: only what is changed on it is written, so
// that what another operator corrects meanwhile stays. Contact details are in it
// where they were asked for; else what is left empty stays.
type correction struct {
	// Form is its id: sent twice, it corrects once.
	Form     string
	Now, Was visits.Arrival
	Contact  bool
	Open     bool
}

// correctable are the fields of a correction, in order.
func correctable(a *visits.Arrival) []namedText {
	return []namedText{{"name", &a.Name}, {"company", &a.Company}, {"host", &a.Host}, {"email", &a.Email}, {"phone", &a.Phone}}
}

type namedText struct {
	name string
	text *record.Private
}

// correction is the form for what stands; nil where nothing may be corrected here.
func (o *Office) correction(r request, p visitPage) *correction {
	if !r.who.May(operators.Change) || p.Erased || p.Restricted || p.Row.Name == "" {
		return nil
	}
	stands := visits.Arrival{Name: p.Row.Name, Company: p.Row.Company, Host: p.Row.Host}
	return &correction{Form: rand.Text(), Now: stands, Was: stands}
}

// withContact adds contact details that were asked for.
func (c *correction) withContact(d record.Dossier) {
	if c != nil {
		c.Contact, c.Now.Email, c.Now.Phone, c.Was.Email, c.Was.Phone = true, d.Email, d.Phone, d.Email, d.Phone
	}
}

// typed puts what was written into the form again.
func (c *correction) typed(r request, form string) {
	if c == nil {
		return
	}
	c.Form, c.Open, c.Contact = form, true, r.Field("contact") != ""
	for _, f := range correctable(&c.Now) {
		*f.text = private(r, f.name)
	}
	for _, f := range correctable(&c.Was) {
		*f.text = private(r, "was-"+f.name)
	}
}

// correct seals a visit's particulars anew as they were corrected on its page.
func (o *Office) correct(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	form := formID(r)
	_, err = o.done.once(form+string(r.who.ID), func() (string, error) {
		return "", o.rectifyChanged(r, s)
	})
	if err != nil {
		return o.visitAgain(r, err, func(p *visitPage) { p.Correct.typed(r, form) })
	}
	return webkit.Redirect{To: r.Link("/desk/visit/" + s.Visit.String() + "?done=corrected")}, nil
}

// rectifyChanged corrects the fields that were changed on the page.
func (o *Office) rectifyChanged(r request, s record.Presence) error {
	if len(s.Restricted) > 0 {
		return visits.ErrRestricted
	}
	var now visits.Arrival
	if private(r, "name") == "" {
		return errNoName
	}
	var c privacy.Correction
	to := map[string]**record.Private{"name": &c.Name, "company": &c.Company, "host": &c.Host, "email": &c.Email, "phone": &c.Phone}
	for _, f := range correctable(&now) {
		if *f.text = private(r, f.name); *f.text == private(r, "was-"+f.name) {
			continue
		}
		right, err := visits.Line(f.name, *f.text)
		if err != nil {
			return err
		}
		*to[f.name] = &right
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	return o.cfg.Node.Rectify(ctx, s.Visit, c, r.by())
}

// visitAgain is a visit's page with what is wrong with a form on it, and what was
// written there.
func (o *Office) visitAgain(r request, err error, written func(*visitPage)) (webkit.Response, error) {
	p, bad := o.visitPage(r)
	if bad != nil {
		return nil, bad
	}
	return fault(r.Request, err, func(f faults) webkit.Page {
		p.Faults = f
		written(&p)
		return webkit.Page{Name: "visit", Path: "/desk/visit/" + p.Row.ID, Data: p}
	})
}
