package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
)

// Keyring holds the private audience keys of a node, in one small file outside
// the database. Every change is durable when its method returns nil; when it
// returns an error, the ring in memory is unchanged and the call may be
// repeated. It prints as [withheld]. Safe for concurrent use.
type Keyring struct {
	path string // "": in memory only

	mu   sync.RWMutex
	keys map[KeyID]PrivateKey
}

// NewKeyring is an empty keyring in memory only, for nodes without an audience
// and for tests.
func NewKeyring() *Keyring { return &Keyring{keys: map[KeyID]PrivateKey{}} }

// OpenKeyring reads the keyring in the file, which need not exist yet; its
// folder must. Errors: ErrNewer, ErrFormat, or what the file system says.
func OpenKeyring(path string) (*Keyring, error) {
	r := NewKeyring()
	r.path = path
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	defer f.Close()
	if err := eraseOld(path); err != nil {
		return nil, fmt.Errorf("open keyring: erase what was replaced: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxRingWire+1))
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	defer clear(raw)
	keys, err := decodeRing(raw)
	if err != nil {
		return nil, fmt.Errorf("open keyring %s: %w", path, err)
	}
	for _, k := range keys {
		r.keys[k.pub.ID] = k
	}
	return r, nil
}

// Add puts a key on the ring; a key already there is not an error.
func (r *Keyring) Add(k PrivateKey) error {
	if k.key == nil {
		return fmt.Errorf("add key: the key is empty: %w", ErrFormat)
	}
	return r.change("add key", func(keys map[KeyID]PrivateKey) { keys[k.pub.ID] = k })
}

// Drop takes a key off the ring and overwrites the file that held it; what was
// sealed to it can no longer be opened here. A key that is not there is not an
// error. See DESIGN.md for what a disk may still hold.
func (r *Keyring) Drop(id KeyID) error {
	return r.change("drop key", func(keys map[KeyID]PrivateKey) { delete(keys, id) })
}

// Has reports whether the private key is on the ring.
func (r *Keyring) Has(id KeyID) bool {
	_, ok := r.get(id)
	return ok
}

// Public lists the public keys, by audience, then date, then id.
func (r *Keyring) Public() []PublicKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []PublicKey
	for _, k := range sorted(r.keys) {
		out = append(out, k.pub)
	}
	return out
}

// Export is the private keys named, for another node of their audience. The
// bytes are secret: they may leave this node only sealed to the other. Errors:
// ErrNotForUs when a key is not on the ring.
func (r *Keyring) Export(ids ...KeyID) ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	picked := map[KeyID]PrivateKey{}
	for _, id := range ids {
		k, ok := r.keys[id]
		if !ok {
			return nil, fmt.Errorf("export key %x: %w", id, ErrNotForUs)
		}
		picked[id] = k
	}
	raw, err := encodeRing(picked)
	if err != nil {
		return nil, fmt.Errorf("export keys: %w", err)
	}
	return raw, nil
}

// Import adds the keys that Export wrote and returns their public keys. The
// caller says that they come from one who may grant them.
func (r *Keyring) Import(raw []byte) ([]PublicKey, error) {
	got, err := decodeRing(raw)
	if err != nil {
		return nil, fmt.Errorf("import keys: %w", err)
	}
	var out []PublicKey
	err = r.change("import keys", func(keys map[KeyID]PrivateKey) {
		for _, k := range got {
			keys[k.pub.ID] = k
			out = append(out, k.pub)
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (r *Keyring) get(id KeyID) (PrivateKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.keys[id]
	return k, ok
}

func (r *Keyring) change(what string, edit func(map[KeyID]PrivateKey)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := maps.Clone(r.keys)
	edit(next)
	if maps.EqualFunc(next, r.keys, func(a, b PrivateKey) bool { return a.pub.ID == b.pub.ID }) {
		return nil
	}
	if r.path != "" {
		raw, err := encodeRing(next)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		defer clear(raw)
		if err := replaceFile(r.path, raw); err != nil {
			return fmt.Errorf("%s: write keyring: %w", what, err)
		}
	}
	r.keys = next
	return nil
}

func sorted(keys map[KeyID]PrivateKey) []PrivateKey {
	return slices.SortedFunc(maps.Values(keys), func(a, b PrivateKey) int {
		return bytes.Compare(
			slices.Concat([]byte(a.pub.Audience), []byte{0}, []byte(a.pub.Date), []byte{0}, a.pub.ID[:]),
			slices.Concat([]byte(b.pub.Audience), []byte{0}, []byte(b.pub.Date), []byte{0}, b.pub.ID[:]),
		)
	})
}

func (r *Keyring) String() string { return withheld }

// GoString withholds the keys from %#v.
func (r *Keyring) GoString() string { return withheld }

// Format withholds the keys from every fmt verb.
func (r *Keyring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalJSON withholds the keys.
func (r *Keyring) MarshalJSON() ([]byte, error) { return []byte(`"` + withheld + `"`), nil }

// LogValue withholds the keys from slog.
func (r *Keyring) LogValue() slog.Value { return slog.StringValue(withheld) }
