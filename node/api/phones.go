package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/node/pairing"
)

// PhoneRequest asks for a pairing of a phone. For is a duration as Go writes
// it, "168h"; seven days unless given.
type PhoneRequest struct {
	// Label says which phone it is, by duty or number; it names nobody.
	Label string `json:"label,omitempty"`
	For   string `json:"for,omitempty"`
}

// PairedPhone answers a PhoneRequest. Whoever has Link can pair.
type PairedPhone struct {
	ID      string `json:"id"`
	Expires Stamp  `json:"expires"`
	// Key is what the phone keeps, and Link the page that it is opened with, as
	// this node is reached; empty where the node shows no screens.
	Key  string `json:"key"`
	Link string `json:"link"`
}

// String is the id alone.
func (p PairedPhone) String() string { return p.ID }

// Phone is a pairing as this node knows it.
type Phone struct {
	ID      string `json:"id"`
	Label   string `json:"label"`
	Paired  Stamp  `json:"paired"`
	Expires Stamp  `json:"expires"`
	Node    string `json:"node"`
	State   string `json:"state"` // paired, ended, revoked
}

// PhoneID names a pairing.
type PhoneID struct {
	ID string `json:"id"`
}

func (a *API) pairPhone(r *http.Request) (any, error) {
	var in PhoneRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var lasts time.Duration
	if in.For != "" {
		var err error
		if lasts, err = time.ParseDuration(in.For); err != nil || lasts <= 0 {
			return nil, unfit("that is no length of time", "write it as 24h or 90m")
		}
	}
	k, err := a.cfg.Node.Phones().Pair(r.Context(), in.Label, lasts)
	if err != nil {
		return nil, err
	}
	out := PairedPhone{ID: k.ID.String(), Expires: Stamp{k.Expires}, Key: k.Text()}
	if a.cfg.Web != "" {
		out.Link = strings.TrimSuffix(a.cfg.Web, "/") + "/phone#" + out.Key
	}
	return out, nil
}

func (a *API) listPhones(*http.Request) (any, error) {
	rows, err := a.cfg.Node.Phones().List()
	if err != nil {
		return nil, err
	}
	now := a.cfg.Now()
	out := make([]Phone, 0, len(rows))
	for _, p := range rows {
		x := Phone{ID: p.ID.String(), Label: p.Label, Paired: Stamp{p.Paired}, Expires: Stamp{p.Expires}, Node: a.nameOf(p.Node), State: "paired"}
		switch {
		case p.Revoked:
			x.State = "revoked"
		case p.Over(now):
			x.State = "ended"
		}
		out = append(out, x)
	}
	return out, nil
}

func (a *API) revokePhone(r *http.Request) (any, error) {
	var in PhoneID
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := pairing.ParseID(in.ID)
	if err != nil {
		return nil, sentence(http.StatusUnprocessableEntity, err.Error())
	}
	if err := a.cfg.Node.Phones().Revoke(r.Context(), id); err != nil {
		return nil, err
	}
	return PhoneID{id.String()}, nil
}
