package api

import (
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// EvacStart is the request to start an evacuation or a drill.
type EvacStart struct {
	Drill bool `json:"drill,omitempty"`
	// Site is where; empty for the whole campus.
	Site record.SiteID `json:"site,omitempty"`
	// Cut are links that a drill cuts: "A~B" the one between two nodes, "A" all of
	// one; for CutSeconds at most, zero for ten minutes.
	Cut        []string `json:"cut,omitempty"`
	CutSeconds int      `json:"cut_seconds,omitempty"`
}

// EvacEnd is the request to end what runs.
type EvacEnd struct {
	Reason string `json:"reason"`
}

// Evacuation is what runs, or what was ended. Sites is empty for the whole
// campus.
type Evacuation struct {
	ID        record.EvacID   `json:"id"`
	Kind      string          `json:"kind"`
	StartedAt Stamp           `json:"started_at"`
	Sites     []record.SiteID `json:"sites"`
	Starts    []Start         `json:"starts"`
	// Cuts are the links that a drill cuts, wherever they are.
	Cuts []CutLink `json:"cuts"`
}

// CutLink is a link that a drill cuts; To is null for all links of Node.
type CutLink struct {
	Node string  `json:"node"`
	To   *string `json:"to"`
	// Until is when it is restored at the latest.
	Until Stamp `json:"until"`
}

// Start is one start of an evacuation; where several cut-off nodes start one,
// each has its own.
type Start struct {
	ID        record.EvacID `json:"id"`
	Kind      string        `json:"kind"`
	StartedAt Stamp         `json:"started_at"`
	Site      record.SiteID `json:"site"`
	Node      record.NodeID `json:"node"`
}

// Running answers what runs; Evacuation is null when nothing does.
type Running struct {
	Evacuation *Evacuation `json:"evacuation"`
}

func (a *API) evacuationOf(e record.Evacuation) *Evacuation {
	out := &Evacuation{ID: e.ID, Kind: e.Kind(), StartedAt: Stamp{e.At.Time()}, Sites: append([]record.SiteID{}, e.Sites...), Cuts: []CutLink{}}
	for _, s := range e.Starts {
		kind := record.Evacuation{Drill: s.Drill}.Kind()
		out.Starts = append(out.Starts, Start{ID: s.ID, Kind: kind, StartedAt: Stamp{s.At.Time()}, Site: s.Site, Node: s.By})
		for _, c := range s.Cuts {
			link := CutLink{Node: a.nameOf(c.A), Until: Stamp{s.At.Time().Add(s.CutFor)}}
			if !c.B.IsZero() {
				to := a.nameOf(c.B)
				link.To = &to
			}
			out.Cuts = append(out.Cuts, link)
		}
	}
	return out
}

func (a *API) startEvacuation(r *http.Request) (any, error) {
	var in EvacStart
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if len(in.Cut) > 0 {
		if !in.Drill {
			return nil, malformed("a real alarm cuts no links", "leave out cut, or send drill as true")
		}
		e, err := a.cfg.Node.StartCut(r.Context(), in.Site, in.Cut, time.Duration(in.CutSeconds)*time.Second)
		if err != nil {
			return nil, err
		}
		return a.evacuationOf(e), nil
	}
	e, err := a.cfg.Node.Alarm().Start(r.Context(), in.Drill, in.Site)
	if err != nil {
		return nil, err
	}
	return a.evacuationOf(e), nil
}

func (a *API) endEvacuation(r *http.Request) (any, error) {
	var in EvacEnd
	if err := read(r, &in); err != nil {
		return nil, err
	}
	e, err := a.cfg.Node.Alarm().End(r.Context(), in.Reason)
	if err != nil {
		return nil, err
	}
	return a.evacuationOf(e), nil
}

func (a *API) runningEvacuation(*http.Request) (any, error) {
	var out Running
	if e, on := a.cfg.Node.Alarm().Running(""); on {
		out.Evacuation = a.evacuationOf(e)
	}
	return out, nil
}
