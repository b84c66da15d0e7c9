package api

import (
	"net/http"
	"strconv"

	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/privacy"
)

// SignOut is after how many hours inside the clock signs a visitor out, who
// stands on the list as having probably left then; 0 for never.
type SignOut struct {
	AfterHours int `json:"after_hours"`
}

func (a *API) signOut(*http.Request) (any, error) { return SignOut{a.cfg.Node.SignOutAfter()}, nil }

func (a *API) setSignOut(r *http.Request) (any, error) {
	var in SignOut
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.EditSetting(r.Context(), privacy.Operator, node.SignOutAfterSetting, strconv.Itoa(in.AfterHours)); err != nil {
		return nil, err
	}
	return a.signOut(r)
}
