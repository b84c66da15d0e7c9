package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/photos"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// Photos keeps photographs of visitors.
func (n *Node) Photos() *photos.Service { return n.photos }

func (n *Node) openPhotos() {
	n.photos = photos.New(photos.Config{
		Replica: n.replica, Vault: n.vault, From: n.KeptFrom, Name: n.diesOn, Today: n.expiry.SureToday,
		Keep: func(kind string) record.Day { return n.Keep(kind).Photo },
		Desk: func() bool { return n.Self().Role == identity.RoleDesk && n.Barred() == nil },
		Kept: func() func(record.VisitID) bool {
			kept := n.rights.Kept()
			return func(v record.VisitID) bool {
				p, err := n.replica.Presence(v)
				return err == nil && kept(p)
			}
		},
		May: n.visits.MayOpen, Withheld: n.withheld, Now: n.cfg.Now, Logger: n.log,
		Erase: func(ctx context.Context, ids ...record.VisitID) error {
			_, err := n.privacy.Erase(ctx, ids...)
			return err
		},
	})
}

// AsksPhotos reports whether any type of visitor that is offered asks for one.
func (n *Node) AsksPhotos() bool {
	return slices.ContainsFunc(n.kinds.Offered(), func(k kinds.Kind) bool { return k.Ask[kinds.Photo] == kinds.May })
}

// everAsked reports whether any type has ever asked for photographs, by what the
// settings still tell.
func (n *Node) everAsked() bool {
	return slices.ContainsFunc(n.replica.Settings("type/"), func(s crdt.Setting) bool { return strings.HasSuffix(s.Key, "/ask/"+kinds.Photo) })
}

// withPhotos adds to visits that are to be erased their photographs, known here or
// not: they come last, and are to find their erasure there. In a campus that has
// never asked for any there are none.
func (n *Node) withPhotos(visits []record.VisitID) []record.VisitID {
	asked := n.everAsked()
	out := slices.Clone(visits)
	for _, v := range visits {
		if !v.IsPhoto() && !v.IsKept() && (asked || n.photos.State(v) == photos.There) {
			out = append(out, record.PhotoID(v))
		}
	}
	return out
}

// photoSince is when the visit of a photograph began.
func (n *Node) photoSince(id record.VisitID) time.Time {
	all, err := n.replica.ByBadge(id.PhotoBadge())
	if err != nil {
		return time.Time{}
	}
	for _, p := range all {
		if record.PhotoID(p.Visit) == id && p.Since != 0 {
			return p.Since.Time()
		}
	}
	return time.Time{}
}

// TakePhoto keeps a picture of somebody who is on record and has agreed to it, in
// the place of one that is kept: the consent first, in the dossier. how says where
// it was taken, by by whom. Errors: *photos.Problem, *privacy.Problem.
func (n *Node) TakePhoto(ctx context.Context, v record.VisitID, raw []byte, lang, how, by string) error {
	p, err := n.replica.Presence(v)
	if err != nil {
		return fmt.Errorf("take a photo: %w", err)
	}
	switch {
	case n.Self().Role != identity.RoleDesk:
		return photos.ErrNotDesk
	case !n.visits.TakesPhotos(p.Type):
		return photos.ErrNotAsked
	case n.photos.State(v) == photos.Removed:
		return photos.ErrRemoved
	}
	if err := n.visits.MayOpen(v); err != nil {
		return err
	}
	picture, err := photos.Prepare(raw)
	if err != nil {
		return err
	}
	at, words := n.cfg.Now().UTC().Truncate(time.Millisecond), n.Words(consent.Photo, lang)
	act := record.Act{Kind: record.ActAudit, What: "photo.take", By: cmp.Or(by, privacy.Operator), Visits: []record.VisitID{v}}
	if err := (register{n.replica}).Act(ctx, []record.Act{act}); err != nil {
		return fmt.Errorf("take a photo: %w", err)
	}
	given := record.Consent{Purpose: string(consent.Photo), Version: words.Version, Hash: words.Hash(), Lang: words.Lang, At: at, How: how}
	if err := n.resealer.Agree(ctx, v, given); err != nil {
		return err
	}
	return n.photos.Keep(ctx, record.Photo{Visit: v, Picture: picture, Taken: at, How: how, Type: p.Type})
}

// removePhoto takes back the consent to a photograph, which is destroyed on every
// node, also where it has not come here yet; what is kept of it goes first.
func (n *Node) removePhoto(ctx context.Context, v record.VisitID, how, by string) error {
	if n.Self().Role != identity.RoleDesk {
		return privacy.ErrNotDesk
	}
	err := n.photos.Remove(ctx, v)
	if errors.Is(err, photos.ErrNone) && n.photos.State(v) == photos.None && n.agreedToPhoto(v) {
		_, err = n.privacy.Erase(ctx, record.PhotoID(v)) // it comes last
	}
	gone := err == nil
	if err != nil && !errors.Is(err, photos.ErrNone) {
		return fmt.Errorf("remove a photo: %w", err)
	}
	err = n.resealer.Withdraw(ctx, v, consent.Photo, how, by)
	if gone && (errors.Is(err, privacy.ErrNoConsent) || errors.Is(err, privacy.ErrNotOpened)) {
		return nil // the register of consents has passed its date
	}
	return err
}

// agreedToPhoto reports whether a consent to a photograph of a visit stands.
func (n *Node) agreedToPhoto(v record.VisitID) bool {
	_, d, err := n.visits.ForSubject(v)
	return err == nil && slices.ContainsFunc(d.Consents, func(c record.Consent) bool {
		return c.Purpose == string(consent.Photo) && c.Withdrawn.IsZero()
	})
}

// photoForSubject is what is kept of a photograph, for the person themself.
func (n *Node) photoForSubject(v record.VisitID) (record.Photo, bool, error) {
	p, err := n.photos.ForSubject(v)
	switch {
	case errors.Is(err, photos.ErrNone):
		return p, false, nil
	case errors.Is(err, photos.ErrNotDesk):
		return p, false, rights.ErrNotDesk
	case errors.Is(err, visits.ErrNotYet):
		return p, false, rights.ErrNotYet
	}
	return p, err == nil, err
}
