package api

import (
	"net/http"

	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/privacy"
)

// Domain is the domain under whose names desks are reached.
type Domain struct {
	Domain string `json:"domain"`
}

func (a *API) domain(*http.Request) (any, error) { return Domain{a.cfg.Node.Domain()}, nil }

func (a *API) setDomain(r *http.Request) (any, error) {
	var in Domain
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.EditSetting(r.Context(), privacy.Operator, node.DomainSetting, in.Domain); err != nil {
		return nil, err
	}
	return a.domain(r)
}
