package visits

import (
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// Rules are what a type of visitor asks of those who check in at a door's
// screen. Whoever checks somebody in for them, at a desk or by a command, takes
// them in without: the list of who is inside comes first.
type Rules struct {
	// Unattended: they check in at a screen by themselves.
	Unattended bool
	// Must are fields that may not be empty, No those that are not asked for:
	// what is written there is not kept.
	Must, No []string
	// Papers are documents to be read and signed.
	Papers []Paper
}

// byRules judges an arrival at a screen by the rules of its type, once its
// texts have been trimmed.
func (s *Service) byRules(a *Arrival) error {
	if s.cfg.Rules == nil || a.How != "kiosk" {
		return nil
	}
	rules, ok := s.cfg.Rules(a.Type)
	switch {
	case !ok:
		return &Problem{Key: "type.unknown", Field: "type", Hint: "there is no such type of visitor any more: choose another (`upprop type list`)"}
	case !rules.Unattended:
		return &Problem{Key: "type.attended", Hint: "visitors of this type are checked in at a desk: nobody was checked in; go to the reception"}
	}
	return rules.judge(a)
}

// Prepare trims and judges what somebody wrote and signed before they come, by what
// their type asks at a screen; nothing is kept. Errors: *Problem.
func (s *Service) Prepare(a *Arrival) error {
	if err := a.check(); err != nil || s.cfg.Rules == nil {
		return err
	}
	rules, ok := s.cfg.Rules(a.Type)
	if !ok {
		return &Problem{Key: "type.unknown", Field: "type", Hint: "there is no such type of visitor any more: choose another (`upprop type list`)"}
	}
	return rules.judge(a)
}

func (rules Rules) judge(a *Arrival) error {
	for _, f := range a.fields() {
		switch {
		case slices.Contains(rules.No, f.name):
			*f.text = ""
		case *f.text == "" && slices.Contains(rules.Must, f.name):
			return &Problem{Key: "field.required", Field: f.name, Hint: "this type of visitor must say the " + f.name + ": write it and try again"}
		}
	}
	return a.unsigned(rules.Papers)
}

// textField is one text of an arrival.
type textField struct {
	name  string
	text  *record.Private
	limit int
}

func (a *Arrival) fields() []textField {
	return []textField{
		{"name", &a.Name, MaxName},
		{"company", &a.Company, MaxName},
		{"host", &a.Host, MaxName},
		{"assist", &a.Assist, MaxText},
		{"email", &a.Email, MaxName},
		{"phone", &a.Phone, MaxName},
		{"purpose", &a.Purpose, MaxText},
	}
}
