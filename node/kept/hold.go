package kept

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// HoldState says how a hold stands.
type HoldState string

// The states. Lifted is final: what was held is destroyed by it.
const (
	Running HoldState = "running"
	Lifted  HoldState = "lifted"
	Ended   HoldState = "ended"
)

// Step is what was done about a hold: when, where, by whom and why. The reason
// names nobody.
type Step struct {
	At     time.Time
	Node   record.NodeID
	Name   string
	By     string
	Reason string
	// Until is the end that it gives the hold.
	Until record.Day
}

// Hold keeps one visit's particulars and events past their dates. It is kept as
// settings, since it must outlive the days of the visit: ids, dates and reasons
// that name nobody.
type Hold struct {
	ID    record.CaseID
	Visit record.VisitID
	Made  Step
	// Renewed are the ends that were given to it later, in order of time.
	Renewed []Step
	Lifted  *Step
	// Until is the day on which it ends: the latest that was said.
	Until record.Day
	State HoldState
}

// Name is the id as it stands in settings and in what is kept.
func (h Hold) Name() string { return strings.ToLower(h.ID.String()) }

// Key names what the hold keeps.
func (h Hold) Key() record.VisitID { return record.KeptID(h.Visit, "hold/"+h.Name()) }

// prefixHold is followed by a hold's id in lower case and what was done: made,
// renewed/ or lifted/ and the node that did, in lower case.
const prefixHold = "hold/"

// holdWire is a Step as a setting.
type holdWire struct {
	Visit  record.VisitID `json:"visit,omitzero"`
	At     time.Time      `json:"at"`
	Node   record.NodeID  `json:"node"`
	By     string         `json:"by"`
	Reason string         `json:"reason,omitempty"`
	Until  string         `json:"until,omitempty"`
}

func (w holdWire) setting(name, what string) crdt.Draft {
	b, _ := json.Marshal(w) // texts and times: it cannot fail
	return crdt.Draft{Setting: &crdt.Setting{Key: prefixHold + name + "/" + what, Value: shape.String(string(b))}}
}

func (s *Service) step(w holdWire) Step {
	out := Step{At: w.At.UTC(), Node: w.Node, Name: s.cfg.NameOf(w.Node), By: w.By, Reason: w.Reason}
	if t, err := time.Parse(time.DateOnly, w.Until); err == nil {
		out.Until = record.DayOf(t)
	}
	return out
}

// holds are all holds by their names, as they stand on a day. What cannot be read
// is passed over: it is of a newer release.
func (s *Service) holds(today record.Day) map[string]Hold {
	out := map[string]Hold{}
	for _, x := range s.cfg.Replica.Settings(prefixHold) {
		name, what, _ := strings.Cut(x.Key[len(prefixHold):], "/")
		id, err := record.ParseCaseID(name)
		var w holdWire
		if err != nil || strings.ToLower(id.String()) != name || json.Unmarshal([]byte(x.Value.String()), &w) != nil {
			continue
		}
		h := out[name]
		h.ID = id
		step := s.step(w)
		switch {
		case what == "made":
			h.Visit, h.Made = w.Visit, step
		case strings.HasPrefix(what, "renewed/"):
			h.Renewed = append(h.Renewed, step)
		case strings.HasPrefix(what, "lifted/") && (h.Lifted == nil || step.At.Before(h.Lifted.At)):
			h.Lifted = &step
		}
		out[name] = h
	}
	for name, h := range out {
		if h.Visit.IsZero() {
			delete(out, name) // its beginning has not come yet
			continue
		}
		slices.SortFunc(h.Renewed, func(a, b Step) int { return cmp.Or(a.At.Compare(b.At), slices.Compare(a.Node[:], b.Node[:])) })
		h.Until, h.State = h.Made.Until, Running
		for _, r := range h.Renewed {
			h.Until = max(h.Until, r.Until)
		}
		switch {
		case h.Lifted != nil:
			h.State = Lifted
		case h.Until <= today:
			h.State = Ended
		}
		out[name] = h
	}
	return out
}

func (s *Service) today() record.Day {
	today, _ := s.cfg.Today()
	return today
}

// Holds are all holds, the latest first; those that are over too.
func (s *Service) Holds() (out []Hold) {
	for _, h := range s.holds(s.today()) {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Hold) int {
		return cmp.Or(b.Made.At.Compare(a.Made.At), slices.Compare(a.ID[:], b.ID[:]))
	})
	return out
}

// Hold is one of them. Errors: ErrUnknownHold.
func (s *Service) Hold(id record.CaseID) (Hold, error) {
	h, ok := s.holds(s.today())[strings.ToLower(id.String())]
	if !ok {
		return h, ErrUnknownHold
	}
	return h, nil
}

// Held tells, as things stand when it is called, which visits are held, and by
// what; of several holds by the one that ends last.
func (s *Service) Held() func(record.VisitID) (Hold, bool) {
	by := map[record.VisitID]Hold{}
	for _, h := range s.holds(s.today()) {
		if was, ok := by[h.Visit]; h.State == Running && (!ok || h.Until > was.Until) {
			by[h.Visit] = h
		}
	}
	return func(v record.VisitID) (Hold, bool) {
		h, ok := by[v]
		return h, ok
	}
}
