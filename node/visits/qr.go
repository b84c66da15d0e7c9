package visits

import (
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

// Verdict is what the roster says of a QR's signature.
type Verdict int

const (
	// UnknownIssuer: nobody here has heard of the node that it names yet.
	UnknownIssuer Verdict = iota
	// Valid: the node that it names has signed it.
	Valid
	// Forged: that node is known, and has not.
	Forged
)

var errForged = errors.New("forged QR code")

// badge makes the QR of a visit's badge, and what keeps the name for its
// bearer.
func (s *Service) badge(visit record.VisitID, last record.Day, name record.Private) (qr string, sealed []record.SealedEntry, err error) {
	if s.cfg.SignQR == nil {
		return visit.QR(), nil, nil
	}
	sealed, secret, err := s.cfg.Vault.SealBearer(visit, 1, last, codec.EncodeCard(record.Card{Name: name}))
	if err != nil {
		return "", nil, fmt.Errorf("seal for the bearer: %w", err)
	}
	qr, err = s.cfg.SignQR(record.QR{Kind: record.BadgeQR, Visit: visit, Secret: secret, Last: last})
	if err != nil {
		return "", nil, fmt.Errorf("sign the badge: %w", err)
	}
	return qr, sealed, nil
}

func (s *Service) judge(q record.QR) Verdict {
	if s.cfg.Verify == nil {
		return UnknownIssuer
	}
	return s.cfg.Verify(q)
}

// bearer is the name of whoever shows a QR (nil: none was shown), empty where
// it cannot be had. The only error is that of a forged one.
func (s *Service) bearer(q *record.QR) (record.Private, error) {
	if q == nil {
		return "", nil
	}
	verdict := s.judge(*q)
	if verdict == Forged {
		return "", cause(errForged)
	}
	if verdict != Valid || s.withheld() != nil || q.Expired(s.cfg.Date()) {
		return "", nil
	}
	part, err := s.cfg.Replica.Sealed(record.PartKey{Visit: q.Visit, Audience: record.BearerAudience})
	if err != nil {
		return "", nil // not heard of, or erased: a shred beats the paper
	}
	if part.Until != 0 && s.cfg.Date() >= part.Until {
		return "", nil // it is over, though its key may wait to die
	}
	plain, err := s.cfg.Vault.OpenBearer(q.Visit, part, q.Secret)
	if err != nil {
		return "", nil
	}
	defer clear(plain)
	c, err := codec.DecodeCard(plain)
	if err != nil {
		return "", nil
	}
	return c.Name, nil
}

// Invited judges an invitation's QR: whether its bearer is expected today.
// Errors: *Problem.
func (s *Service) Invited(text string) (record.QR, error) {
	q, err := record.ParseQR(text)
	if err != nil {
		return record.QR{}, cause(err)
	}
	switch verdict := s.judge(q); {
	case verdict == Forged:
		return record.QR{}, cause(errForged)
	case q.Kind != record.InvitationQR:
		return record.QR{}, &Problem{Key: "invitation.none", Field: "code", Hint: "this QR code is that of a badge, not of an invitation: check in without it"}
	case verdict != Valid:
		return record.QR{}, &Problem{Key: "invitation.unknown", Field: "code", Hint: "this node has not heard of the one that sent this invitation yet: check in without it, or try again when the network is back"}
	case q.Expired(s.cfg.Date()):
		return record.QR{}, &Problem{Key: "invitation.expired", Field: "code", Hint: "this invitation is no longer valid: check in without it, or ask at the reception"}
	}
	return q, nil
}
