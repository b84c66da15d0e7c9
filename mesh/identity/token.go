package identity

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"
)

// TokenID names a join token. It is no secret.
type TokenID [8]byte

// NewTokenID makes a random id.
func NewTokenID() TokenID {
	var id TokenID
	rand.Read(id[:])
	return id
}

// String is the id as 16 lower-case hex digits.
func (id TokenID) String() string { return hex.EncodeToString(id[:]) }

// TokenIssued says that its signer handed out a token. The secret is in the
// token alone.
type TokenIssued struct {
	Token TokenID `cbor:"1,keyasint"`
	// Issuer is the signer, or the node for which the root signed.
	Issuer NodeID `cbor:"2,keyasint"`
	Role   Role   `cbor:"3,keyasint"`
	// Expires is Unix milliseconds by the issuer's clock.
	Expires int64 `cbor:"4,keyasint"`
	// Uses is how many nodes it may bring in.
	Uses uint64 `cbor:"5,keyasint"`
}

// TokenSpent says that a node joined with a token.
type TokenSpent struct {
	Token TokenID `cbor:"1,keyasint"`
	Node  NodeID  `cbor:"2,keyasint"`
	// At is the issuer's clock, Unix milliseconds.
	At int64 `cbor:"3,keyasint"`
}

// TokenVoided says that a token will not be redeemed any more.
type TokenVoided struct {
	Token TokenID `cbor:"1,keyasint"`
	// At is the signer's clock, Unix milliseconds.
	At int64 `cbor:"2,keyasint"`
}

func (t *TokenIssued) check() error {
	if t.Issuer.IsZero() || t.Uses == 0 || !t.Role.Valid() {
		return errors.New("malformed token record")
	}
	return nil
}

func (t *TokenSpent) check() error {
	if t.Node.IsZero() {
		return errors.New("token spent by nobody")
	}
	return nil
}

func (t *TokenVoided) check() error { return nil }

// SignTokenIssued makes the record of a token handed out.
func SignTokenIssued(s Signer, campus CampusID, t TokenIssued) ([]byte, error) {
	return sign(s, campus, KindTokenIssued, &t)
}

// SignTokenSpent makes the record of a token redeemed.
func SignTokenSpent(s Signer, campus CampusID, t TokenSpent) ([]byte, error) {
	return sign(s, campus, KindTokenSpent, &t)
}

// SignTokenVoided makes the record of a token withdrawn.
func SignTokenVoided(s Signer, campus CampusID, t TokenVoided) ([]byte, error) {
	return sign(s, campus, KindTokenVoided, &t)
}

// TokenState is what the roster knows of one token.
type TokenState struct {
	ID      TokenID
	Issuer  NodeID
	Role    Role
	Expires time.Time
	Uses    int
	// Spent lists the redemptions, oldest first.
	Spent []TokenSpent
	// Voided is the time of withdrawal, zero if none.
	Voided time.Time
}

// Open reports whether the token can still be redeemed at now.
func (t TokenState) Open(now time.Time) bool {
	return t.Voided.IsZero() && len(t.Spent) < t.Uses && now.Before(t.Expires)
}

// afterlife is how long an unknown node that holds a dead token is still let
// to the door, to be told why it is not let in.
const afterlife = 24 * time.Hour

func (t TokenState) audible(now time.Time) bool {
	end := t.Expires
	switch {
	case !t.Voided.IsZero():
		end = t.Voided
	case len(t.Spent) >= t.Uses:
		end = time.UnixMilli(t.Spent[len(t.Spent)-1].At)
	}
	return now.Before(end.Add(afterlife))
}
