package api

import (
	"cmp"
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/documents"
)

// PaperEdit is the request to add a document that visitors read and sign, or
// to change one: what is left out stays as it is.
type PaperEdit struct {
	ID   string            `json:"id"`
	Name map[string]string `json:"name,omitempty"`
	// Text is by language; an empty one is taken out of force.
	Text map[string]string `json:"text,omitempty"`
	Off  *bool             `json:"off,omitempty"`
}

func (a *API) listPapers(*http.Request) (any, error) {
	return append([]documents.Document{}, a.cfg.Node.Documents().List()...), nil
}

func (a *API) putPaper(r *http.Request) (any, error) {
	var in PaperEdit
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return a.cfg.Node.Documents().Put(r.Context(), "", in.ID, documents.Edit{Name: in.Name, Text: in.Text, Off: in.Off})
}

// onPaper are the signatures of documents that somebody has seen signed on
// paper.
func (a *API) onPaper(ids []string, lang string) (out []record.Signature, err error) {
	for _, id := range ids {
		d, _ := a.cfg.Node.Documents().Get(id)
		text, in, _ := d.In(cmp.Or(lang, "sv"))
		s, err := a.cfg.Node.Documents().Signature(id, in, text.Hash, "paper", "", "")
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
