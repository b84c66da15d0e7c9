package invitations

import (
	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

// anew is all of an invitation as it would be written today: the same paper and
// the same code open it. The drafts are to be committed together, and stored
// called when they are durable.
func (s *Service) anew(i record.Invitation) (drafts []crdt.Draft, stored func(), err error) {
	invite, err := s.open(i.ID)
	if err != nil {
		return nil, nil, err
	}
	version := uint32(0)
	for _, a := range []record.Audience{record.DossierAudience, record.BearerAudience} {
		if part, err := s.cfg.Replica.Sealed(record.PartKey{Visit: i.ID, Audience: a}); err == nil {
			version = max(version, part.Version)
		}
	}
	version = record.NextVersion(version)
	until := s.keep(i.Last)
	sealed, err := s.cfg.Vault.SealBearerAnew(i.ID, version, until, codec.EncodeInvite(forBearer(invite)), invite.Secret)
	if err != nil {
		return nil, nil, err
	}
	forDesks, stored, err := s.cfg.Vault.Seal(i.ID, version, until, map[record.Audience][]byte{record.DossierAudience: codec.EncodeInvite(invite)})
	if err != nil {
		return nil, nil, err
	}
	event := record.Event{
		Kind: record.Invited, Visit: i.ID, Place: i.Place, Type: i.Type, From: i.From, To: i.To, Ends: i.Last, Box: i.Box,
		Other: i.Instead, How: "carried", Needs: i.Needs, By: i.By,
	}
	drafts = []crdt.Draft{{Event: &event}, {Sealed: append(forDesks, sealed...)}}
	if b := s.before(i.ID, invite.Secret); b != nil {
		// One above what is known: what is filled in later, or was and has not been heard
		// of here, stands before it.
		part, err := s.cfg.Replica.Sealed(record.PartKey{Visit: i.ID, Audience: record.BeforeAudience})
		if err != nil {
			return nil, nil, err
		}
		again, err := s.cfg.Vault.SealBefore(i.ID, record.NextVersion(part.Version), until, codec.EncodeBefore(*b), invite.Secret)
		if err != nil {
			return nil, nil, err
		}
		drafts = append(drafts, crdt.Draft{Sealed: again})
	}
	for kind, words := range map[record.Kind][]record.Word{record.Approved: i.Approved, record.Refused: i.Refused} {
		for _, w := range words {
			drafts = append(drafts, crdt.Draft{Event: &record.Event{Kind: kind, Visit: i.ID, Place: w.Place, How: "carried", By: w.By, Reason: w.Reason}})
		}
	}
	for _, o := range i.Times {
		event.Times = append(event.Times, o.Span)
		if !o.Off.IsZero() {
			drafts = append(drafts, crdt.Draft{Event: &record.Event{Kind: record.Skipped, Visit: i.ID, Place: o.Off.Place, From: o.From, To: o.From, How: "carried"}})
		}
	}
	return drafts, stored, nil
}
