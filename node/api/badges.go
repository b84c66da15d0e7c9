package api

import (
	"net/http"

	"github.com/upprop/upprop/node/badges"
)

// BadgeLayoutEdit is the request to change what stands on badges: what is left out
// stays as it is.
type BadgeLayoutEdit struct {
	Shape *badges.Shape `json:"shape,omitempty"`
	// Shown says of parts of a badge whether they are there, Foot what stands at its
	// foot by language.
	Shown map[badges.Part]bool `json:"shown,omitempty"`
	Given *bool                `json:"given,omitempty"`
	Back  *bool                `json:"back,omitempty"`
	Foot  map[string]string    `json:"foot,omitempty"`
}

func (a *API) showBadgeLayout(*http.Request) (any, error) { return a.cfg.Node.Badges().Now(), nil }

func (a *API) setBadgeLayout(r *http.Request) (any, error) {
	var in BadgeLayoutEdit
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Badges().Set(r.Context(), "", badges.Edit(in)); err != nil {
		return nil, err
	}
	return a.showBadgeLayout(r)
}
