package rights

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

// Kind says what a person asks for.
type Kind string

// The kinds of case.
const (
	Access        Kind = "access"
	Rectification Kind = "rectification"
	Erasure       Kind = "erasure"
	Restriction   Kind = "restriction"
	Portability   Kind = "portability"
	Objection     Kind = "objection"
)

// Kinds are all kinds of case.
var Kinds = []Kind{Access, Rectification, Erasure, Restriction, Portability, Objection}

// Outcome says how a case stands or was decided.
type Outcome string

// The outcomes. Two nodes that decide while they do not hear each other may
// differ; what is in the person's favour then stands, and both are shown.
const (
	Open    Outcome = "open"
	Granted Outcome = "granted"
	Refused Outcome = "refused"
)

// Step is what was done in a case: when, where, by whom and why. The reason
// names nobody.
type Step struct {
	At      time.Time
	Node    record.NodeID
	Name    string
	By      string
	Reason  string
	Outcome Outcome
	// Until is the day to which an extension extends.
	Until time.Time
}

// Case is one request of a person and what became of it. It is kept as
// settings, since it must outlive the days of the visit: ids, dates and reasons
// that name nobody.
type Case struct {
	ID     record.CaseID
	Kind   Kind
	Visit  record.VisitID
	Opened Step
	// Due is when the answer is due: a month from the opening, or what it was
	// extended to.
	Due       time.Time
	Extended  *Step
	Decisions []Step
	Lifted    *Step
	State     Outcome
	// Overdue: it is open and Due has passed.
	Overdue bool
}

// prefixCase is followed by a case's id in lower case and what was done:
// opened, extended, lifted, or decided/ and the node that did, in lower case.
const prefixCase = "case/"

// stepWire is a Step as a setting.
type stepWire struct {
	Kind    Kind           `json:"kind,omitempty"`
	Visit   record.VisitID `json:"visit,omitzero"`
	At      time.Time      `json:"at"`
	Node    record.NodeID  `json:"node"`
	By      string         `json:"by"`
	Reason  string         `json:"reason,omitempty"`
	Outcome Outcome        `json:"outcome,omitempty"`
	Until   time.Time      `json:"until,omitzero"`
}

func (w stepWire) setting(id record.CaseID, what string) crdt.Draft {
	b, _ := json.Marshal(w) // texts and times: it cannot fail
	return crdt.Draft{Setting: &crdt.Setting{
		Key: prefixCase + strings.ToLower(id.String()) + "/" + what, Value: shape.String(string(b)),
	}}
}

func (w stepWire) step(members []Member) Step {
	return Step{At: w.At.UTC(), Node: w.Node, Name: nameOf(members, w.Node), By: w.By, Reason: w.Reason, Outcome: w.Outcome, Until: w.Until}
}

// fold makes cases of settings. What cannot be read is passed over: it is of a
// newer release.
func fold(all []crdt.Setting, members []Member, now time.Time) []Case {
	byID := map[record.CaseID]*Case{}
	for _, x := range all {
		name, what, _ := strings.Cut(x.Key[len(prefixCase):], "/")
		id, err := record.ParseCaseID(name)
		var w stepWire
		if err != nil || json.Unmarshal([]byte(x.Value.String()), &w) != nil {
			continue
		}
		c := byID[id]
		if c == nil {
			c = &Case{ID: id, State: Open}
			byID[id] = c
		}
		step := w.step(members)
		switch {
		case what == "opened":
			c.Kind, c.Visit, c.Opened = w.Kind, w.Visit, step
		case what == "extended":
			c.Extended = &step
		case what == "lifted":
			c.Lifted = &step
		case strings.HasPrefix(what, "decided/"):
			c.Decisions = append(c.Decisions, step)
		}
	}
	var out []Case
	for _, c := range byID {
		if c.Opened.At.IsZero() {
			continue // its beginning has not come yet
		}
		c.settle(now)
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Case) int {
		return cmp.Or(a.Opened.At.Compare(b.Opened.At), slices.Compare(a.ID[:], b.ID[:]))
	})
	return out
}

func (c *Case) settle(now time.Time) {
	slices.SortFunc(c.Decisions, func(a, b Step) int { return cmp.Or(a.At.Compare(b.At), slices.Compare(a.Node[:], b.Node[:])) })
	for _, d := range c.Decisions {
		if c.State != Granted {
			c.State = d.Outcome
		}
	}
	c.Due = Months(c.Opened.At, 1)
	if c.Extended != nil {
		c.Due = c.Extended.Until
	}
	c.Overdue = c.State == Open && now.After(c.Due)
}

// Months is the same day of the month, months later; the last day of the month
// where it has no such day (Regulation 1182/71, Article 3).
func Months(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// Cases are all cases known here, the oldest first.
func (s *Service) Cases() []Case {
	return fold(s.cfg.Register.Settings(prefixCase), s.cfg.Members(), s.cfg.Now())
}

// Case is one case. Errors: ErrUnknownCase.
func (s *Service) Case(id record.CaseID) (Case, error) {
	all := fold(s.cfg.Register.Settings(prefixCase+strings.ToLower(id.String())+"/"), s.cfg.Members(), s.cfg.Now())
	if len(all) == 0 {
		return Case{}, ErrUnknownCase
	}
	return all[0], nil
}
