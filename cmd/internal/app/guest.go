package app

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/guest"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/visits"
)

// guests is the page behind the link in an invitation.
func (a *App) guests(at place) (http.Handler, error) {
	offered, extra := a.languages()
	return guest.New(guest.Config{
		Languages: offered, Extra: extra, Look: a.node.Look().Now,
		Invitations: expected{a.node.Invitations(), a}, InWords: inWords, NodeName: at.name, Site: at.site, CampusName: at.campus,
		Contact: at.phone, RetentionDays: func(kind string) int { return int(a.node.Keep(kind).Card) },
		Clock: a.now, Logger: a.log,
	})
}

// expected lets who is invited say when they come, and fill in what their type is
// asked, by the rules of a door.
type expected struct {
	*invitations.Service
	app *App
}

// Form implements guest.Invitations.
func (e expected) Form(f invitations.Form) guest.Form {
	i := f.Invite
	out := guest.Form{NeedsHost: i.Host == "", Arrival: kiosk.Arrival{
		Name: i.Name.Reveal(), Company: i.Company.Reveal(), Host: i.Host.Reveal(), Phone: i.Phone.Reveal(), Email: i.Email.Reveal(),
		Purpose: i.Purpose.Reveal(), Type: f.Type, Lang: i.Lang,
	}}
	if k, ok := e.app.node.Kinds().Get(f.Type); ok && !k.Off {
		out.Type = e.app.kioskType(k)
	} else if k, ok := e.app.node.Kinds().Get(kinds.Default); ok {
		out.Type, out.Arrival.Type = e.app.kioskType(k), kinds.Default
	}
	if f.Before != nil {
		out.Filled, out.NeedsHost = time.UnixMilli(f.Before.At), out.NeedsHost || f.Before.Host != ""
		out.Signed = signaturesOf(f.Before.Signed)
	}
	return out
}

// Fill implements guest.Invitations.
func (e expected) Fill(ctx context.Context, token string, a kiosk.Arrival) error {
	signed, err := door{papers: e.app.node.Documents()}.signed(a)
	if err != nil {
		return err
	}
	of := visits.Arrival{
		Name: record.Private(a.Name), Company: record.Private(a.Company), Host: record.Private(a.Host), Email: record.Private(a.Email),
		Phone: record.Private(a.Phone), Purpose: record.Private(a.Purpose), Type: a.Type, Lang: a.Lang, How: "link", Signed: signed,
	}
	if err := e.app.node.Visits().Prepare(&of); err != nil {
		return err
	}
	if k, ok := e.app.node.Kinds().Get(a.Type); ok {
		// What is not asked for stays as the invitation says it.
		t := e.app.kioskType(k)
		for name, f := range map[string]struct {
			to  *record.Private
			was string
		}{"company": {&of.Company, a.Company}, "email": {&of.Email, a.Email}, "phone": {&of.Phone, a.Phone}, "purpose": {&of.Purpose, a.Purpose}} {
			if !t.Asks(name) {
				*f.to = record.Private(f.was)
			}
		}
	}
	slices.SortFunc(of.Signed, func(a, b record.Signature) int { return int(a.At - b.At) })
	return e.Service.Fill(ctx, token, record.Before{
		Company: of.Company, Host: of.Host, Email: of.Email, Phone: of.Phone, Purpose: of.Purpose, Lang: of.Lang, Signed: of.Signed,
	})
}

func signaturesOf(all []record.Signature) (out []kiosk.Signature) {
	for _, s := range all {
		out = append(out, kiosk.Signature{
			Document: s.Document, Lang: s.Lang, Hash: s.Hash, Version: s.Version, How: s.How,
			Name: s.Name.Reveal(), Drawing: s.Drawing.Reveal(), At: time.UnixMilli(s.At),
		})
	}
	return out
}
