package identity

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// MaxRecord is the largest signed record, in bytes.
const MaxRecord = 4 << 10

// RecordID names a record: the SHA-256 of its bytes.
type RecordID [32]byte

// String is the first 8 hex digits, for logs.
func (id RecordID) String() string { return hex.EncodeToString(id[:4]) }

// Kind says what a record's body is.
type Kind uint64

// The kinds that this release knows. Others are kept and passed on unread.
const (
	KindCert        Kind = 1
	KindRevocation  Kind = 2
	KindTokenIssued Kind = 3
	KindTokenSpent  Kind = 4
	KindTokenVoided Kind = 5
)

// bodyVersion is the version of the known kinds' bodies; a known kind of a
// higher version is treated as an unknown kind.
const bodyVersion = 1

const recordDomain = "record"

// Errors about single records, matched with errors.Is.
var (
	// ErrRecord means that bytes are no well-formed record.
	ErrRecord = errors.New("malformed roster record")
	// ErrSignature means that a record was not signed by whom it names.
	ErrSignature = errors.New("roster record has a wrong signature")
	// ErrForbidden means that the signer may not say what the record says.
	ErrForbidden = errors.New("roster record exceeds its signer's rights")
)

// Signer signs records: a *Key that is an issuer's, or the *Root.
type Signer interface {
	// SignerID is the issuer's NodeID, zero for the root.
	SignerID() NodeID
	Sign(domain string, msg []byte) []byte
}

// Record is one decoded record. It says nothing about whether the signature
// holds: that is the Roster's judgement.
type Record struct {
	ID      RecordID
	Kind    Kind
	Version uint64
	// Signer is zero for the root.
	Signer NodeID
	// Raw is the whole record; nobody may change it.
	Raw []byte

	// At most one of these is set; none for a kind or version that this
	// release does not know.
	Cert        *Cert
	Revocation  *Revocation
	TokenIssued *TokenIssued
	TokenSpent  *TokenSpent
	TokenVoided *TokenVoided

	env envelope
}

// envelope is the frozen outer form: it can be verified and passed on whatever
// is inside.
type envelope struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Kind    Kind
	Body    []byte
	Signer  NodeID
	Sig     []byte
}

type signedPart struct {
	_       struct{} `cbor:",toarray"`
	Campus  CampusID
	Version uint64
	Kind    Kind
	Body    []byte
	Signer  NodeID
}

func (e envelope) message(campus CampusID) []byte {
	return marshal(signedPart{Campus: campus, Version: e.Version, Kind: e.Kind, Body: e.Body, Signer: e.Signer})
}

func (r Record) signedBy(pub ed25519.PublicKey, campus CampusID) bool {
	return Verify(pub, recordDomain, r.env.message(campus), r.env.Sig)
}

// body is what each known kind's struct can do.
type body interface{ check() error }

// ParseRecord decodes a record without judging its signature. It keeps a copy
// of raw. Every error is an ErrRecord.
func ParseRecord(raw []byte) (Record, error) {
	env, err := unmarshal[envelope](raw, MaxRecord)
	if err != nil {
		return Record{}, fmt.Errorf("%w: envelope: %w", ErrRecord, err)
	}
	if env.Version == 0 || env.Kind == 0 || len(env.Sig) != ed25519.SignatureSize {
		return Record{}, fmt.Errorf("%w: envelope", ErrRecord)
	}
	r := Record{
		ID: sha256.Sum256(raw), Kind: env.Kind, Version: env.Version, Signer: env.Signer,
		Raw: append([]byte(nil), raw...), env: env,
	}
	if env.Version != bodyVersion {
		return r, nil
	}
	switch env.Kind {
	case KindCert:
		r.Cert, err = parseBody[Cert](env.Body)
	case KindRevocation:
		r.Revocation, err = parseBody[Revocation](env.Body)
	case KindTokenIssued:
		r.TokenIssued, err = parseBody[TokenIssued](env.Body)
	case KindTokenSpent:
		r.TokenSpent, err = parseBody[TokenSpent](env.Body)
	case KindTokenVoided:
		r.TokenVoided, err = parseBody[TokenVoided](env.Body)
	}
	if err != nil {
		return Record{}, fmt.Errorf("%w: kind %d: %w", ErrRecord, env.Kind, err)
	}
	return r, nil
}

func parseBody[T any, P interface {
	*T
	body
}](b []byte) (*T, error) {
	v, err := unmarshal[T](b, MaxRecord)
	if err != nil {
		return nil, err
	}
	if err := P(&v).check(); err != nil {
		return nil, err
	}
	return &v, nil
}

func sign(s Signer, campus CampusID, k Kind, b body) ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("sign roster record: %w", err)
	}
	env := envelope{Version: bodyVersion, Kind: k, Body: marshal(b), Signer: s.SignerID()}
	env.Sig = s.Sign(recordDomain, env.message(campus))
	raw := marshal(env)
	if len(raw) > MaxRecord {
		return nil, fmt.Errorf("sign roster record: %w: %d bytes, more than %d", ErrRecord, len(raw), MaxRecord)
	}
	return raw, nil
}
