package invitations

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// approvalProblem says why an invitation that needs approval admits nobody, or
// nil.
func approvalProblem(i record.Invitation) error {
	switch {
	case i.Denied():
		return problem("invitations.refused", "code", "this invitation has not been approved: ask whom you were to meet, or at the reception")
	case i.Waits():
		return problem("invitations.waiting", "code", "this invitation has not been approved yet: go to the reception, or call whom you are to meet")
	}
	return nil
}

// mailed reports whether who is invited has heard of it, as far as is known.
func (i Invited) mailed() bool {
	return (i.State == Expected || i.State == CalledOff) && (i.Needs == "" || len(i.Approved) > 0)
}

// Needs is what somebody needs to be welcome who comes as a type, by an
// invitation or, where that is zero, without: nothing by one that says of that
// very type that they are.
func (s *Service) Needs(kind string, invitation record.VisitID) record.Needs {
	if i, ok := s.cfg.Replica.Invitation(invitation); ok && !i.Made.IsZero() && i.Type == kind && !i.Waits() && !i.Denied() {
		return ""
	}
	return s.cfg.Needs(kind)
}

// Decide says, durably, that somebody who needs approval is welcome, or is not:
// an invitation, or a visit that began without one that was approved. An
// invitation that is approved is mailed. Who may do so is the caller's to judge.
// Errors: *Problem, the Barred one.
func (s *Service) Decide(ctx context.Context, by string, id record.VisitID, welcome bool) error {
	if err := s.may(); err != nil {
		return err
	}
	v, invitation, err := s.approvalOf(id)
	if err != nil {
		return err
	}
	kind, what := record.Approved, "approve"
	if !welcome {
		kind, what = record.Refused, "refuse"
	}
	said := map[record.Kind][]record.Word{record.Approved: v.Approved, record.Refused: v.Refused}[kind]
	switch {
	case v.Needs == "":
		return problem("invitations.no_need", "", "this needs no approval: nothing was recorded")
	case slices.ContainsFunc(said, func(w record.Word) bool { return w.By == by }):
		return nil
	case welcome && v.Denied():
		return problem("invitations.refused", "", "this has been refused, and a refusal stands: make a new invitation")
	case welcome && invitation != nil && v.Needs == record.AnotherWord && invitation.By == by:
		return problem("invitations.another", "", "this type of visitor is approved by another than the one who invited: ask a colleague")
	}
	if err := s.cfg.Act(by, map[bool]string{true: "invitation.", false: "visit."}[invitation != nil]+what, []record.VisitID{id}); err != nil {
		return err
	}
	event := record.Event{Kind: kind, Visit: id, Place: s.cfg.Place(), How: "desk", By: by}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}); err != nil {
		return fmt.Errorf("approve or refuse: %w", err)
	}
	if invitation == nil || !welcome || len(v.Approved) > 0 || invitation.Invite == nil || invitation.Invite.Email == "" {
		return nil
	}
	if _, err := s.Send(by, id); IsProblem(err) == errNoMail {
		return problem("invitations.unmailed", "", "it is approved, and could not be mailed: this node sends no mail; print the invitation, or send it from another desk")
	} else if err != nil {
		return err
	}
	return nil
}

// approvalOf is what was said of an invitation, or of a visit: then it is nil.
func (s *Service) approvalOf(id record.VisitID) (record.Approval, *Invited, error) {
	if i, err := s.Get(id); err == nil {
		if i.State == CalledOff || i.State == Over {
			return i.Approval, &i, problem("invitations.off", "", "this invitation admits nobody any more: make a new one")
		}
		return i.Approval, &i, nil
	}
	p, err := s.cfg.Replica.Presence(id)
	if errors.Is(err, crdt.ErrUnknownVisit) {
		return record.Approval{}, nil, problem("invitations.unknown", "", "there is no such invitation, and no such visit: `upprop invite list` shows those there are")
	}
	return p.Approval, nil, err
}
