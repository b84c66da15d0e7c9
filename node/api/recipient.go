package api

import "net/http"

// Disclosure is to whom outside the house something of a visit was given.
type Disclosure struct {
	Visit string `json:"visit"`
	To    string `json:"to"`
	What  string `json:"what,omitempty"`
}

func (a *API) disclose(r *http.Request) (any, error) {
	return a.disclosure(r, func(in Disclosure) error {
		v, err := visitNamed(in.Visit)
		if err != nil {
			return err
		}
		return a.cfg.Node.Rights().Disclose(r.Context(), v, in.To, in.What)
	})
}

func (a *API) tell(r *http.Request) (any, error) {
	return a.disclosure(r, func(in Disclosure) error {
		v, err := visitNamed(in.Visit)
		if err != nil {
			return err
		}
		return a.cfg.Node.Rights().Tell(r.Context(), v, in.To)
	})
}

func (a *API) disclosure(r *http.Request, do func(Disclosure) error) (any, error) {
	var in Disclosure
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return in, do(in)
}

func (a *API) listRecipients(r *http.Request) (any, error) {
	var in SubjectRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	all, err := a.cfg.Node.Rights().Recipients(v)
	if err != nil {
		return nil, err
	}
	out := []SubjectRecipient{}
	for _, x := range all {
		out = append(out, recipientOf(x))
	}
	return out, nil
}
