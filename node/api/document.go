package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/rights"
)

// DocumentRequest asks for a document of the house (notice, record, dpia, balancing or annex), or for
// the letter of a case.
type DocumentRequest struct {
	Name string      `json:"name,omitempty"`
	Case string      `json:"case,omitempty"`
	Lang rights.Lang `json:"lang"`
}

func (a *API) writeDocument(r *http.Request) (any, error) {
	var in DocumentRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	t, err := a.cfg.Node.Rights().Document(in.Name, in.Lang)
	return Document{Text{record.Private(t)}}, err
}

func (a *API) caseLetter(r *http.Request) (any, error) {
	var in DocumentRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := record.ParseCaseID(in.Case)
	if err != nil {
		return nil, sentence(http.StatusUnprocessableEntity, err.Error()+": write it as `upprop case list` shows it")
	}
	t, err := a.cfg.Node.Rights().Letter(id, in.Lang)
	return Document{Text{record.Private(t)}}, err
}

// HouseFact is something that documents say of the house: controller, contact,
// dpo, transfers or processors.
type HouseFact struct {
	Fact string `json:"fact"`
	Text string `json:"text"`
}

func (a *API) setHouse(r *http.Request) (any, error) {
	var in HouseFact
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return in, a.cfg.Node.Rights().SetHouse(r.Context(), in.Fact, in.Text)
}
