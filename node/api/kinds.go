package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/sheet"
)

// KindEdit is the request to add a type of visitor, or to change what is said
// of one: what is left out stays as it is.
type KindEdit struct {
	ID    string                 `json:"id"`
	Name  map[string]string      `json:"name,omitempty"`
	Badge map[string]string      `json:"badge,omitempty"`
	Ask   map[string]kinds.Asked `json:"ask,omitempty"`
	// Note is by language; Wifi without a network takes it away.
	Note map[string]string `json:"note,omitempty"`
	Wifi *kinds.Wifi       `json:"wifi,omitempty"`
	// Documents says of documents, by id, whether they are to be signed.
	Documents  map[string]bool `json:"documents,omitempty"`
	Unattended *bool           `json:"unattended,omitempty"`
	Group      *bool           `json:"group,omitempty"`
	Off        *bool           `json:"off,omitempty"`
	// Mark is the sign of the type; empty takes it away. Escort: such visitors are
	// to be accompanied.
	Mark   *kinds.Mark `json:"mark,omitempty"`
	Escort *bool       `json:"escort,omitempty"`
	// Approval is whose approval such visitors need.
	Approval *kinds.Approval `json:"approval,omitempty"`
}

func (a *API) listKinds(*http.Request) (any, error) {
	return append([]kinds.Kind{}, a.cfg.Node.Kinds().List()...), nil
}

func (a *API) putKind(r *http.Request) (any, error) {
	var in KindEdit
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return a.cfg.Node.Kinds().Put(r.Context(), "", in.ID, kinds.Edit{
		Name: in.Name, Badge: in.Badge, Note: in.Note, Wifi: in.Wifi, Ask: in.Ask, Documents: in.Documents, Unattended: in.Unattended, Group: in.Group, Off: in.Off,
		Approval: in.Approval, Mark: in.Mark, Escort: in.Escort,
	})
}

// aboutSheets is what those refuse who keep settings of the campus.
func aboutSheets(err error) *Error {
	var p *sheet.Problem
	if !errors.As(err, &p) {
		return nil
	}
	status := http.StatusUnprocessableEntity
	_, last, _ := strings.Cut(p.Key, ".")
	switch last {
	case "not_here", "not_desk":
		status = http.StatusForbidden
	case "not_yet":
		status = http.StatusServiceUnavailable
	case "unknown", "gone", "no_time", "no_warden":
		status = http.StatusNotFound
	case "too_many", "many", "alike", "taken", "used", "off", "no_mail", "no_email", "untold", "held", "over", "nothing", "later", "untold_times", "waiting", "refused", "another", "no_need", "unmailed":
		status = http.StatusConflict
	}
	e := sentence(status, p.Hint)
	e.Key, e.Field = p.Key, p.Field
	return e
}
