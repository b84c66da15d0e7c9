package api

import (
	"net/http"

	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/calls"
	"github.com/upprop/upprop/node/privacy"
)

// CallAnswer is the request to say to a door that somebody is coming, or that it
// is done.
type CallAnswer struct {
	ID     string      `json:"id"`
	Answer calls.State `json:"answer"`
}

// Reception is how the reception is reached from a door that cannot call it.
type Reception struct {
	Phone string `json:"phone"`
}

func (a *API) listCalls(*http.Request) (any, error) {
	return append([]calls.Call{}, a.cfg.Node.Calls().Calls()...), nil
}

func (a *API) answerCall(r *http.Request) (any, error) {
	var in CallAnswer
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Calls().Answer(in.ID, in.Answer, privacy.Operator); err != nil {
		return nil, err
	}
	return a.listCalls(r)
}

func (a *API) reception(*http.Request) (any, error) {
	return Reception{a.cfg.Node.ReceptionPhone()}, nil
}

func (a *API) setReception(r *http.Request) (any, error) {
	var in Reception
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.EditSetting(r.Context(), privacy.Operator, node.ReceptionPhoneSetting, in.Phone); err != nil {
		return nil, err
	}
	return a.reception(r)
}
