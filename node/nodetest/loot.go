package nodetest

import (
	"bytes"
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/seal/sealtest"
)

// loot is what the file of keys gives to who takes the machine, with what lies
// beside it and what lost its name unblanked: read byte by byte, as a thief would,
// and not by the product's own reader.
type loot struct {
	// keys are the public halves of all private keys in it.
	keys []seal.PublicKey
	// buckets are the bucket keys: a file begun anew may number one as another.
	buckets map[bucket][][]byte
	// asides are the names beside the file under which something lies.
	asides []string
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
	l, found := &loot{buckets: map[bucket][][]byte{}}, slices.Clone(h.shed)
	for _, name := range h.keysFiles() {
		raw, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if name != h.keysFiles()[0] {
			l.asides = append(l.asides, filepath.Base(name))
		}
		if !blank(raw) && !slices.ContainsFunc(found, func(other []byte) bool { return bytes.Equal(other, raw) }) {
			found = append(found, raw)
		}
	}
	for _, raw := range found {
		if err := h.derived.read(raw, l); err != nil {
			return nil, err
		}
	}
	h.loot = l
	return l, nil
}

// keysFiles are the names of the file of keys, the first, and of what may lie beside
// it (crdt/seal/vaultfile.go).
func (h *House) keysFiles() []string {
	name := filepath.Join(h.dir, "vault.keys")
	return []string{name, name + ".old", name + ".new"}
}

// blank reports whether nothing is left to be read of a file, or yet.
func blank(raw []byte) bool { return len(bytes.Trim(raw, "\x00")) == 0 }

// read adds to what is there what one more file gives.
func (d derived) read(raw []byte, l *loot) error {
	body, err := sealtest.Read(raw)
	if err != nil {
		return err
	}
	for i, b := range body.Buckets {
		at := bucket{record.Day(b.Date), b.Gen}
		l.buckets[at] = append(l.buckets[at], b.Key)
		if i > 0 && body.Buckets[i-1].Date == b.Date {
			l.unfinished = append(l.unfinished, record.Day(b.Date))
		}
	}
	for _, k := range body.Keys {
		pub, err := d.public(record.Audience(k.Audience), k.Date, k.Public, k.Secret)
		if err != nil {
			return fmt.Errorf("read a file of keys: %w", err)
		}
		l.keys = append(l.keys, pub)
	}
	return nil
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
	with := binary.BigEndian.AppendUint32([]byte("upprop/rest/1"), uint32(date))
	with = append(binary.BigEndian.AppendUint32(with, gen), ad...)
	return slices.ContainsFunc(l.buckets[bucket{date, gen}], func(key []byte) bool {
		aead, err := chacha20poly1305.NewX(key)
		if err != nil {
			return false
		}
		_, err = aead.Open(nil, locked[5:head], locked[head:], with)
		return err == nil
	})
}
