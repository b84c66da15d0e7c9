package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/rights"
)

// CaseRequest opens a case of a visit. Kind is of no use where the verb says it.
type CaseRequest struct {
	Visit  string `json:"visit"`
	Kind   string `json:"kind,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Lift ends a restriction instead of making one.
	Lift bool `json:"lift,omitempty"`
}

// CaseStep is what was done in a case.
type CaseStep struct {
	At      Stamp          `json:"at"`
	Node    string         `json:"node"`
	By      string         `json:"by"`
	Reason  string         `json:"reason"`
	Outcome rights.Outcome `json:"outcome,omitempty"`
}

// Case is one request of a person and what became of it.
type Case struct {
	Case      record.CaseID  `json:"case"`
	Kind      rights.Kind    `json:"kind"`
	Visit     record.VisitID `json:"visit"`
	State     rights.Outcome `json:"state"`
	Opened    CaseStep       `json:"opened"`
	Due       Stamp          `json:"due"`
	Overdue   bool           `json:"overdue"`
	Extended  *CaseStep      `json:"extended"`
	Decisions []CaseStep     `json:"decisions"`
	Lifted    *CaseStep      `json:"lifted"`
}

// Restricting answers a restriction, an objection or the end of one.
type Restricting struct {
	Visit      record.VisitID  `json:"visit"`
	Restricted bool            `json:"restricted"`
	Case       *record.CaseID  `json:"case"`
	Due        Stamp           `json:"due"`
	Lifted     []record.CaseID `json:"lifted"`
}

func (a *API) restrict(r *http.Request) (any, error) { return a.restricting(r, rights.Restriction) }

func (a *API) object(r *http.Request) (any, error) { return a.restricting(r, rights.Objection) }

func (a *API) restricting(r *http.Request, kind rights.Kind) (any, error) {
	var in CaseRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	out := Restricting{Visit: v, Lifted: []record.CaseID{}}
	if in.Lift && kind == rights.Restriction {
		over, err := a.cfg.Node.Rights().Lift(r.Context(), v, in.Reason)
		if err != nil {
			return nil, err
		}
		p, err := a.cfg.Node.Replica().Presence(v)
		out.Lifted, out.Restricted = over, len(p.Restricted) > 0
		return out, err
	}
	c, _, err := a.cfg.Node.Rights().OpenCase(r.Context(), v, kind, in.Reason)
	if err != nil {
		return nil, err
	}
	out.Restricted, out.Case = true, &c.ID
	if c.State == rights.Open {
		out.Due = Stamp{c.Due}
	}
	return out, nil
}

func (a *API) openCase(r *http.Request) (any, error) {
	var in CaseRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	c, _, err := a.cfg.Node.Rights().OpenCase(r.Context(), v, rights.Kind(in.Kind), in.Reason)
	return caseOf(c), err
}

func (a *API) listCases(*http.Request) (any, error) {
	out := []Case{}
	for _, c := range a.cfg.Node.Rights().Cases() {
		out = append(out, caseOf(c))
	}
	return out, nil
}

// CaseDecision decides or extends a case.
type CaseDecision struct {
	Case    string         `json:"case"`
	Outcome rights.Outcome `json:"outcome,omitempty"`
	Reason  string         `json:"reason,omitempty"`
}

func (a *API) decideCase(r *http.Request) (any, error) {
	in, id, err := caseNamed(r)
	if err != nil {
		return nil, err
	}
	if in.Outcome != rights.Granted && in.Outcome != rights.Refused {
		return nil, unfit("a case is decided by granting or refusing it", "write granted or refused")
	}
	c, err := a.cfg.Node.Rights().Decide(r.Context(), id, in.Outcome, in.Reason)
	return caseOf(c), err
}

func (a *API) extendCase(r *http.Request) (any, error) {
	in, id, err := caseNamed(r)
	if err != nil {
		return nil, err
	}
	c, err := a.cfg.Node.Rights().Extend(r.Context(), id, in.Reason)
	return caseOf(c), err
}

func caseNamed(r *http.Request) (in CaseDecision, id record.CaseID, err error) {
	if err := read(r, &in); err != nil {
		return in, id, err
	}
	id, err = record.ParseCaseID(in.Case)
	if err != nil {
		err = sentence(http.StatusUnprocessableEntity, err.Error()+": write it as `upprop case list` shows it")
	}
	return in, id, err
}

func caseOf(c rights.Case) Case {
	step := func(s rights.Step) CaseStep {
		return CaseStep{Stamp{s.At}, s.Name, s.By, s.Reason, s.Outcome}
	}
	out := Case{
		Case: c.ID, Kind: c.Kind, Visit: c.Visit, State: c.State, Opened: step(c.Opened), Due: Stamp{c.Due}, Overdue: c.Overdue,
		Decisions: []CaseStep{},
	}
	if c.Extended != nil {
		s := step(*c.Extended)
		out.Extended = &s
	}
	if c.Lifted != nil {
		s := step(*c.Lifted)
		out.Lifted = &s
	}
	for _, d := range c.Decisions {
		out.Decisions = append(out.Decisions, step(d))
	}
	return out
}
