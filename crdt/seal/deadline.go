package seal

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// Add puts a private deadline key into the vault; a key already there is not
// an error. Works while names are locked.
func (v *Vault) Add(keys ...PrivateKey) error {
	return v.change("add keys", func(s *state) (bool, error) { return s.add(keys...) })
}

func (s *state) add(keys ...PrivateKey) (changed bool, err error) {
	for _, k := range keys {
		if k.key == nil {
			return false, fmt.Errorf("the key is empty: %w", ErrFormat)
		}
		if _, ok := s.keys[k.pub.ID]; ok {
			continue
		}
		if len(s.keys) >= maxKeys {
			return false, ErrFull
		}
		h := held{pub: k.pub, open: k}
		if s.pin != nil {
			if h.box, err = s.pin.close(k); err != nil {
				return false, err
			}
		}
		if s.locked {
			h.open = PrivateKey{}
		}
		s.keys[k.pub.ID], changed = h, true
	}
	return changed, nil
}

// Drop destroys deadline keys; what was sealed to them can no longer be opened
// here. A key that is not there is not an error. Works while names are locked.
// See DESIGN.md for what a disk may still hold.
func (v *Vault) Drop(ids ...KeyID) error {
	return v.change("drop keys", func(s *state) (bool, error) {
		n := len(s.keys)
		for _, id := range ids {
			delete(s.keys, id)
		}
		return len(s.keys) != n, nil
	})
}

// DateOf is the date of a key whose private half is held, empty for one that
// has none; false when it is not held.
func (v *Vault) DateOf(id KeyID) (date string, ok bool) {
	h, ok := v.cur.Load().keys[id]
	return h.pub.Date, ok
}

// Has reports whether the private key is in the vault, locked or not.
func (v *Vault) Has(id KeyID) bool {
	_, ok := v.cur.Load().keys[id]
	return ok
}

// Public lists the public keys of all private ones, by audience, then date,
// then id.
func (v *Vault) Public() (out []PublicKey) {
	for _, h := range v.cur.Load().sorted() {
		out = append(out, h.pub)
	}
	return out
}

// Export is the private keys named, for another node of their audience. The
// bytes are secret: they may leave this node only sealed to the other. Errors:
// ErrNotForUs when a key is not here, ErrLocked.
func (v *Vault) Export(ids ...KeyID) ([]byte, error) {
	s := v.cur.Load()
	var picked []PrivateKey
	for _, id := range ids {
		k, err := s.private(id)
		if err != nil {
			return nil, fmt.Errorf("export key %x: %w", id, err)
		}
		picked = append(picked, k)
	}
	raw, err := encodeGrant(picked)
	if err != nil {
		return nil, fmt.Errorf("export keys: %w", err)
	}
	return raw, nil
}

// Import adds the keys that Export wrote and returns their public keys. The
// caller says that they come from one who may grant them. Works while names
// are locked. Errors: ErrFormat, ErrNewer, ErrFull, or what the file system
// says.
func (v *Vault) Import(raw []byte) ([]PublicKey, error) {
	got, err := decodeGrant(raw)
	if err != nil {
		return nil, fmt.Errorf("import keys: %w", err)
	}
	if err := v.change("import keys", func(s *state) (bool, error) { return s.add(got...) }); err != nil {
		return nil, err
	}
	var out []PublicKey
	for _, k := range got {
		out = append(out, k.pub)
	}
	return out, nil
}

// private is a key to open with. Errors: ErrNotForUs, ErrLocked, ErrAltered
// when the PIN did not open it.
func (s *state) private(id KeyID) (PrivateKey, error) {
	h, ok := s.keys[id]
	switch {
	case !ok:
		return PrivateKey{}, ErrNotForUs
	case s.locked:
		return PrivateKey{}, ErrLocked
	case h.open.key == nil:
		return PrivateKey{}, ErrAltered
	}
	return h.open, nil
}

func (s *state) sorted() []held {
	return slices.SortedFunc(maps.Values(s.keys), func(a, b held) int { return comparePublic(a.pub, b.pub) })
}

func comparePublic(a, b PublicKey) int {
	return bytes.Compare(
		slices.Concat([]byte(a.Audience), []byte{0}, []byte(a.Date), []byte{0}, a.ID[:]),
		slices.Concat([]byte(b.Audience), []byte{0}, []byte(b.Date), []byte{0}, b.ID[:]),
	)
}
