package api

import (
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/privacy"
)

// SettingEdit is one change of a setting. At and By are null where the record of
// acts does not tell; From and To where the value is secret or may be personal.
// Back is the value that undoing it writes, null where that is not done.
type SettingEdit struct {
	ID        string        `json:"id"`
	Key       string        `json:"key"`
	Node      record.NodeID `json:"node"`
	At        *time.Time    `json:"at"`
	By        *string       `json:"by"`
	From      *string       `json:"from"`
	To        *string       `json:"to"`
	Counts    bool          `json:"counts"`
	Stands    bool          `json:"stands"`
	Overruled bool          `json:"overruled"`
	Back      *string       `json:"back"`
}

// SettingUndo asks for a setting to be put back, by the id of a change. Over is that
// of the change that stands since, where it is to go.
type SettingUndo struct {
	ID   string `json:"id"`
	Over string `json:"over,omitempty"`
}

func settingEditOf(e node.SettingEdit) SettingEdit {
	out := SettingEdit{ID: e.ID, Key: e.Key, Node: e.Node, Counts: e.Counts, Stands: e.Stands, Overruled: e.Overruled, Back: e.Back}
	if !e.At.IsZero() {
		at := e.At.UTC()
		out.At, out.By = &at, &e.By
	}
	if e.Open {
		out.To = &e.To
		if !e.First || e.From != "" {
			out.From = &e.From
		}
	}
	return out
}

func (a *API) settingHistory(r *http.Request) (any, error) {
	all, err := a.cfg.Node.SettingHistory(r.URL.Query().Get("key"))
	if err != nil {
		return nil, err
	}
	out := make([]SettingEdit, 0, len(all))
	for _, e := range all {
		out = append(out, settingEditOf(e))
	}
	return out, nil
}

func (a *API) undoSetting(r *http.Request) (any, error) {
	var in SettingUndo
	if err := read(r, &in); err != nil {
		return nil, err
	}
	e, err := a.cfg.Node.UndoSetting(r.Context(), privacy.Operator, in.ID, in.Over)
	if err != nil {
		return nil, err
	}
	return settingEditOf(e), nil
}
