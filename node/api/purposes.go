package api

import (
	"net/http"

	"github.com/upprop/upprop/node/rights"
)

// Label is an id and what it is called.
type Label struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// DatumRule says why a datum is kept: a purpose and a letter of Article 6(1).
type DatumRule struct {
	Datum      string `json:"datum"`
	Purpose    string `json:"purpose"`
	LegalBasis string `json:"legal_basis"`
}

// Purposes are the lists that say why data is kept and where it comes from.
type Purposes struct {
	Purposes []Label     `json:"purposes"`
	Sources  []Label     `json:"sources"`
	Bases    []Label     `json:"bases"`
	Data     []DatumRule `json:"data"`
}

func (a *API) listPurposes(*http.Request) (any, error) {
	p := a.cfg.Node.Rights().Purposes()
	out := Purposes{Purposes: labels(p.Purposes), Sources: labels(p.Sources), Bases: labels(p.Bases), Data: []DatumRule{}}
	for _, r := range p.Data {
		out.Data = append(out.Data, DatumRule{r.Datum, r.Purpose, r.Basis})
	}
	return out, nil
}

func labels(all []rights.Label) []Label {
	out := []Label{}
	for _, l := range all {
		out = append(out, Label{l.ID, l.Text})
	}
	return out
}

// PurposeChange is one edit of the lists. List is purpose, source or datum.
type PurposeChange struct {
	List       string `json:"list"`
	ID         string `json:"id"`
	Text       string `json:"text,omitempty"`
	Purpose    string `json:"purpose,omitempty"`
	LegalBasis string `json:"legal_basis,omitempty"`
	DryRun     bool   `json:"dry_run,omitempty"`
}

// PurposePreview says what an edit means: the data whose reason it changes, and
// of how many retained visits.
type PurposePreview struct {
	Before string   `json:"before"`
	After  string   `json:"after"`
	Data   []string `json:"data"`
	Visits int      `json:"visits"`
	Done   bool     `json:"done"`
}

func (a *API) setPurpose(r *http.Request) (any, error) {
	var in PurposeChange
	if err := read(r, &in); err != nil {
		return nil, err
	}
	c := rights.Change{List: in.List, ID: in.ID, Text: in.Text, Purpose: in.Purpose, Basis: in.LegalBasis}
	p, err := a.cfg.Node.Rights().SetPurpose(r.Context(), c, in.DryRun)
	if err != nil {
		return nil, err
	}
	return PurposePreview{p.Before, p.After, append([]string{}, p.Data...), p.Visits, !in.DryRun}, nil
}
