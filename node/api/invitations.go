package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/invitations"
)

// InvitationRequest is the request to invite somebody. From and To are times in
// RFC 3339, or as "2026-11-27 09:00" in this node's zone; To may be left out.
type InvitationRequest struct {
	Name     Text              `json:"name"`
	Company  Text              `json:"company,omitzero"`
	Host     Text              `json:"host,omitzero"`
	HostMail Text              `json:"host_mail,omitzero"`
	Email    Text              `json:"email,omitzero"`
	Phone    Text              `json:"phone,omitzero"`
	Purpose  Text              `json:"purpose,omitzero"`
	Note     Text              `json:"note,omitzero"`
	Type     string            `json:"type,omitempty"`
	Lang     string            `json:"lang,omitempty"`
	From     string            `json:"from"`
	To       string            `json:"to,omitempty"`
	Entrance record.EntranceID `json:"entrance,omitempty"`
	// Repeat is "weekly" or "weekdays" until the date Until, or "listed" on the
	// dates Days too; empty: once.
	Repeat string   `json:"repeat,omitempty"`
	Until  string   `json:"until,omitempty"`
	Days   []string `json:"days,omitempty"`
	// Instead is an invitation that this one stands instead of.
	Instead *record.VisitID `json:"instead,omitempty"`
}

// InvitationMade answers it. QR and Code admit; it prints as the invitation.
type InvitationMade struct {
	Invitation record.VisitID `json:"invitation"`
	QR         string         `json:"qr"`
	Code       string         `json:"code"`
	Mailed     bool           `json:"mailed"`
	// Waits: it is good once it is approved.
	Waits bool `json:"waits"`
}

// String is the invitation alone.
func (m InvitationMade) String() string { return m.Invitation.String() }

// InvitationName names one.
type InvitationName struct {
	Invitation record.VisitID `json:"invitation"`
}

// Invitation is one as this node knows it. Texts are null where this node may not
// open them, or where there are none.
type Invitation struct {
	Invitation record.VisitID    `json:"invitation"`
	State      invitations.State `json:"state"`
	Name       *Text             `json:"name"`
	Company    *Text             `json:"company"`
	Host       *Text             `json:"host"`
	Email      *Text             `json:"email"`
	Type       string            `json:"type"`
	Site       record.SiteID     `json:"site"`
	Entrance   record.EntranceID `json:"entrance"`
	From       Stamp             `json:"from"`
	To         Stamp             `json:"to"`
	// Instead is the invitation that this one stands instead of, or null.
	Instead *record.VisitID `json:"instead"`
	// Times are the occasions of one that repeats; none where there is one only.
	Times []InvitationTime `json:"times"`
	Uses  []InvitationUse  `json:"uses"`
	// Twice: more than one visit that began by it is open, of one occasion. Stray:
	// it was used on a day for which it was not.
	Twice bool `json:"twice"`
	Stray bool `json:"stray"`
}

// InvitationTime is one occasion, and whether it is called off.
type InvitationTime struct {
	From Stamp `json:"from"`
	To   Stamp `json:"to"`
	Off  bool  `json:"off"`
}

// InvitationSkip calls the occasion off that begins at At, in RFC 3339, or on
// that date; with Rest those after it too.
type InvitationSkip struct {
	Invitation record.VisitID `json:"invitation"`
	At         string         `json:"at"`
	Rest       bool           `json:"rest,omitempty"`
}

// InvitationUse is one arrival by an invitation.
type InvitationUse struct {
	Visit record.VisitID `json:"visit"`
	At    Stamp          `json:"at"`
	Place string         `json:"place"`
}

// InvitationFile is a file of invitations in CSV.
type InvitationFile struct {
	CSV Text `json:"csv"`
	// DryRun judges the rows and invites nobody.
	DryRun bool `json:"dry_run,omitempty"`
}

// InvitationImport answers it. Where rows are wrong nobody was invited.
type InvitationImport struct {
	Invited     int              `json:"invited"`
	Invitations []InvitationMade `json:"invitations"`
	Faults      []RowFault       `json:"faults"`
}

// RowFault says what is wrong with a row; the heading is row 1.
type RowFault struct {
	Row  int    `json:"row"`
	Key  string `json:"key"`
	Hint string `json:"hint"`
}

func (a *API) listInvitations(*http.Request) (any, error) {
	out := []Invitation{}
	for _, i := range a.cfg.Node.Invitations().List() {
		x := Invitation{
			Invitation: i.ID, State: i.State, Type: i.Type, Site: i.Place.Site, Entrance: i.Place.Entrance,
			From: Stamp{time.Unix(i.From, 0)}, To: Stamp{time.Unix(i.To, 0)}, Times: []InvitationTime{}, Uses: []InvitationUse{}, Twice: i.Twice, Stray: i.Stray,
		}
		for _, t := range i.Times {
			x.Times = append(x.Times, InvitationTime{Stamp{time.Unix(t.From, 0)}, Stamp{time.Unix(t.To, 0)}, !t.Off.IsZero()})
		}
		if !i.Instead.IsZero() {
			x.Instead = &i.Instead
		}
		if v := i.Invite; v != nil {
			x.Name, x.Company, x.Host, x.Email = textOf(v.Name), textOf(v.Company), textOf(v.Host), textOf(v.Email)
		}
		for _, u := range i.Uses {
			place := cmp.Or(string(u.Place.Entrance), string(u.Place.Zone), string(u.Place.Site))
			x.Uses = append(x.Uses, InvitationUse{u.Visit, Stamp{u.At.Time()}, place})
		}
		out = append(out, x)
	}
	return out, nil
}

func (a *API) invite(r *http.Request) (any, error) {
	var in InvitationRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	req := invitations.Request{
		Name: in.Name.Private, Company: in.Company.Private, Host: in.Host.Private, HostMail: in.HostMail.Private, Email: in.Email.Private,
		Phone: in.Phone.Private, Purpose: in.Purpose.Private, Note: in.Note.Private, Type: in.Type, Lang: in.Lang, Entrance: in.Entrance,
	}
	var err error
	if req.From, req.To, err = invitations.ParseSpan(in.From, in.To, time.Local); err != nil {
		return nil, err
	}
	if req.Repeat, err = invitations.ParseRepeat(in.Repeat, in.Until, strings.Join(in.Days, " "), time.Local); err != nil {
		return nil, err
	}
	if in.Instead != nil {
		req.Instead = *in.Instead
	}
	made, err := a.cfg.Node.Invitations().Invite(r.Context(), "", req)
	return invitedOf(made), err
}

func invitedOf(m invitations.Made) InvitationMade {
	return InvitationMade{Invitation: m.ID, QR: m.QR, Code: m.Code, Mailed: m.Mailed, Waits: m.Waits}
}

func (a *API) callOff(r *http.Request) (any, error) {
	var in InvitationName
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return in, a.cfg.Node.Invitations().CallOff(r.Context(), "", in.Invitation)
}

func (a *API) skipOccasion(r *http.Request) (any, error) {
	var in InvitationSkip
	if err := read(r, &in); err != nil {
		return nil, err
	}
	guests := a.cfg.Node.Invitations()
	at, err := guests.OccasionAt(in.Invitation, in.At)
	if err != nil {
		return nil, err
	}
	return InvitationName{in.Invitation}, guests.Skip(r.Context(), "", in.Invitation, at, in.Rest)
}

// Decision says that somebody who needs approval is welcome, or is not. ID is an
// invitation's, or a visit's.
type Decision struct {
	ID      record.VisitID `json:"id"`
	Welcome bool           `json:"welcome"`
}

func (a *API) decide(r *http.Request) (any, error) {
	var in Decision
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return in, a.cfg.Node.Invitations().Decide(r.Context(), "", in.ID, in.Welcome)
}

func (a *API) sendInvitation(r *http.Request) (any, error) {
	var in InvitationName
	if err := read(r, &in); err != nil {
		return nil, err
	}
	made, err := a.cfg.Node.Invitations().Send("", in.Invitation)
	return invitedOf(made), err
}

func (a *API) importInvitations(r *http.Request) (any, error) {
	var in InvitationFile
	if err := read(r, &in); err != nil {
		return nil, err
	}
	out := InvitationImport{Invitations: []InvitationMade{}, Faults: []RowFault{}}
	made, err := a.cfg.Node.Invitations().Import(r.Context(), "", []byte(in.CSV.Reveal()), in.DryRun)
	var rows *invitations.ErrRows
	switch {
	case errors.As(err, &rows):
		for _, f := range rows.Rows {
			out.Faults = append(out.Faults, RowFault{f.Row, f.Err.Key, f.Err.Hint})
		}
		return out, nil
	case err != nil && len(made) > 0:
		return nil, fmt.Errorf("%d of the file were invited, and then it failed: %w", len(made), err)
	case err != nil:
		return nil, err
	}
	out.Invited = len(made)
	for _, m := range made {
		if !in.DryRun {
			out.Invitations = append(out.Invitations, invitedOf(m))
		}
	}
	return out, nil
}
