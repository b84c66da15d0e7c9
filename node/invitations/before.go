package invitations

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

// Who is invited fills in and signs before they come, by the link in the mail. The
// link carries the secret of the invitation's QR, under which what they write is
// sealed as a part of its own: so any node takes it in, also an entrance that opens
// nothing by itself, and any door opens it for whoever shows the invitation. Of two
// that were written apart the later stands.

// maxFills bounds how often one node takes in what is filled in of one invitation
// within fillsFor.
const (
	maxFills = 20
	fillsFor = time.Hour
	// maxEnds bounds how often one node ends, within endsFor, what was filled in of one
	// invitation that is off: what a hostile member has sealed may stand all the same.
	maxEnds = 5
	endsFor = 24 * time.Hour
)

// Form is what who is invited can fill in before they come.
type Form struct {
	ID   record.VisitID
	Type string
	// Invite is what the invitation says, without what is the desk's alone, with
	// what was filled in; Before what was filled in last, nil for nothing.
	Invite record.Invite
	Before *record.Before
}

// secretSize is the length of a secret in a link.
var secretSize = base64.RawURLEncoding.EncodedLen(16)

// parts of the token in a link: what a desk signed, and the secret of the paper,
// zero where the link is of a release that had none.
func parts(token string) (signed string, secret [16]byte) {
	signed, text, _ := strings.Cut(token, ".")
	if b, err := base64.RawURLEncoding.Strict().DecodeString(text); err == nil && len(b) == len(secret) && len(text) == secretSize {
		secret = [16]byte(b)
	}
	return signed, secret
}

// form is what can be filled in of an invitation now; nil where nothing can: its
// bearer has come, or does not come, or nothing of it can be opened here now.
func (s *Service) form(i record.Invitation, secret [16]byte) *Form {
	if secret == ([16]byte{}) || s.state(i) != Expected || s.declined(i) || s.cfg.Withheld() != nil {
		return nil
	}
	invite, ok := s.bearer(i.ID, secret)
	if !ok {
		return nil
	}
	before := s.before(i.ID, secret)
	return &Form{ID: i.ID, Type: i.Type, Invite: invite.With(before), Before: before}
}

// declined reports whether who is invited does not come at all.
func (s *Service) declined(i record.Invitation) bool {
	on := s.next(i)
	for _, a := range i.Answers {
		if a.On == on.From && a.At == 0 {
			return true
		}
	}
	return false
}

// before is what was filled in, nil where nothing was, or where it cannot be opened
// here.
func (s *Service) before(id record.VisitID, secret [16]byte) *record.Before {
	part, err := s.cfg.Replica.Sealed(record.PartKey{Visit: id, Audience: record.BeforeAudience})
	if err != nil {
		return nil
	}
	plain, err := s.cfg.Vault.OpenBefore(id, part, secret)
	if err != nil {
		return nil
	}
	defer clear(plain)
	b, err := codec.DecodeBefore(plain)
	if err != nil {
		return nil
	}
	return &b
}

// version is that of what is sealed now: the second, so that of two that were
// sealed apart the later stands, and above what is known here.
func (s *Service) version(id record.VisitID) uint32 {
	v := uint32(s.cfg.Now().Unix())
	if part, err := s.cfg.Replica.Sealed(record.PartKey{Visit: id, Audience: record.BeforeAudience}); err == nil && part.Version >= v {
		v = record.NextVersion(part.Version)
	}
	return v
}

// Fill keeps, durably and sealed, what who holds a link has filled in, instead of
// what they filled in before. What is to be filled in and signed is the caller's to
// judge. Errors: record.ErrLink, *Problem, the Barred one.
func (s *Service) Fill(ctx context.Context, token string, b record.Before) error {
	if err := s.cfg.Barred(); err != nil {
		return err
	}
	i, err := s.linked(token)
	if err != nil {
		return err
	}
	_, secret := parts(token)
	f := s.form(i, secret)
	switch {
	case f == nil:
		return problem("invitations.not_now", "", "nothing can be filled in by this link now: open it again, or fill it in when you come")
	case !s.fills.allow(i.ID, s.cfg.Now()):
		return problem("invitations.fills", "", "that has been filled in many times already: wait an hour, or fill it in when you come")
	}
	if a, err := mail.ParseAddress(b.Email.Reveal()); b.Email != "" && (err != nil || a.Address != b.Email.Reveal()) {
		return problem("invitations.email", "email", "that is no e-mail address: write it like anna@example.org")
	}
	b.At = s.cfg.Now().UnixMilli()
	version := s.version(i.ID)
	sealed, err := s.cfg.Vault.SealBefore(i.ID, version, s.keep(i.Last), codec.EncodeBefore(b), secret)
	if err != nil {
		return fmt.Errorf("fill in before coming: %w", err)
	}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Sealed: sealed}); err != nil {
		return fmt.Errorf("fill in before coming: %w", err)
	}
	if now := s.before(i.ID, secret); now == nil || now.At != b.At {
		return problem("invitations.not_now", "", "this was ended or changed elsewhere meanwhile, and what you wrote does not stand: open the link again, or fill it in when you come")
	}
	return nil
}

// shred is a draft that ends what was filled in of an invitation, for everybody;
// none where nothing is known of any.
func (s *Service) shred(i record.Invitation) (drafts []crdt.Draft) {
	if _, err := s.cfg.Replica.Sealed(record.PartKey{Visit: i.ID, Audience: record.BeforeAudience}); err != nil {
		return nil
	}
	// A key record that opens nothing, so that the one before it is destroyed.
	box := make([]byte, 48)
	_, _ = rand.Read(box) // never fails
	return []crdt.Draft{{Sealed: []record.SealedEntry{{
		Kind: record.KeyPut, Visit: i.ID, Audience: record.BeforeAudience, Version: s.version(i.ID), Until: s.keep(i.Last), Box: box,
	}}}}
}

// tidyFilled ends what was filled in of invitations that are off, or that their
// bearer does not come to, where that was heard of later than the end.
func (s *Service) tidyFilled(ctx context.Context) {
	if s.cfg.Barred() != nil || !s.cfg.Desk() {
		return
	}
	for _, i := range s.cfg.Replica.Invitations() {
		if i.Off.IsZero() && !i.Denied() && (len(i.Times) > 0 || !s.declined(i)) {
			continue
		}
		if drafts := s.shred(i); len(drafts) > 0 && s.ends.allow(i.ID, s.cfg.Now()) {
			if _, err := s.cfg.Replica.Commit(ctx, drafts...); err != nil {
				s.cfg.Logger.Warn("what was filled in before a visit that is off could not be ended, and is tried again", "invitation", i.ID.Short(), "err", err)
				return
			}
		}
	}
}
