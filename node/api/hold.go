package api

import (
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/doctor"
	"github.com/upprop/upprop/node/kept"
)

// HoldRequest holds a visit until a day (2027-03-31) for a reason, or renews or
// lifts a hold.
type HoldRequest struct {
	Visit  string `json:"visit,omitempty"`
	Hold   string `json:"hold,omitempty"`
	Reason string `json:"reason"`
	Until  string `json:"until,omitempty"`
}

// HoldStep is what was done about a hold.
type HoldStep struct {
	At     Stamp   `json:"at"`
	Node   string  `json:"node"`
	By     string  `json:"by"`
	Reason string  `json:"reason"`
	Until  *string `json:"until"`
}

// Hold keeps one visit past its dates. Kept is the id of what it keeps.
type Hold struct {
	Hold    record.CaseID  `json:"hold"`
	Visit   record.VisitID `json:"visit"`
	Kept    record.VisitID `json:"kept"`
	State   kept.HoldState `json:"state"`
	Until   string         `json:"until"`
	Made    HoldStep       `json:"made"`
	Renewed []HoldStep     `json:"renewed"`
	Lifted  *HoldStep      `json:"lifted"`
}

func (a *API) listHolds(*http.Request) (any, error) {
	out := []Hold{}
	for _, h := range a.cfg.Node.Kept().Holds() {
		out = append(out, holdOf(h))
	}
	return out, nil
}

func (a *API) addHold(r *http.Request) (any, error) {
	var in HoldRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	h, err := a.cfg.Node.Kept().Add(r.Context(), v, in.Reason, dayNamed(in.Until))
	return holdOf(h), err
}

func (a *API) renewHold(r *http.Request) (any, error) {
	in, id, err := holdNamed(r)
	if err != nil {
		return nil, err
	}
	h, err := a.cfg.Node.Kept().Renew(r.Context(), id, in.Reason, dayNamed(in.Until))
	return holdOf(h), err
}

func (a *API) liftHold(r *http.Request) (any, error) {
	in, id, err := holdNamed(r)
	if err != nil {
		return nil, err
	}
	h, err := a.cfg.Node.Kept().Lift(r.Context(), id, in.Reason)
	return holdOf(h), err
}

func holdNamed(r *http.Request) (in HoldRequest, id record.CaseID, err error) {
	if err := read(r, &in); err != nil {
		return in, id, err
	}
	if id, err = record.ParseCaseID(in.Hold); err != nil {
		err = sentence(http.StatusUnprocessableEntity, err.Error()+": write it as `upprop hold list` shows it")
	}
	return in, id, err
}

// dayNamed reads a date; zero where it is none, which is no end of a hold.
func dayNamed(s string) record.Day {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0
	}
	return record.DayOf(t)
}

func dateOf(d record.Day) string { return d.Start().Format(time.DateOnly) }

func holdOf(h kept.Hold) Hold {
	step := func(s kept.Step) HoldStep {
		out := HoldStep{At: Stamp{s.At}, Node: s.Name, By: s.By, Reason: s.Reason}
		if s.Until != 0 {
			out.Until = orNull(dateOf(s.Until))
		}
		return out
	}
	out := Hold{Hold: h.ID, Visit: h.Visit, Kept: h.Key(), State: h.State, Until: dateOf(h.Until), Made: step(h.Made), Renewed: []HoldStep{}}
	for _, s := range h.Renewed {
		out.Renewed = append(out.Renewed, step(s))
	}
	if h.Lifted != nil {
		s := step(*h.Lifted)
		out.Lifted = &s
	}
	return out
}

// Kept is something that is kept past the day of its visit: a signed document, or
// what a hold keeps.
type Kept struct {
	Kept     record.VisitID `json:"kept"`
	Visit    record.VisitID `json:"visit"`
	Document string         `json:"document,omitempty"`
	Hold     string         `json:"hold,omitempty"`
	Until    string         `json:"until"`
	Name     *Text          `json:"name"`
	Signed   Stamp          `json:"signed_at"`
}

// listKept shows names, and so is on record.
func (a *API) listKept(r *http.Request) (any, error) {
	all, err := a.cfg.Node.Kept().All()
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Node.ActBy("", "kept.list", nil, ""); err != nil {
		return nil, err
	}
	out := []Kept{}
	for _, k := range all {
		one := Kept{Kept: k.ID, Visit: k.Visit, Document: k.Document, Hold: k.Hold, Until: dateOf(k.End), Name: textOf(k.Name)}
		if p, err := a.cfg.Node.Replica().Presence(k.Visit); err == nil && len(p.Restricted) > 0 {
			one.Name = nil // its use is restricted
		}
		for _, s := range k.Signed {
			one.Signed = Stamp{time.UnixMilli(s.At)}
		}
		out = append(out, one)
	}
	return out, nil
}

// keptFacts are what the doctor is told of holds, and of what was lost.
func keptFacts(k *kept.Service, now time.Time) (f doctor.Kept) {
	for _, h := range k.Holds() {
		if h.State != kept.Running {
			continue
		}
		f.Holds++
		looked := h.Made.At
		for _, r := range h.Renewed {
			looked = r.At
		}
		if !now.Before(looked.AddDate(1, 0, 0)) {
			f.Old++
		}
		if ends := h.Until.Start(); f.Ends.IsZero() || ends.Before(f.Ends) {
			f.Ends = ends
		}
		if ok, err := k.Keeps(h); err == nil && !ok {
			f.Empty++
		}
	}
	if lost, err := k.Lost(); err == nil {
		f.Lost, f.LostAt = lost.Count, lost.At
	}
	return f
}
