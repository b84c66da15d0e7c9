package seal

import (
	"crypto/hpke"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// kem is ML-KEM-768 with X25519: it holds while either of the two does.
func kem() hpke.KEM { return hpke.MLKEM768X25519() }

// PublicKey is what an audience's particulars are sealed to. Date is the
// calendar date (2006-01-02) on which the key dies; "" for a key of the campus
// without a date.
type PublicKey struct {
	ID       KeyID
	Audience record.Audience
	Date     string
	Bytes    []byte
}

// Check reports whether the key is well formed and bears its own id. Errors
// match ErrFormat.
func (k PublicKey) Check() error {
	if _, err := kem().NewPublicKey(k.Bytes); err != nil {
		return fmt.Errorf("public key: %w: %w", ErrFormat, err)
	}
	if err := checkLabel(k.Audience, k.Date); err != nil {
		return err
	}
	if k.ID != keyID(k.Audience, k.Date, k.Bytes) {
		return fmt.Errorf("public key: the id is another key's: %w", ErrFormat)
	}
	return nil
}

// DateOf is how a key writes its date.
func DateOf(d record.Day) string { return d.Start().Format(time.DateOnly) }

// Day is the date on which the key dies; false for a key without a date.
func (k PublicKey) Day() (record.Day, bool) {
	t, err := time.Parse(time.DateOnly, k.Date)
	if err != nil {
		return 0, false
	}
	return record.DayOf(t), true
}

func checkLabel(a record.Audience, date string) error {
	if !hasKeys(a) {
		return fmt.Errorf("key of an unknown audience: %w", ErrFormat)
	}
	if date == "" {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("date of a key: %w", ErrFormat)
	}
	return nil
}

func keyID(a record.Audience, date string, pub []byte) KeyID {
	h := sha256.New()
	for _, s := range []string{"upprop/key/1", string(a), date, string(pub)} {
		_, _ = h.Write([]byte{byte(len(s) >> 8), byte(len(s))})
		_, _ = io.WriteString(h, s)
	}
	return KeyID(h.Sum(nil)[:8])
}

// NewPublicKey is the public key of an audience and date with these bytes.
// Errors match ErrFormat.
func NewPublicKey(a record.Audience, date string, raw []byte) (PublicKey, error) {
	k := PublicKey{ID: keyID(a, date, raw), Audience: a, Date: date, Bytes: raw}
	return k, k.Check()
}

// PrivateKey opens what was sealed to its public key. It prints as [withheld]
// through every verb, marshaller and logger.
type PrivateKey struct {
	pub PublicKey
	key hpke.PrivateKey
}

// GenerateKey makes a key pair for an audience; date as in PublicKey.
func GenerateKey(a record.Audience, date string) (PrivateKey, error) {
	if err := checkLabel(a, date); err != nil {
		return PrivateKey{}, err
	}
	k, err := kem().GenerateKey()
	if err != nil {
		return PrivateKey{}, fmt.Errorf("generate key: %w", err)
	}
	return newPrivateKey(a, date, k), nil
}

func newPrivateKey(a record.Audience, date string, k hpke.PrivateKey) PrivateKey {
	pub := k.PublicKey().Bytes()
	return PrivateKey{key: k, pub: PublicKey{ID: keyID(a, date, pub), Audience: a, Date: date, Bytes: pub}}
}

// Public is the key to seal to.
func (k PrivateKey) Public() PublicKey { return k.pub }
