package seal

import (
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

const (
	grantVersion = 1
	maxGrant     = 1 << 20
	maxKeys      = 8192
)

// wireGrant is what one node grants another, and what the keyring file of
// earlier releases held.
type wireGrant struct {
	_    struct{} `cbor:",toarray"`
	V    int
	Keys []wireKey
}

type wireKey struct {
	_        struct{} `cbor:",toarray"`
	Audience record.Audience
	Date     string
	Private  []byte
}

func encodeGrant(keys []PrivateKey) ([]byte, error) {
	w := wireGrant{V: grantVersion, Keys: []wireKey{}}
	keys = slices.SortedFunc(slices.Values(keys), func(a, b PrivateKey) int { return comparePublic(a.pub, b.pub) })
	keys = slices.CompactFunc(keys, func(a, b PrivateKey) bool { return a.pub.ID == b.pub.ID })
	for _, k := range keys {
		raw, err := k.key.Bytes()
		if err != nil {
			return nil, fmt.Errorf("encode private key: %w", err)
		}
		// raw is the key's own memory: it must not be cleared.
		w.Keys = append(w.Keys, wireKey{Audience: k.pub.Audience, Date: k.pub.Date, Private: raw})
	}
	return encode(w), nil
}

func decodeGrant(raw []byte) ([]PrivateKey, error) {
	// A newer version may have another shape: read its number first.
	if v, ok := versionOf(raw); ok && v > grantVersion {
		return nil, ErrNewer
	}
	var w wireGrant
	if err := decode("keys", raw, maxGrant, &w); err != nil {
		return nil, err
	}
	if w.V != grantVersion || w.Keys == nil || len(w.Keys) > maxKeys {
		return nil, fmt.Errorf("decode keys: %w", ErrFormat)
	}
	var out []PrivateKey
	for _, k := range w.Keys {
		key, err := decodePrivate(k.Audience, k.Date, k.Private)
		clear(k.Private)
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, nil
}

func decodePrivate(a record.Audience, date string, raw []byte) (PrivateKey, error) {
	if err := checkLabel(a, date); err != nil {
		return PrivateKey{}, err
	}
	key, err := kem().NewPrivateKey(raw)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("decode private key: %w", ErrFormat)
	}
	return newPrivateKey(a, date, key), nil
}

// versionOf is the version that stands first in every file and grant, whatever
// else is in it. It copies nothing.
func versionOf(raw []byte) (uint64, bool) {
	// A short array, then an unsigned integer (RFC 8949, section 3).
	if len(raw) < 2 || raw[0] < 0x80 || raw[0] > 0x97 || raw[1] > 0x1b {
		return 0, false
	}
	if raw[1] < 24 {
		return uint64(raw[1]), true
	}
	n := 1 << (raw[1] - 24)
	if len(raw) < 2+n {
		return 0, false
	}
	var v uint64
	for _, b := range raw[2 : 2+n] {
		v = v<<8 | uint64(b)
	}
	return v, true
}
