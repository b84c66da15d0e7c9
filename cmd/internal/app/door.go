package app

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/pin"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/visits"
)

// door shows the rules of visits to the kiosk.
type door struct {
	visits *visits.Service
	papers *documents.Book
}

func (d door) CheckIn(ctx context.Context, a kiosk.Arrival) (kiosk.Receipt, error) {
	all, err := d.CheckInGroup(ctx, a, nil)
	if err != nil {
		return kiosk.Receipt{}, err
	}
	return all[0], nil
}

// CheckInGroup implements kiosk.Visits.
func (d door) CheckInGroup(ctx context.Context, a kiosk.Arrival, with []string) (out []kiosk.Receipt, err error) {
	signed, err := d.signed(a)
	if err != nil {
		return nil, inWords(err)
	}
	var names []record.Private
	for _, n := range with {
		names = append(names, record.Private(n))
	}
	all, err := d.visits.CheckInGroup(ctx, visits.Arrival{
		Name: record.Private(a.Name), Company: record.Private(a.Company), Host: record.Private(a.Host),
		Assist: record.Private(a.Assist), Email: record.Private(a.Email), Phone: record.Private(a.Phone),
		Purpose: record.Private(a.Purpose), Type: a.Type, Lang: a.Lang, How: "kiosk", Signed: signed,
		Invitation: invitationOf(a.Invitation), HostMail: record.Private(a.HostMail),
		Under16: a.Under16, Guardian: a.Guardian, Photo: a.Photo,
	}, names)
	if err != nil {
		return nil, inWords(err)
	}
	for _, got := range all {
		out = append(out, kiosk.Receipt{Visit: got.Visit.String(), Badge: got.Badge.String(), QR: got.QR, At: got.At, Wait: got.Wait, Waits: got.Waits, Photo: got.Photo, NoPhoto: got.NoPhoto})
	}
	return out, nil
}

// invitationOf is the invitation that somebody came by; zero for none.
func invitationOf(id string) record.VisitID {
	v, _ := record.ParseVisitID(id)
	return v
}

// invited opens invitations for the kiosk.
type invited struct{ *invitations.Service }

// Is implements kiosk.Invitations.
func (invited) Is(code string) bool {
	q, err := record.ParseQR(code)
	return err == nil && q.Kind == record.InvitationQR
}

// Open implements kiosk.Invitations.
func (g invited) Open(_ context.Context, code, name string) (kiosk.Invite, error) {
	got, err := g.Service.Open(code, name)
	if err != nil {
		return kiosk.Invite{}, inWords(err)
	}
	i := got.Invite
	out := kiosk.Invite{ID: got.ID.String(), HostMail: i.HostMail.Reveal(), Filled: got.Before != nil, Arrival: kiosk.Arrival{
		Name: i.Name.Reveal(), Company: i.Company.Reveal(), Host: i.Host.Reveal(), Phone: i.Phone.Reveal(), Email: i.Email.Reveal(),
		Purpose: i.Purpose.Reveal(), Type: cmp.Or(got.Type, kinds.Default), Lang: i.Lang,
	}}
	if got.Before != nil {
		out.Signed = signaturesOf(got.Before.Signed)
	}
	return out, nil
}

// signed are the signatures under what was read, and those that were made before;
// of what was read none where nothing was typed or drawn, which visits will not let
// pass.
func (d door) signed(a kiosk.Arrival) (out []record.Signature, err error) {
	for _, s := range a.Before {
		out = append(out, record.Signature{
			Document: s.Document, Lang: s.Lang, Hash: s.Hash, Version: s.Version, At: s.At.UnixMilli(), How: s.How,
			Name: record.Private(s.Name), Drawing: record.Private(s.Drawing),
		})
	}
	how := "typed"
	switch {
	case a.Signature == "" && a.Drawing == "":
		return out, nil
	case a.Drawing != "":
		how = "drawn"
	}
	for _, id := range slices.Sorted(maps.Keys(a.Signed)) {
		s, err := d.papers.Signature(id, a.Lang, a.Signed[id], how, record.Private(a.Signature), record.Private(a.Drawing))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (d door) CheckOut(ctx context.Context, code string) (kiosk.Departure, error) {
	got, err := d.visits.CheckOut(ctx, code, "kiosk")
	if err != nil {
		return kiosk.Departure{}, inWords(err)
	}
	return kiosk.Departure{Badge: got.Badge.String(), At: got.At, Known: got.Known, Already: got.Already, Name: got.Name.Reveal()}, nil
}

// inWords makes what a person can mend into a problem that the screens say in
// the reader's language.
func inWords(err error) error {
	var p *visits.Problem
	var q *alarm.Problem
	var l *pin.Problem
	var s *sheet.Problem
	var out lang.Problem
	limit := 0
	switch {
	case errors.As(err, &p):
		out, limit = lang.Problem{Key: p.Key, Field: p.Field}, p.Limit
	case errors.As(err, &q):
		out, limit = lang.Problem{Key: q.Key}, q.Limit
	case errors.As(err, &l):
		out = lang.Problem{Key: l.Key, Args: map[string]any{"Seconds": l.Seconds()}}
	case invitations.IsProblem(err) != nil:
		g := invitations.IsProblem(err)
		return lang.Problem{Key: g.Key, Field: g.Field, Args: map[string]any{
			"Where": g.Where, "Clock": g.At.Local().Format("15:04"), "Day": g.At.Local().Format(time.DateOnly),
		}}
	case errors.As(err, &s):
		out, limit = lang.Problem{Key: s.Key, Field: s.Field}, s.Limit
	default:
		return err
	}
	if limit > 0 {
		out.Args = map[string]any{"Limit": limit}
	}
	return out
}
