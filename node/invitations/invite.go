package invitations

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Request says whom to invite.
type Request struct {
	Name, Company, Host   record.Private
	Email, Phone, Purpose record.Private
	// HostMail is where the host is told of the arrival.
	HostMail record.Private
	// Note is what the mail says besides, on one line.
	Note record.Private
	Type string
	Lang string
	// From and To are when; To may be on a later day.
	From, To time.Time
	// Repeat says on which other days, from the same hour until the same hour.
	Repeat Repeat
	// Entrance is where to come; empty: any door of the site.
	Site     record.SiteID
	Entrance record.EntranceID
	// Instead is an invitation that this one stands instead of, and which is
	// called off with it; zero: none.
	Instead record.VisitID
}

// Made is an invitation that was just made. QR and Code admit: they go to who is
// invited, and into no log.
type Made struct {
	ID       record.VisitID
	QR, Code string
	// Link is the address in the mail, of Paper alone; empty where screens are not
	// reached from outside.
	Link string
	// Mailed: a mail to who is invited waits to be sent.
	Mailed bool
	// Waits: it is good, and mailed, once it is approved.
	Waits bool
}

// Format prints the invitation only, through every verb.
func (m Made) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("invitation " + m.ID.String())) }

// Limits of what is written, in characters.
const (
	maxName = 200
	maxText = 500
)

func (r *Request) check(now time.Time, zone *time.Location, types func(string) bool) error {
	for _, f := range []struct {
		name  string
		text  *record.Private
		limit int
	}{
		{"name", &r.Name, maxName},
		{"company", &r.Company, maxName},
		{"host", &r.Host, maxName},
		{"email", &r.Email, maxName},
		{"phone", &r.Phone, maxName},
		{"host_mail", &r.HostMail, maxName},
		{"purpose", &r.Purpose, maxText},
		{"note", &r.Note, maxText},
	} {
		t, err := sheet.Line(f.name, f.text.Reveal(), f.limit)
		if err != nil {
			return err
		}
		*f.text = record.Private(t)
	}
	for _, f := range []struct {
		name string
		text record.Private
	}{{"email", r.Email}, {"host_mail", r.HostMail}} {
		if a, err := mail.ParseAddress(f.text.Reveal()); f.text != "" && (err != nil || a.Address != f.text.Reveal()) {
			return problem("invitations.email", f.name, "that is no e-mail address: write it like anna@example.org")
		}
	}
	r.Type, r.Lang = strings.TrimSpace(r.Type), strings.TrimSpace(r.Lang)
	if r.Type == "" {
		r.Type = "visitor"
	}
	switch {
	case len(folded(r.Name.Reveal())) == 0:
		return problem("invitations.name", "name", "an invitation needs a name: write the name of who is expected")
	case !types(r.Type):
		return problem("invitations.type", "type", "there is no such type of visitor: `upprop type list` shows those there are")
	case r.Lang != "" && !sheet.Language(r.Lang):
		return problem("invitations.lang", "lang", "a language is written with two or three small letters, like sv or en")
	case r.Entrance != "" && record.CheckPlaceName(string(r.Entrance)) != nil:
		return problem("invitations.entrance", "entrance", "that cannot name an entrance: write it as `upprop nodes` does")
	case r.From.IsZero() || !r.To.After(r.From):
		return problem("invitations.when", "when", "say from when until when the person is expected: the end comes after the beginning")
	}
	times, err := r.times(zone)
	if err != nil {
		return err
	}
	last := times[len(times)-1]
	switch {
	case last.To < now.Unix():
		return problem("invitations.past", "when", "that time is over: choose one to come")
	case time.Unix(last.To, 0).Sub(now) > MaxAhead*24*time.Hour:
		p := problem("invitations.far", "when", fmt.Sprintf("people can be invited %d days ahead at most: choose an earlier day, or invite later", MaxAhead))
		p.Limit = MaxAhead
		return p
	}
	return nil
}

// Check judges a request without inviting. Errors: *Problem.
func (s *Service) Check(r *Request) error {
	if err := s.may(); err != nil {
		return err
	}
	if r.Instead != (record.VisitID{}) {
		if old, err := s.Get(r.Instead); err != nil {
			return err
		} else if old.State == CalledOff {
			return problem("invitations.off", "", "this invitation has been cancelled: make a new one")
		}
	}
	return r.check(s.cfg.Now(), s.cfg.Zone, s.cfg.Type)
}

// Invite makes an invitation, durably, and takes down the mail to who is
// invited, where an address is given. Errors: *Problem, the Barred one.
func (s *Service) Invite(ctx context.Context, by string, r Request) (Made, error) {
	if err := s.Check(&r); err != nil {
		return Made{}, err
	}
	id, err := s.cfg.Draw()
	if err != nil {
		return Made{}, fmt.Errorf("invite: %w", err)
	}
	code, err := drawCode(id, s.cfg.Rand)
	if err != nil {
		return Made{}, fmt.Errorf("invite: %w", err)
	}
	invite := record.Invite{
		Name: r.Name, Company: r.Company, Host: r.Host, HostMail: r.HostMail, Email: r.Email, Phone: r.Phone, Purpose: r.Purpose,
		Note: r.Note, Lang: r.Lang, Thread: id.String(),
	}
	var off *record.Event
	var before *record.Before
	var ended []crdt.Draft
	if !r.Instead.IsZero() {
		if old, err := s.open(r.Instead); err == nil {
			was, _ := s.cfg.Replica.Invitation(r.Instead)
			invite.Thread, invite.Turn = old.Thread, old.Turn+1+moves(was)
			before, ended = s.before(r.Instead, old.Secret), s.shred(was)
		}
		off = &record.Event{Kind: record.CalledOff, Visit: r.Instead, Place: s.cfg.Place(), How: "desk"}
	}
	times, err := r.times(s.cfg.Zone)
	if err != nil {
		return Made{}, err
	}
	from, to := times[0].From, times[len(times)-1].To
	if len(times) == 1 && r.Repeat.Every == Once {
		times = nil
	}
	last := record.DayOf(time.Unix(to, 0))
	until := s.keep(last)
	sealed, secret, err := s.cfg.Vault.SealBearer(id, 1, until, codec.EncodeInvite(forBearer(invite)))
	if err != nil {
		return Made{}, fmt.Errorf("invite: %w", err)
	}
	invite.Secret, invite.Code = secret, record.Private(code)
	forDesks, stored, err := s.cfg.Vault.Seal(id, 1, until, map[record.Audience][]byte{record.DossierAudience: codec.EncodeInvite(invite)})
	if err != nil {
		return Made{}, err
	}
	box, err := lockSecret(id, code, secret)
	if err != nil {
		return Made{}, fmt.Errorf("invite: %w", err)
	}
	qr, err := s.cfg.SignQR(record.QR{Kind: record.InvitationQR, Visit: id, Secret: secret, Last: last})
	if err != nil {
		return Made{}, fmt.Errorf("invite: %w", err)
	}
	place := record.Place{Site: r.Site, Entrance: r.Entrance}
	if place.Site == "" {
		place.Site = s.cfg.Place().Site
	}
	event := record.Event{
		Kind: record.Invited, Visit: id, Place: place, Type: r.Type, From: from, To: to, Times: times, Ends: last, Box: box,
		Other: r.Instead, How: "desk", Needs: s.cfg.Needs(r.Type), By: by,
	}
	drafts := []crdt.Draft{{Event: &event}, {Sealed: append(forDesks, sealed...), Fresh: true}}
	if before != nil {
		// It was filled in for the one that this stands instead of.
		again, err := s.cfg.Vault.SealBefore(id, s.version(id), until, codec.EncodeBefore(*before), secret)
		if err != nil {
			return Made{}, fmt.Errorf("invite: %w", err)
		}
		drafts = append(drafts, crdt.Draft{Sealed: again})
	}
	if off != nil {
		drafts = append(append(drafts, crdt.Draft{Event: off}), ended...)
	}
	if err := s.cfg.Act(by, "invitation.make", []record.VisitID{id}); err != nil {
		return Made{}, err
	}
	if _, err := s.cfg.Replica.Commit(ctx, drafts...); err != nil {
		return Made{}, fmt.Errorf("invite: %w", err)
	}
	stored()
	made := Made{ID: id, QR: qr, Code: Grouped(code), Waits: event.Needs != ""}
	if i, _ := s.cfg.Replica.Invitation(id); !made.Waits {
		made.Mailed = s.send(i, invite, qr, news{})
	}
	return made, nil
}

// forBearer is what the bearer's paper opens: no note and no code.
func forBearer(i record.Invite) record.Invite {
	i.Note, i.Code, i.Secret, i.Thread, i.Turn = "", "", [16]byte{}, "", 0
	return i
}

// keep is until when what is sealed of an invitation that ends on a day is
// sealed now.
func (s *Service) keep(last record.Day) record.Day { return min(last+After, s.cfg.Today()+Keep) }

// Paper is the QR and the code of an invitation anew, for a desk that prints or
// mails it again. Errors: *Problem.
func (s *Service) Paper(id record.VisitID) (Made, record.Invite, error) {
	if err := s.may(); err != nil {
		return Made{}, record.Invite{}, err
	}
	i, err := s.Get(id)
	if err != nil {
		return Made{}, record.Invite{}, err
	}
	if i.Invite == nil {
		return Made{}, record.Invite{}, problem("invitations.gone", "", "what was known of this invitation has been erased, or cannot be opened here now")
	}
	qr, err := s.cfg.SignQR(record.QR{Kind: record.InvitationQR, Visit: id, Secret: i.Invite.Secret, Last: i.Last})
	if err != nil {
		return Made{}, record.Invite{}, fmt.Errorf("make an invitation's paper: %w", err)
	}
	return Made{ID: id, QR: qr, Code: Grouped(i.Invite.Code.Reveal()), Link: s.link(i.Invitation, i.Invite.Secret)}, *i.Invite, nil
}

// Send mails an invitation once more. Errors: *Problem.
func (s *Service) Send(by string, id record.VisitID) (Made, error) {
	made, invite, err := s.Paper(id)
	if err != nil {
		return made, err
	}
	i, err := s.Get(id)
	switch {
	case err != nil:
		return made, err
	case i.State == Waiting || i.State == Refused:
		return made, approvalProblem(i.Invitation)
	case i.State == CalledOff || i.State == Over:
		return made, problem("invitations.off", "", "this invitation admits nobody any more: make a new one")
	case invite.Email == "":
		return made, problem("invitations.no_email", "email", "no e-mail address was given: print the invitation, or make one with an address instead")
	}
	if err := s.cfg.Act(by, "invitation.send", []record.VisitID{id}); err != nil {
		return made, err
	}
	if made.Mailed = s.send(i.Invitation, invite, made.QR, news{}); !made.Mailed {
		return made, errNoMail
	}
	return made, nil
}

var errNoMail = problem("invitations.no_mail", "", "this node sends no mail, and nothing was sent: set up a mail server with `upprop notify set`, or print the invitation")

// IsProblem is the problem in an error, nil where there is none.
func IsProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}
