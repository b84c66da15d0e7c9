package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/kept"
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
	// Photo is for how many days photographs are kept; left out where no type asks for
	// one.
	Photo *int `json:"photo,omitempty"`
	// Document is for how many days what is signed is kept; Documents are those that
	// have figures of their own. Holds are the visits that a legal hold keeps.
	Document  int                 `json:"document"`
	Documents []RetentionDocument `json:"documents"`
	Holds     int                 `json:"holds"`
	// Delivery is for how many days a delivery is kept after its end.
	Delivery int `json:"delivery"`
}

// RetentionDocument is the figure of one document.
type RetentionDocument struct {
	Document string `json:"document"`
	Days     int    `json:"days"`
}

// RetentionType are the figures of one visitor type.
type RetentionType struct {
	Type    string `json:"type"`
	Card    int    `json:"card"`
	Contact int    `json:"contact"`
	Photo   *int   `json:"photo,omitempty"`
}

func (a *API) retention(*http.Request) (any, error) {
	t := a.cfg.Node.Rights().Terms()
	d := t.For("")
	out := Retention{
		Card: int(d.Card), Contact: int(d.Contact), Events: terms.Most, Acts: terms.Most, Most: terms.Most, Types: []RetentionType{},
		Document: int(t.Document("")), Documents: []RetentionDocument{}, Delivery: int(t.Delivery()),
	}
	asked := func(d record.Day) *int {
		if n := int(d); a.cfg.Node.AsksPhotos() {
			return &n
		}
		return nil
	}
	out.Photo = asked(d.Photo)
	for _, id := range t.Documents() {
		out.Documents = append(out.Documents, RetentionDocument{id, int(t.Document(id))})
	}
	for _, h := range a.cfg.Node.Kept().Holds() {
		if h.State == kept.Running {
			out.Holds++
		}
	}
	for _, name := range t.Types() {
		d := t.For(name)
		out.Types = append(out.Types, RetentionType{name, int(d.Card), int(d.Contact), asked(d.Photo)})
	}
	return out, nil
}

// RetentionChange keeps a class (card, contact, photo, document or delivery) for another number of
// days, for one visitor type (document: one document) or, where that is empty, for
// all; 0 takes the figure of a type away.
type RetentionChange struct {
	Class  string `json:"class"`
	Type   string `json:"type,omitempty"`
	Days   int    `json:"days"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// RetentionPreview says what a change means for what is stored: how many visits
// are destroyed on every node, since they are kept no longer, how many others are
// sealed anew for a shorter time, and how many a legal hold keeps all the same.
type RetentionPreview struct {
	Before    int  `json:"before"`
	After     int  `json:"after"`
	Destroyed int  `json:"destroyed"`
	Shortened int  `json:"shortened"`
	Held      int  `json:"held"`
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
	return RetentionPreview{before, after, p.Destroyed, p.Shortened, p.Held, !in.DryRun}, nil
}
