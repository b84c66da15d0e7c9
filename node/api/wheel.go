package api

import "net/http"

// Review is one thing to look at each year. DoneAt is null where it never was.
type Review struct {
	Review  string `json:"review"`
	DoneAt  Stamp  `json:"done_at"`
	By      string `json:"by"`
	Node    string `json:"node"`
	Due     Stamp  `json:"due"`
	Overdue bool   `json:"overdue"`
}

func (a *API) wheel(*http.Request) (any, error) {
	out := []Review{}
	for _, r := range a.cfg.Node.Rights().Wheel() {
		out = append(out, Review{r.ID, Stamp{r.Done}, r.By, r.Node, Stamp{r.Due}, r.Overdue})
	}
	return out, nil
}

// ReviewDone says that a review has been done now.
type ReviewDone struct {
	Review string `json:"review"`
}

func (a *API) reviewed(r *http.Request) (any, error) {
	var in ReviewDone
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return in, a.cfg.Node.Rights().Reviewed(r.Context(), in.Review)
}
