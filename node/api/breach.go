package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/rights"
)

// BreachRequest names a node that is out of hand.
type BreachRequest struct {
	Node string      `json:"node"`
	Lang rights.Lang `json:"lang,omitempty"`
}

// BreachVisit is a visit of which a node could open something.
type BreachVisit struct {
	Visit     record.VisitID    `json:"visit"`
	Audiences []record.Audience `json:"audiences"`
	Since     Stamp             `json:"since"`
	Erased    bool              `json:"erased"`
	// Kept: it is what is kept of a visit past its day.
	Kept bool `json:"kept,omitempty"`
}

// BreachReport is whose data a node could open, and by when the authority must
// know. Text is what it is to be told.
type BreachReport struct {
	Node      string        `json:"node"`
	ID        record.NodeID `json:"id"`
	Role      string        `json:"role"`
	JoinedAt  Stamp         `json:"joined_at"`
	RevokedAt Stamp         `json:"revoked_at"`
	LastHeard Stamp         `json:"last_heard"`
	AwareAt   Stamp         `json:"aware_at"`
	NotifyBy  Stamp         `json:"notify_by"`
	Visits    []BreachVisit `json:"visits"`
	Text      string        `json:"text"`
}

func (a *API) reportBreach(r *http.Request) (any, error) {
	var in BreachRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	switch in.Lang {
	case "":
		in.Lang = rights.Swedish
	case rights.Swedish, rights.English:
	default:
		return nil, rights.ErrLang
	}
	b, err := a.cfg.Node.Rights().Breach(r.Context(), in.Node)
	if err != nil {
		return nil, err
	}
	m := b.Node
	out := BreachReport{
		Node: m.Name, ID: m.ID, Role: m.Role, JoinedAt: Stamp{m.Joined}, RevokedAt: Stamp{m.Revoked}, LastHeard: Stamp{m.LastHeard},
		AwareAt: Stamp{b.Aware}, NotifyBy: Stamp{b.NotifyBy}, Visits: []BreachVisit{},
	}
	for _, v := range b.Visits {
		out.Visits = append(out.Visits, BreachVisit{v.Visit, v.Audiences, Stamp{v.Since}, v.Erased, v.Kept})
	}
	out.Text, err = a.cfg.Node.Rights().BreachText(b, in.Lang)
	return out, err
}
