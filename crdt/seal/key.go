package seal

import (
	"crypto/hpke"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const withheld = "[withheld]"

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

func checkLabel(a record.Audience, date string) error {
	if !known(a) {
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

func (k PrivateKey) String() string { return withheld }

// GoString withholds the key from %#v.
func (k PrivateKey) GoString() string { return withheld }

// Format withholds the key from every fmt verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalJSON withholds the key.
func (k PrivateKey) MarshalJSON() ([]byte, error) { return []byte(`"` + withheld + `"`), nil }

// MarshalText withholds the key from encoders of text.
func (k PrivateKey) MarshalText() ([]byte, error) { return []byte(withheld), nil }

// MarshalBinary withholds the key from binary encoders.
func (k PrivateKey) MarshalBinary() ([]byte, error) { return []byte(withheld), nil }

// LogValue withholds the key from slog.
func (k PrivateKey) LogValue() slog.Value { return slog.StringValue(withheld) }
