package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/plans"
)

// Plan is a site's plan as it is kept; of no site, that of the whole campus.
type Plan struct {
	Site   record.SiteID `json:"site"`
	ID     string        `json:"id"`
	Type   string        `json:"type"`
	Width  int           `json:"width"`
	Height int           `json:"height"`
	Bytes  int           `json:"bytes"`
}

// PlanPicture is a plan with its picture.
type PlanPicture struct {
	Plan
	Picture []byte `json:"picture"`
}

// PlanEdit is the request to choose the plan of a site, or with Clear to take it away.
type PlanEdit struct {
	Site record.SiteID `json:"site"`
	// Picture is a PNG or a JPEG.
	Picture []byte `json:"picture,omitempty"`
	Clear   bool   `json:"clear,omitempty"`
}

func planOf(p plans.Plan) Plan {
	return Plan{Site: p.Site, ID: p.ID, Type: p.Type, Width: p.Width, Height: p.Height, Bytes: len(p.File)}
}

func (a *API) listPlans(*http.Request) (any, error) {
	out := []Plan{}
	for _, p := range a.cfg.Node.Plans().List() {
		out = append(out, planOf(p))
	}
	return out, nil
}

func (a *API) planPicture(r *http.Request) (any, error) {
	p, ok := a.cfg.Node.Plans().Of(record.SiteID(r.URL.Query().Get("site")))
	if !ok {
		return nil, &Error{Status: http.StatusNotFound, Key: "plans.unknown", Message: "there is no plan of that site", Hint: "`upprop point plans` lists those that there are"}
	}
	return PlanPicture{planOf(p), p.File}, nil
}

func (a *API) setPlan(r *http.Request) (any, error) {
	var in PlanEdit
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var err error
	if in.Clear {
		err = a.cfg.Node.Plans().Clear(r.Context(), "", in.Site)
	} else {
		_, err = a.cfg.Node.Plans().Set(r.Context(), "", in.Site, in.Picture)
	}
	if err != nil {
		return nil, err
	}
	return a.listPlans(r)
}
