package seal

import (
	"crypto/hpke"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	keySize  = chacha20poly1305.KeySize
	wrapSize = keySize + chacha20poly1305.Overhead
	// encSize is the length of an encapsulation: ML-KEM-768's and X25519's.
	encSize = 1088 + 32
)

// secret is what a context's wraps are sealed under. It never leaves memory.
type secret [keySize]byte

func contextID(enc []byte) ContextID {
	sum := sha256.Sum256(enc)
	return ContextID(sum[:16])
}

// info binds a context to the key, and thereby to its audience and date.
func info(id KeyID) []byte { return append([]byte("upprop/context/1"), id[:]...) }

type exporter interface {
	Export(exporterContext string, length int) ([]byte, error)
}

func export(e exporter) (secret, error) {
	raw, err := e.Export("upprop/wrap/1", keySize)
	if err != nil {
		return secret{}, err
	}
	defer clear(raw)
	return secret(raw), nil
}

// newContext encapsulates a fresh secret to pub.
func newContext(pub PublicKey) (Context, secret, error) {
	pk, err := kem().NewPublicKey(pub.Bytes)
	if err != nil {
		return Context{}, secret{}, fmt.Errorf("read public key: %w", err)
	}
	enc, sender, err := hpke.NewSender(pk, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info(pub.ID))
	if err != nil {
		return Context{}, secret{}, fmt.Errorf("make sealing context: %w", err)
	}
	s, err := export(sender)
	if err != nil {
		return Context{}, secret{}, fmt.Errorf("make sealing context: %w", err)
	}
	return Context{ID: contextID(enc), KeyID: pub.ID, Enc: enc}, s, nil
}

// open recovers the secret with the private key.
func (c Context) open(k PrivateKey) (secret, error) {
	r, err := hpke.NewRecipient(c.Enc, k.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info(c.KeyID))
	if err != nil {
		return secret{}, ErrAltered
	}
	s, err := export(r)
	if err != nil {
		return secret{}, ErrAltered
	}
	return s, nil
}

// wrapNonce is derived, not stored: a stamp occurs once under one secret (see
// Sealer), so no nonce does so twice.
func (st stamp) wrapNonce() []byte {
	sum := sha256.Sum256(st.bind("upprop/wrap-nonce/1"))
	return sum[:chacha20poly1305.NonceSizeX]
}

func (st stamp) wrapData(c ContextID, k KeyID) []byte {
	return st.bind("upprop/wrap/1", c[:], k[:])
}

func (s *secret) wrap(st stamp, c ContextID, k KeyID, partKey []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(s[:])
	if err != nil {
		return nil, err
	}
	return aead.Seal(make([]byte, 0, wrapSize), st.wrapNonce(), partKey, st.wrapData(c, k)), nil
}

func (s *secret) unwrap(st stamp, w Wrap) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(s[:])
	if err != nil {
		return nil, err
	}
	key, err := aead.Open(make([]byte, 0, keySize), st.wrapNonce(), w.Box, st.wrapData(w.Context, w.KeyID))
	if err != nil || len(key) != keySize {
		return nil, ErrAltered
	}
	return key, nil
}
