package guest

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/steps"
	"github.com/upprop/upprop/kiosk/webkit"
)

// before is the form of what is filled in before an arrival.
type before struct {
	Form
	Papers steps.Papers
	Faults faults
	// Done is what was filled in already, in words.
	Done string
	// Controller, Contact and Days are for what is said of personal data.
	Controller, Contact string
	Days                int
}

// typed is what somebody wrote, and what is wrong with it.
type typed struct {
	arrival kiosk.Arrival
	problem lang.Problem
}

// faults are what is wrong with the form, in the reader's words.
type faults []fault

type fault struct{ Field, Text string }

// On is the fault of one field, or empty. Templates call it.
func (f faults) On(field string) string {
	for _, one := range f {
		if one.Field == field {
			return one.Text
		}
	}
	return ""
}

// fields are those that a type may ask before an arrival. Help in an evacuation is
// told at the door, where the consent is given.
var fields = []string{"company", "phone", "email", "purpose"}

// before is the form; nil where the type asks nothing.
func (p pages) before(r *webkit.Request, f Form, t *typed) *before {
	b := &before{Form: f, Papers: steps.Lines(f.Type.Papers, r.Locale, f.Signed.Under())}
	b.NeedsHost = f.NeedsHost && f.Type.Asks("host")
	asks := b.NeedsHost || len(b.Papers) > 0
	for _, field := range fields {
		asks = asks || f.Type.Asks(field)
	}
	if !asks {
		return nil
	}
	b.Controller, b.Contact, b.Days = p.cfg.CampusName, cmp.Or(p.cfg.Contact, r.Text("privacy.who_reception", nil)), p.cfg.RetentionDays(f.Type.ID)
	if !f.Filled.IsZero() {
		at := f.Filled.In(p.cfg.Zone)
		b.Done = r.Text("guest.filled", map[string]any{"Day": r.Locale.ShortDate(at), "Clock": r.Locale.Clock(at)})
	}
	if t != nil {
		b.Arrival, b.Faults = t.arrival, faults{{cmp.Or(t.problem.Field, "company"), r.Text(t.problem.Key, t.problem.Args)}}
	}
	return b
}

// fill keeps what was filled in, or shows it again with what is wrong with it.
func (p pages) fill(r *webkit.Request, token string) (webkit.Response, error) {
	asked, err := p.cfg.Invitations.Asked(token)
	if err != nil {
		return nil, p.words(err)
	}
	if asked.Form == nil {
		return nil, lang.Problem{Key: "invitations.not_now"}
	}
	f := p.cfg.Invitations.Form(*asked.Form)
	a := f.Arrival
	a.Lang, a.Signature, a.Drawing, a.Signed = string(r.Locale), r.Field("signature"), r.Field("drawing"), map[string]string{}
	for name, to := range map[string]*string{"company": &a.Company, "phone": &a.Phone, "email": &a.Email, "purpose": &a.Purpose} {
		if f.Type.Asks(name) {
			*to = r.Field(name)
		}
	}
	if f.NeedsHost && f.Type.Asks("host") {
		a.Host = r.Field("host")
	}
	for _, d := range f.Type.Papers {
		if hash := r.Field("paper-" + d.ID); hash != "" {
			a.Signed[d.ID] = hash
		}
	}
	a.Before = f.Signed.Standing(f.Type.Papers, a.Signed)
	err = p.words(p.cfg.Invitations.Fill(context.WithoutCancel(r.Context()), token, a))
	var problem lang.Problem
	if errors.As(err, &problem) {
		return p.page(r, "", &typed{a, problem}, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link("/i/" + token)}, nil
}
