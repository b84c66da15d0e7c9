package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/upprop/upprop/crdt/record"
)

// BearerSecret is the secret in the QR code of a badge: whoever shows it may
// be greeted by name. It prints as [withheld].
type BearerSecret [16]byte

// NewBearerSecret draws a secret for one visit.
func NewBearerSecret() (s BearerSecret) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}

// SealBearer seals what the bearer of the visit's badge may be shown. The
// part's key is random; the wrap holds it under the secret, so destroying the
// wrap ends what the secret opens. Errors: ErrTooLong; ErrFormat for version 0
// or a secret of zeros.
func SealBearer(visit record.VisitID, version uint32, plain []byte, s BearerSecret) (Part, Wrap, error) {
	return sealUnder(record.BearerAudience, visit, version, plain, s)
}

// SealBefore seals under the secret of an invitation what its bearer filled in
// before they came. It is SealBearer for a part of its own, which neither opens nor
// ends what is sealed for the bearer.
func SealBefore(visit record.VisitID, version uint32, plain []byte, s BearerSecret) (Part, Wrap, error) {
	return sealUnder(record.BeforeAudience, visit, version, plain, s)
}

func sealUnder(a record.Audience, visit record.VisitID, version uint32, plain []byte, s BearerSecret) (Part, Wrap, error) {
	if version == 0 || s == (BearerSecret{}) {
		return Part{}, Wrap{}, fmt.Errorf("seal for the bearer: no version or no secret: %w", ErrFormat)
	}
	st := stamp{visit, a, version}
	key, box, err := sealPart(st, plain)
	if err != nil {
		return Part{}, Wrap{}, fmt.Errorf("seal for the bearer: %w", err)
	}
	defer clear(key)
	sec, err := bearerKey(st, s, box)
	if err != nil {
		return Part{}, Wrap{}, fmt.Errorf("seal for the bearer: %w", err)
	}
	defer clear(sec[:])
	wrapped, err := sec.wrap(st, ContextID{}, KeyID{}, key)
	if err != nil {
		return Part{}, Wrap{}, fmt.Errorf("seal for the bearer: %w", err)
	}
	return Part{Audience: st.audience, Version: version, Box: box}, Wrap{Audience: st.audience, Version: version, Box: wrapped}, nil
}

// OpenBearer returns what SealBearer sealed. The slice is the caller's, who
// should clear it when done. Errors: ErrAltered, for a wrong secret too.
func OpenBearer(visit record.VisitID, p Part, w Wrap, s BearerSecret) ([]byte, error) {
	plain, err := openUnder(record.BearerAudience, visit, p, w, s)
	if err != nil {
		return nil, fmt.Errorf("open what the bearer may see: %w", err)
	}
	return plain, nil
}

// OpenBefore returns what SealBefore sealed, as OpenBearer does.
func OpenBefore(visit record.VisitID, p Part, w Wrap, s BearerSecret) ([]byte, error) {
	plain, err := openUnder(record.BeforeAudience, visit, p, w, s)
	if err != nil {
		return nil, fmt.Errorf("open what was filled in before: %w", err)
	}
	return plain, nil
}

func openUnder(a record.Audience, visit record.VisitID, p Part, w Wrap, s BearerSecret) ([]byte, error) {
	if p.Audience != a || w.Audience != p.Audience || p.Version != w.Version ||
		w.KeyID != (KeyID{}) || w.Context != (ContextID{}) || !goodBox(p.Box) || s == (BearerSecret{}) {
		return nil, ErrAltered
	}
	st := stamp{visit, p.Audience, p.Version}
	sec, err := bearerKey(st, s, p.Box)
	if err != nil {
		return nil, err
	}
	defer clear(sec[:])
	key, err := sec.unwrap(st, w)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return openPart(st, key, p.Box)
}

// bearerKey derives the key of a wrap. The part's box, whose nonce is random,
// goes into it: so one secret never wraps two part keys under one key, though
// the nonce of a wrap is derived and a version may be sealed again.
func bearerKey(st stamp, s BearerSecret, box []byte) (secret, error) {
	sum := sha256.Sum256(box)
	raw, err := hkdf.Key(sha256.New, s[:], nil, string(st.bind("upprop/bearer/1", sum[:])), keySize)
	if err != nil {
		return secret{}, err
	}
	defer clear(raw)
	return secret(raw), nil
}
