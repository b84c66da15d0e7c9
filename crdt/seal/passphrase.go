package seal

import (
	"crypto/cipher"
)

// passLock is what the whole file is encrypted under.
type passLock struct {
	kdf  KDF
	salt []byte
	aead cipher.AEAD
}

// HasPassphrase reports whether the vault's file opens with a passphrase only.
func (v *Vault) HasPassphrase() bool { return v.cur.Load().pass != nil }

// SetPassphrase sets or changes the passphrase of the file; an empty one takes
// it away. It takes the time that the KDF says.
func (v *Vault) SetPassphrase(passphrase []byte) error {
	return v.change("set passphrase", func(s *state) (bool, error) {
		if len(passphrase) == 0 {
			s.pass = nil
			return true, nil
		}
		lock := &passLock{kdf: v.kdf, salt: newSalt()}
		a, err := lock.kdf.aead(passphrase, lock.salt)
		if err != nil {
			return false, err
		}
		lock.aead, s.pass = a, lock
		return true, nil
	})
}
