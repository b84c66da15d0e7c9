package seal

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// maxBuckets bounds the bucket keys of all dates and generations.
const maxBuckets = 8192

// wireVault has its lists in order, without repetitions.
type wireVault struct {
	_       struct{} `cbor:",toarray"`
	Gen     uint32
	Buckets []wireBucket
	Keys    []wireHeld
	PIN     []wirePIN // one or none
}

type wireBucket struct {
	_    struct{} `cbor:",toarray"`
	Date record.Day
	Gen  uint32
	Key  []byte
}

// wireHeld: Secret is the private key, and Public is empty; or, where there is
// a PIN, Secret is the box and Public the public key.
type wireHeld struct {
	_        struct{} `cbor:",toarray"`
	Audience record.Audience
	Date     string
	Public   []byte
	Secret   []byte
}

type wirePIN struct {
	_      struct{} `cbor:",toarray"`
	KDF    wireKDF
	Public []byte
	Box    []byte
}

func encodeState(s *state) ([]byte, error) {
	w := wireVault{Gen: s.gen, Buckets: []wireBucket{}, Keys: []wireHeld{}, PIN: []wirePIN{}}
	for _, d := range slices.Sorted(maps.Keys(s.buckets)) {
		for _, k := range s.buckets[d] {
			w.Buckets = append(w.Buckets, wireBucket{Date: d, Gen: k.gen, Key: k.raw[:]})
		}
	}
	for _, h := range s.sorted() {
		x := wireHeld{Audience: h.pub.Audience, Date: h.pub.Date, Public: []byte{}}
		if s.pin != nil {
			x.Public, x.Secret = h.pub.Bytes, h.box
		} else {
			raw, err := h.open.key.Bytes() // the key's own memory: not to be cleared
			if err != nil {
				return nil, fmt.Errorf("encode private key: %w", err)
			}
			x.Secret = raw
		}
		w.Keys = append(w.Keys, x)
	}
	if p := s.pin; p != nil {
		w.PIN = append(w.PIN, wirePIN{KDF: p.kdf.wire(p.salt), Public: p.pub, Box: p.box})
	}
	return encode(w), nil
}

// decodeState accepts exactly the bytes that encodeState writes.
func decodeState(raw []byte) (*state, error) {
	var w wireVault
	if err := decode("vault", raw, maxVaultFile, &w); err != nil {
		return nil, err
	}
	s, err := w.state()
	if err != nil {
		return nil, err
	}
	again, err := encodeState(s)
	if err != nil {
		return nil, err
	}
	defer clear(again)
	if !bytes.Equal(again, raw) {
		return nil, fmt.Errorf("decode vault: out of order: %w", ErrFormat)
	}
	return s, nil
}

func (w wireVault) state() (*state, error) {
	bad := fmt.Errorf("decode vault: %w", ErrFormat)
	if len(w.Buckets) > maxBuckets || len(w.Keys) > maxKeys || len(w.PIN) > 1 {
		return nil, bad
	}
	s := newState()
	s.gen = w.Gen
	for _, b := range w.Buckets {
		if b.Date < 0 || b.Date > lastDay || b.Gen == 0 || b.Gen > w.Gen || len(b.Key) != keySize {
			return nil, bad
		}
		if last := s.current(b.Date); last != nil && last.gen >= b.Gen {
			return nil, bad
		}
		k := newBucketKey(b.Gen, b.Key)
		k.used.Store(true) // as far as we know
		s.buckets[b.Date] = append(s.buckets[b.Date], k)
		clear(b.Key)
	}
	for _, p := range w.PIN {
		kdf, err := p.KDF.decode()
		if err != nil {
			return nil, err
		}
		if _, err := kem().NewPublicKey(p.Public); err != nil || len(p.Box) != keySize+boxExtra {
			return nil, bad
		}
		s.pin, s.locked = &pinLock{kdf: kdf, salt: p.KDF.Salt, pub: p.Public, box: p.Box}, true
	}
	for _, x := range w.Keys {
		h, err := x.decode(s.pin != nil)
		if err != nil {
			return nil, err
		}
		s.keys[h.pub.ID] = h
	}
	return s, nil
}

func (w wireHeld) decode(boxed bool) (held, error) {
	if !boxed {
		k, err := decodePrivate(w.Audience, w.Date, w.Secret)
		clear(w.Secret)
		return held{pub: k.pub, open: k}, err
	}
	pub := PublicKey{ID: keyID(w.Audience, w.Date, w.Public), Audience: w.Audience, Date: w.Date, Bytes: w.Public}
	if len(w.Secret) != pinBoxSize {
		return held{}, fmt.Errorf("decode vault: %w", ErrFormat)
	}
	return held{pub: pub, box: w.Secret}, pub.Check()
}
