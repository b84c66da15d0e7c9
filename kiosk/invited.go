package kiosk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Invitations opens invitations at the door. A lang.Problem among the errors is
// shown to the visitor in their language.
type Invitations interface {
	// Is reports whether what was scanned is the QR of an invitation.
	Is(code string) bool
	// Open opens one by its QR, or by its code and the visitor's name.
	Open(ctx context.Context, code, name string) (Invite, error)
}

// Invite is what a door knows of who is expected. It prints as [withheld].
type Invite struct {
	// ID is the invitation's; HostMail where the host is told.
	ID, HostMail string
	// Arrival is what is filled in on the form.
	Arrival Arrival
	// Filled: Arrival is what the visitor filled in before they came; Signed is what
	// they signed then.
	Filled bool
	Signed Signatures
	// Pass: it is no invitation but what a visitor's own pass says.
	Pass bool
}

// Format withholds the person from every fmt verb.
func (Invite) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(withheld)) }

// invitedPage is the form with what was typed and what is wrong with it.
type invitedPage struct {
	Code, Name string
	Faults     faults
	Pause      webkit.Pause
}

func (k *Kiosk) invitedForm(r *webkit.Request) (webkit.Response, error) {
	if res := k.shut(r); res != nil {
		return res, nil
	}
	return k.invitedPage(invitedPage{}, http.StatusOK), nil
}

func (k *Kiosk) invitedPage(p invitedPage, status int) webkit.Page {
	p.Pause = k.pause()
	return webkit.Page{Name: "invited", Path: "/kiosk/invited", Status: status, Data: p}
}

func (k *Kiosk) invited(r *webkit.Request) (webkit.Response, error) {
	if res := k.shut(r); res != nil {
		return res, nil
	}
	code, name := r.Field("code"), r.Field("name")
	r.Withhold(tidy(code))
	if isPass(tidy(code)) {
		return k.openPass(r, tidy(code))
	}
	res, err := k.openInvitation(r, code, name)
	var p lang.Problem
	if errors.As(err, &p) {
		if p.Field == "" {
			p.Field = "code"
		}
		return k.invitedPage(invitedPage{Code: code, Name: name, Faults: faultsOf(r, p)}, http.StatusUnprocessableEntity), nil
	}
	return res, err
}

// openInvitation leads to the form, filled in.
func (k *Kiosk) openInvitation(r *webkit.Request, code, name string) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	invite, err := k.cfg.Invitations.Open(ctx, tidy(code), name)
	if err != nil {
		return nil, err
	}
	page := rand.Text()
	k.invites.put(page, invite)
	to := "/kiosk/invited/" + page
	if l := lang.Locale(invite.Arrival.Lang); invite.Filled && slices.Contains(k.cfg.Languages, l) {
		// Who chose a language before they came goes on in it.
		return webkit.Redirect{To: to + "?lang=" + string(l)}, nil
	}
	return webkit.Redirect{To: r.Link(to)}, nil
}

// inviteForm is the form of arriving with what the invitation says.
func (k *Kiosk) inviteForm(r *webkit.Request) (webkit.Response, error) {
	if res := k.shut(r); res != nil {
		return res, nil
	}
	page := r.PathValue("page")
	invite, ok := k.invites.get(page)
	if !ok {
		return nil, lang.Problem{Key: "page.put_away"}
	}
	kind, ok := k.typeOf(invite.Arrival.Type)
	if !ok {
		return nil, lang.Problem{Key: lang.TypeAttended}
	}
	return k.arrivalForm(r, arrivePage{Form: rand.Text(), Type: kind, Arrival: invite.Arrival, Invite: page, Pass: invite.Pass}, http.StatusOK), nil
}

// scanned is what follows when a pass or an invitation is held to the reader on the start
// page: its bearer comes, or goes. Nil: it is no invitation, or its bearer is
// inside.
func (k *Kiosk) scanned(r *webkit.Request, code string) (webkit.Response, error) {
	if isPass(code) {
		if res := k.shut(r); res != nil {
			return res, nil
		}
		return k.openPass(r, code)
	}
	if k.cfg.Invitations == nil || r.Field("scan") == "" || !k.cfg.Invitations.Is(code) {
		return nil, nil
	}
	if res := k.shut(r); res != nil {
		return nil, nil // out, whoever it is
	}
	res, err := k.openInvitation(r, code, "")
	var p lang.Problem
	switch {
	case err == nil:
		return res, nil
	case !errors.As(err, &p):
		return nil, err
	case p.Key == lang.InvitationsUsed:
		return nil, nil
	}
	return k.invitedPage(invitedPage{Faults: faultsOf(r, lang.Problem{Key: p.Key, Args: p.Args, Field: "code"})}, http.StatusUnprocessableEntity), nil
}
