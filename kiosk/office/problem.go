package office

import (
	"errors"
	"net/http"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

// faults are what is wrong with a form, in the reader's words.
type faults []formFault

type formFault struct{ Field, Text string }

// On is the fault of one field, or empty. Templates call it.
func (f faults) On(field string) string {
	for _, one := range f {
		if one.Field == field {
			return one.Text
		}
	}
	return ""
}

// inWords makes what a person can mend into a problem that is said in the
// reader's language; all else stays as it is.
func inWords(err error) error {
	var v *visits.Problem
	if errors.As(err, &v) {
		p := lang.Problem{Key: v.Key, Field: v.Field}
		if v.Limit > 0 {
			p.Args = map[string]any{"Limit": v.Limit}
		}
		return p
	}
	if p := invitations.IsProblem(err); p != nil {
		return ofInvitation(p)
	}
	var s *sheet.Problem
	if errors.As(err, &s) {
		return inSheet(s)
	}
	if p := operators.IsProblem(err); p != nil {
		out := lang.Problem{Key: p.Key, Field: p.Field}
		if p.Wait > 0 {
			out.Args = map[string]any{"Count": p.Seconds()}
		}
		return out
	}
	var term *terms.Problem
	if errors.As(err, &term) {
		return lang.Problem{Key: term.Key, Field: termFields[term.Key]}
	}
	var right *rights.Problem
	if errors.As(err, &right) {
		return lang.Problem{Key: right.Key, Field: rightFields[right.Key]}
	}
	var gone *privacy.Problem
	if errors.As(err, &gone) {
		return lang.Problem{Key: gone.Key}
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return lang.Problem{Key: k.key, Field: k.field}
		}
	}
	return err
}

// ofInvitation says where and when an invitation was used, too.
func ofInvitation(p *invitations.Problem) lang.Problem {
	out := inSheet(p.Problem)
	if out.Args == nil {
		out.Args = map[string]any{}
	}
	out.Args["Where"], out.Args["Clock"], out.Args["Day"] = p.Where, p.At.Local().Format("15:04"), p.At.Local().Format("2006-01-02")
	return out
}

// inSheet is a problem with settings.
func inSheet(s *sheet.Problem) lang.Problem {
	p := lang.Problem{Key: s.Key, Field: s.Field}
	if s.Limit > 0 {
		p.Args = map[string]any{"Limit": s.Limit}
	}
	return p
}

var termFields = map[string]string{terms.ErrDays.Key: "days", terms.ErrDeliveryType.Key: "type", terms.ErrDocumentDays.Key: "days", terms.ErrDocument.Key: "type", terms.ErrType.Key: "type", terms.ErrClass.Key: "class", terms.ErrFixed.Key: "class"}

var rightFields = map[string]string{
	rights.ErrNoReason.Key: "reason", rights.ErrReasonLong.Key: "reason", rights.ErrReasonNames.Key: "reason", rights.ErrBadKind.Key: "kind",
}

var known = []struct {
	err        error
	key, field string
}{
	{visits.ErrRestricted, "visit.restricted", ""},
	{node.ErrNoWay, "visit.no_way", "way"},
	{node.ErrNoWords, "visit.no_words", "message"},
	{node.ErrNoPlace, "visit.no_place", "place"},
	{node.ErrMoveInAlarm, "visit.move_alarm", ""},
	{node.ErrNotInside, "visit.not_inside", ""},
	{node.ErrNoEdit, "history.gone", ""},
	{node.ErrNoUndo, "history.no_undo", ""},
	{node.ErrNoEarlier, "history.no_earlier", ""},
	{node.ErrAsItIs, "history.as_it_is", ""},
	{node.ErrChangedSince, "history.changed_since", ""},
	{node.ErrWouldDestroy, "history.would_destroy", ""},
	{identity.ErrNotMember, "nodes.unknown", ""},
	{identity.ErrRevoked, "nodes.gone", ""},
	{identity.ErrNotIssuer, "nodes.no_issuer", ""},
	{join.ErrNotIssuer, "nodes.no_issuer", ""},
	{join.ErrNameTaken, "nodes.name_taken", "name"},
	{join.ErrBadName, "nodes.bad_name", "name"},
}

// fault answers a form: with the form again where a person can mend it, else
// with a page that says what is wrong.
func fault(r *webkit.Request, err error, form func(faults) webkit.Page) (webkit.Response, error) {
	err = inWords(err)
	var p lang.Problem
	if !errors.As(err, &p) {
		return nil, err
	}
	page := form(faults{{Field: p.Field, Text: r.Text(p.Key, p.Args)}})
	page.Status = http.StatusUnprocessableEntity
	return page, nil
}
