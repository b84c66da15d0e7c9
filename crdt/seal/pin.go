package seal

import (
	"bytes"
	"crypto/hpke"
	"errors"
	"fmt"
	"slices"
	"time"
)

// pinLock is the key pair to which deadline keys are sealed in the file. The
// public half is in clear, so that a grant can be kept while names are locked;
// the private half is in a box that the PIN opens.
type pinLock struct {
	kdf  KDF
	salt []byte
	pub  []byte
	box  []byte
}

const pinBoxSize = encSize + keySize + 16

// HasPIN reports whether a PIN is set.
func (v *Vault) HasPIN() bool { return v.cur.Load().pin != nil }

// NamesLocked reports whether there is a PIN and names are locked. They are
// after every start.
func (v *Vault) NamesLocked() bool { return v.cur.Load().locked }

// SetPIN sets or changes the PIN; an empty one takes it away. Names stay
// unlocked; a key whose box was damaged, so that no PIN opens it, is dropped. It
// takes the time that the KDF says. Errors: ErrLocked, or what the file system
// says.
func (v *Vault) SetPIN(pin []byte) error {
	return v.change("set PIN", func(s *state) (bool, error) {
		if s.locked {
			return false, ErrLocked
		}
		lock, err := newPINLock(pin, v.kdf)
		if err != nil {
			return false, err
		}
		s.pin = lock
		for id, h := range s.keys {
			if h.open.key == nil {
				// Its box did not open; nothing will.
				delete(s.keys, id)
				continue
			}
			h.box = nil
			if lock != nil {
				if h.box, err = lock.close(h.open); err != nil {
					return false, err
				}
			}
			s.keys[id] = h
		}
		return true, nil
	})
}

// UnlockNames opens the deadline keys with the PIN, in memory only. It takes
// the time that the KDF says, one guess at a time; PINWait says how long the
// caller must make the person wait before the next. Without a PIN it does
// nothing. Errors: ErrPIN.
func (v *Vault) UnlockNames(pin []byte) error {
	v.pinMu.Lock()
	defer v.pinMu.Unlock()
	lock := v.cur.Load().pin
	if lock == nil {
		return nil
	}
	key, err := lock.unlock(pin)
	if errors.Is(err, ErrPIN) {
		v.wrong.Add(1)
	}
	if err != nil {
		return fmt.Errorf("unlock names: %w", err)
	}
	v.wrong.Store(0)
	v.write.Lock()
	defer v.write.Unlock()
	next := v.cur.Load().clone()
	if next.pin != lock {
		return fmt.Errorf("unlock names: the PIN has just been changed: %w", ErrPIN)
	}
	for id, h := range next.keys {
		if h.open.key == nil {
			// One that does not open is found by its use, and holds up no other.
			h.open, _ = openHeld(key, h)
			next.keys[id] = h
		}
	}
	next.locked = false
	v.install(next)
	return nil
}

// LockNames forgets the open deadline keys, and what openers have opened with
// them, until UnlockNames. Without a PIN it does nothing.
func (v *Vault) LockNames() {
	v.write.Lock()
	defer v.write.Unlock()
	next := v.cur.Load().clone()
	if next.pin == nil {
		return
	}
	for id, h := range next.keys {
		h.open = PrivateKey{}
		next.keys[id] = h
	}
	next.locked = true
	v.install(next)
}

// PINWait says how often a wrong PIN has been given since the last right one
// or the start, and how long to wait after the last: nothing for the first
// three, then a second, doubling up to five minutes. Nothing here waits.
func (v *Vault) PINWait() (wrong int, wait time.Duration) {
	wrong = int(v.wrong.Load())
	if wrong <= 3 {
		return wrong, 0
	}
	return wrong, min(time.Second<<min(wrong-4, 16), 5*time.Minute)
}

func newPINLock(pin []byte, kdf KDF) (*pinLock, error) {
	if len(pin) == 0 {
		return nil, nil
	}
	key, err := kem().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("make the PIN's key: %w", err)
	}
	raw, err := key.Bytes()
	if err != nil {
		return nil, fmt.Errorf("make the PIN's key: %w", err)
	}
	defer clear(raw) // the key is used for nothing else
	l := &pinLock{kdf: kdf, salt: newSalt(), pub: key.PublicKey().Bytes()}
	a, err := kdf.aead(pin, l.salt)
	if err != nil {
		return nil, err
	}
	l.box = sealBox(a, raw, l.data())
	return l, nil
}

func (l *pinLock) data() []byte {
	return slices.Concat([]byte("upprop/pin/1"), encode(l.kdf.wire(l.salt)), l.pub)
}

func (l *pinLock) unlock(pin []byte) (hpke.PrivateKey, error) {
	a, err := l.kdf.aead(pin, l.salt)
	if err != nil {
		return nil, err
	}
	raw, err := openBox(a, l.box, l.data())
	if err != nil {
		return nil, ErrPIN
	}
	defer clear(raw)
	return kem().NewPrivateKey(raw)
}

func pinInfo(id KeyID) []byte { return append([]byte("upprop/pin-key/1"), id[:]...) }

// close puts a deadline key into a box that the PIN opens.
func (l *pinLock) close(k PrivateKey) ([]byte, error) {
	pub, err := kem().NewPublicKey(l.pub)
	if err != nil {
		return nil, fmt.Errorf("read the PIN's key: %w", err)
	}
	raw, err := k.key.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	return hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), pinInfo(k.pub.ID), raw)
}

func openHeld(lock hpke.PrivateKey, h held) (PrivateKey, error) {
	raw, err := hpke.Open(lock, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), pinInfo(h.pub.ID), h.box)
	if err != nil {
		return PrivateKey{}, ErrAltered
	}
	defer clear(raw)
	k, err := decodePrivate(h.pub.Audience, h.pub.Date, raw)
	if err != nil || k.pub.ID != h.pub.ID || !bytes.Equal(k.pub.Bytes, h.pub.Bytes) {
		return PrivateKey{}, ErrAltered
	}
	return k, nil
}
