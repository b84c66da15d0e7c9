package invitations

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// The host of an invitation that needs approval is mailed a link by which they
// approve it or refuse it, at any node that is reached. The node that invited mails,
// nobody else; what a host says is a fact like an operator's word, and a refusal
// outweighs every approval.

const (
	// linkFor is for how long a host's link is good at most.
	linkFor = 14 * 24 * time.Hour
	// maxWords bounds what is said by link of one invitation at one node within
	// wordsFor.
	maxWords = 10
	wordsFor = time.Hour
)

// askHosts mails hosts of invitations that wait for approval. Each is taken down
// once.
func (s *Service) askHosts(ctx context.Context) {
	if s.cfg.SignApproval == nil || s.cfg.Tell == nil || s.cfg.Web == nil || s.cfg.Web() == "" || !s.cfg.Desk() || s.cfg.Barred() != nil {
		return
	}
	for _, i := range s.cfg.Replica.Invitations() {
		if !s.cfg.Mine(i.ID) || s.state(i) != Waiting || s.cfg.Now().Sub(i.Made.At.Time()) > answerFor {
			continue
		}
		if invite, err := s.open(i.ID); err == nil {
			s.ask(ctx, i, invite)
		}
	}
}

// approver is where the host is asked. Where another than the one who invited must
// approve, it is not what that one has written, but what the register of hosts says.
func (s *Service) approver(ctx context.Context, i record.Invitation, invite record.Invite) record.Private {
	if i.Needs != record.AnotherWord && invite.HostMail != "" {
		return invite.HostMail
	}
	if s.cfg.HostMail == nil || invite.Host == "" {
		return ""
	}
	return s.cfg.HostMail(ctx, invite.Host)
}

func (s *Service) ask(ctx context.Context, i record.Invitation, invite record.Invite) {
	to := s.approver(ctx, i, invite)
	if to == "" {
		return
	}
	until := i.Made.At.Time().Add(linkFor)
	if end := time.Unix(i.To, 0); end.Before(until) {
		until = end
	}
	token, err := s.cfg.SignApproval(record.Link{Visit: i.ID, Start: record.EvacID(i.ID), Until: until})
	if err != nil {
		return
	}
	link := strings.TrimSuffix(s.cfg.Web(), "/") + "/a/" + token
	name, when := cmp.Or(invite.Name.Reveal(), "?"), s.times(i, nil)
	if c := invite.Company.Reveal(); c != "" {
		name += ", " + c
	}
	lines := []string{
		"Ett besök till dig väntar på ditt godkännande. A visit to you waits for your approval.", name, when, i.Type,
	}
	if p := invite.Purpose.Reveal(); p != "" {
		lines = append(lines, p)
	}
	last := "Öppna länken och välj där. Länken är bara din, och gäller till / Open the link and choose there. It is yours alone, until " +
		until.In(s.cfg.Zone).Format("2006-01-02 15:04") + "."
	var h strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&h, "<p><bdi>%s</bdi></p>", html.EscapeString(l))
	}
	_ = s.cfg.Tell(Letter{
		Visit: i.ID, To: to, Subject: "Godkänn besök / Approve a visit " + time.Unix(i.From, 0).In(s.cfg.Zone).Format(time.DateOnly), Until: until, Once: "ask",
		Text: strings.Join(lines, "\n") + "\n\n" + link + "\n\n" + last + "\n",
		HTML: "<!doctype html><html><body>" + h.String() + `<p><a href="` + html.EscapeString(link) + `">Godkänn eller neka / Approve or decline</a></p><p>` + html.EscapeString(last) + "</p></body></html>",
	})
}

// Ask is what the page behind a host's link shows.
type Ask struct {
	When  record.Span
	Place record.Place
	// State is Waiting, Refused, or another for one that is approved.
	State State
}

// Ask is what who holds a host's link is asked. Errors: record.ErrLink, *Problem.
func (s *Service) Ask(token string) (Ask, error) {
	i, err := s.asked(token)
	return Ask{When: s.next(i), Place: i.Place, State: s.state(i)}, err
}

func (s *Service) asked(token string) (record.Invitation, error) {
	if s.cfg.Approval == nil {
		return record.Invitation{}, record.ErrLink
	}
	l, err := s.cfg.Approval(token)
	if err != nil || l.Start != record.EvacID(l.Visit) {
		return record.Invitation{}, record.ErrLink
	}
	i, ok := s.cfg.Replica.Invitation(l.Visit)
	switch {
	case !ok || i.Made.IsZero():
		return i, problem("invitations.not_heard", "", "this node has not heard of the invitation yet: try again later, or ask at the reception")
	case !i.Off.IsZero():
		return i, problem("invitations.off", "", "this invitation has been cancelled: there is nothing to approve")
	case s.over(i) || l.Over(s.cfg.Now()):
		return i, problem("invitations.ask_over", "", "this link is no longer valid: approve at the reception, or ask for a new invitation")
	case i.Needs == "":
		return i, problem("invitations.no_need", "", "this needs no approval: nothing was recorded")
	}
	return i, nil
}

// DecideByLink says, durably, that who is invited is welcome, or for a reason of the
// list is not, as the host's word through their link; also at a node that opens
// nothing. Errors: record.ErrLink, *Problem, the Barred one.
func (s *Service) DecideByLink(ctx context.Context, token string, welcome bool, reason string) error {
	if err := s.cfg.Barred(); err != nil {
		return err
	}
	i, err := s.asked(token)
	if err != nil {
		return err
	}
	kind, what, said := record.Approved, "invitation.approve", i.Approved
	if !welcome {
		kind, what, said = record.Refused, "invitation.refuse", i.Refused
	}
	switch {
	case welcome && i.Denied():
		return problem("invitations.declined", "", "this has been refused, and a refusal stands: ask for a new invitation")
	case slices.ContainsFunc(said, func(w record.Word) bool { return w.By == record.ByHost }):
		return nil
	case !welcome && !record.Reason(reason):
		return problem("invitations.reason", "reason", "choose one of the reasons, or none")
	case welcome && len(i.Approved) > 0:
		return nil
	case !s.words.allow(i.ID, s.cfg.Now()):
		return problem("invitations.fills", "", "that has been tried many times: wait an hour, or call the reception")
	}
	if welcome {
		reason = ""
	}
	if err := s.cfg.Act(record.ByHost, what, []record.VisitID{i.ID}); err != nil {
		return err
	}
	event := record.Event{Kind: kind, Visit: i.ID, Place: s.cfg.Place(), How: "link", By: record.ByHost, Reason: reason}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}); err != nil {
		return fmt.Errorf("approve or refuse by link: %w", err)
	}
	return nil
}

// tellDecided mails who is invited what a host has said by link, at the node that
// invited: the invitation, or that the visit is off and why. Each is taken down
// once.
func (s *Service) tellDecided() {
	if s.cfg.Tell == nil || !s.cfg.Desk() || s.cfg.Barred() != nil {
		return
	}
	fresh := func(w record.Word) bool { return w.How == "link" && s.cfg.Now().Sub(w.At.Time()) <= answerFor }
	for _, i := range s.cfg.Replica.Invitations() {
		if !s.cfg.Mine(i.ID) || !i.Off.IsZero() || s.over(i) {
			continue
		}
		what, qr := news{}, ""
		switch {
		case slices.ContainsFunc(i.Refused, fresh):
			n := slices.IndexFunc(i.Refused, fresh)
			what = news{off: true, once: "declined", reason: i.Refused[n].Reason}
		case len(i.Refused) > 0 || !slices.ContainsFunc(i.Approved, fresh) || slices.ContainsFunc(i.Approved, func(w record.Word) bool { return w.How != "link" }):
			continue // or an operator has approved it, who has mailed it
		default:
			made, _, err := s.Paper(i.ID)
			if err != nil {
				continue
			}
			what.once, qr = "approved", made.QR
		}
		invite, err := s.open(i.ID)
		if err != nil {
			continue // erased, or not to be opened here now
		}
		s.send(i, invite, qr, what)
	}
}
