package nodetest

import (
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/seal/sealtest"
)

// loot is what a file of keys gives to who takes the machine: read byte by
// byte, as a thief would, and not by the product's own reader.
type loot struct {
	// keys are the public halves of all private keys in it.
	keys    []seal.PublicKey
	buckets map[bucket][]byte
	// unfinished are the dates of which a replaced bucket key is still there.
	unfinished []record.Day
}

// bucket is one generation of a date's bucket key.
type bucket struct {
	date record.Day
	gen  uint32
}

// derived are the public halves of private keys by audience, date and content:
// to work one out costs more than all else in a file.
type derived map[string]seal.PublicKey

// stolen is what who takes the machine now could do with its file of keys,
// whether the power is on or off.
func (h *House) stolen() (*loot, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.loot != nil {
		return h.loot, nil
	}
	raw, err := os.ReadFile(h.keysFile())
	if errors.Is(err, fs.ErrNotExist) {
		return &loot{}, nil
	}
	if err != nil {
		return nil, err
	}
	h.loot, err = h.derived.read(raw)
	return h.loot, err
}

func (h *House) keysFile() string { return filepath.Join(h.dir, "vault.keys") }

func (d derived) read(raw []byte) (*loot, error) {
	body, err := sealtest.Read(raw)
	if err != nil {
		return nil, err
	}
	l := &loot{buckets: map[bucket][]byte{}}
	for i, b := range body.Buckets {
		l.buckets[bucket{record.Day(b.Date), b.Gen}] = b.Key
		if i > 0 && body.Buckets[i-1].Date == b.Date {
			l.unfinished = append(l.unfinished, record.Day(b.Date))
		}
	}
	for _, k := range body.Keys {
		pub, err := d.public(record.Audience(k.Audience), k.Date, k.Public, k.Secret)
		if err != nil {
			return nil, fmt.Errorf("read a file of keys: %w", err)
		}
		l.keys = append(l.keys, pub)
	}
	return l, nil
}

// public is the public half of a private key, which stands beside it where
// there is a PIN.
func (d derived) public(a record.Audience, date string, pub, secret []byte) (seal.PublicKey, error) {
	name := fmt.Sprintf("%s %s %x", a, date, pub)
	if len(pub) == 0 {
		name = fmt.Sprintf("%s %s %x secret", a, date, secret)
	}
	if k, ok := d[name]; ok {
		return k, nil
	}
	if len(pub) == 0 {
		k, err := hpke.MLKEM768X25519().NewPrivateKey(secret)
		if err != nil {
			return seal.PublicKey{}, err
		}
		pub = k.PublicKey().Bytes()
	}
	k, err := seal.NewPublicKey(a, date, pub)
	if err == nil {
		d[name] = k
	}
	return k, err
}

// unlocks reports whether the file's bucket keys open a record at rest
// (crdt/seal/bucket.go: a version, the generation, the nonce, the box).
func (l *loot) unlocks(date record.Day, ad, locked []byte) bool {
	const head = 1 + 4 + chacha20poly1305.NonceSizeX
	if len(locked) < head {
		return false
	}
	gen := binary.BigEndian.Uint32(locked[1:])
	aead, err := chacha20poly1305.NewX(l.buckets[bucket{date, gen}])
	if err != nil {
		return false // there is no such key
	}
	with := binary.BigEndian.AppendUint32([]byte("upprop/rest/1"), uint32(date))
	with = append(binary.BigEndian.AppendUint32(with, gen), ad...)
	_, err = aead.Open(nil, locked[5:head], locked[head:], with)
	return err == nil
}
