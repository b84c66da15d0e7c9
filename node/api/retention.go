package api

import (
	"net/http"

	"github.com/upprop/upprop/node/terms"
)

// Retention is for how many days each class of data is kept. Card and Contact
// are settings; Types are the visitor types that have figures of their own.
type Retention struct {
	Card    int             `json:"card"`
	Contact int             `json:"contact"`
	Events  int             `json:"events"`
	Acts    int             `json:"acts"`
	Most    int             `json:"most"`
	Types   []RetentionType `json:"types"`
}

// RetentionType are the figures of one visitor type.
type RetentionType struct {
	Type    string `json:"type"`
	Card    int    `json:"card"`
	Contact int    `json:"contact"`
}

func (a *API) retention(*http.Request) (any, error) {
	t := a.cfg.Node.Rights().Terms()
	d := t.For("")
	out := Retention{int(d.Card), int(d.Contact), terms.Most, terms.Most, terms.Most, []RetentionType{}}
	for _, name := range t.Types() {
		d := t.For(name)
		out.Types = append(out.Types, RetentionType{name, int(d.Card), int(d.Contact)})
	}
	return out, nil
}

// RetentionChange keeps a class (card or contact) for another number of days, for
// one visitor type or, where that is empty, for all; 0 takes the figure of a type
// away.
type RetentionChange struct {
	Class  string `json:"class"`
	Type   string `json:"type,omitempty"`
	Days   int    `json:"days"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// RetentionPreview says what a change means for what is stored: how many visits
// are destroyed on every node, since they are kept no longer, and how many
// others are sealed anew for a shorter time.
type RetentionPreview struct {
	Before    int  `json:"before"`
	After     int  `json:"after"`
	Destroyed int  `json:"destroyed"`
	Shortened int  `json:"shortened"`
	Done      bool `json:"done"`
}

func (a *API) setRetention(r *http.Request) (any, error) {
	var in RetentionChange
	if err := read(r, &in); err != nil {
		return nil, err
	}
	p, err := a.cfg.Node.Rights().SetTerms(r.Context(), terms.Class(in.Class), in.Type, in.Days, in.DryRun)
	if err != nil {
		return nil, err
	}
	before, after := p.Of(terms.Class(in.Class))
	return RetentionPreview{before, after, p.Destroyed, p.Shortened, !in.DryRun}, nil
}
