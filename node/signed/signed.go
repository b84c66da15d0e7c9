// Package signed tells who sent a message: one signed by Standard Webhooks,
// symmetric, version 1, with a secret that its sender and this node share. It
// does not say what the sender may do.
//
// Invariant: how long it takes tells nothing of a secret.
package signed

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Message is what came, with the headers of Standard Webhooks.
type Message struct {
	ID, Timestamp, Signature string
	Body                     []byte
}

// Bounds of a secret, in bytes, as the specification has them.
const (
	MinSecret = 24
	MaxSecret = 64
	prefix    = "whsec_"
)

// ErrSecret is matched by ParseSecret's error.
var ErrSecret = errors.New("this is no secret of a source")

// NewSecret draws a secret.
func NewSecret() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// SecretText is a secret as it is printed.
func SecretText(key []byte) string { return prefix + base64.StdEncoding.EncodeToString(key) }

// ParseSecret reads a secret as it is printed. Errors: ErrSecret.
func ParseSecret(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(s), prefix))
	if err != nil || len(b) < MinSecret || len(b) > MaxSecret {
		return nil, ErrSecret
	}
	return b, nil
}

// By is which of the secrets signed a message; false when none did.
func By(m Message, secrets [][]byte) (int, bool) {
	if m.ID == "" || len(m.ID) > 256 || len(m.Timestamp) > 32 || len(m.Signature) > 4096 {
		return 0, false
	}
	var given [][]byte
	for one := range strings.FieldsSeq(m.Signature) {
		version, text, _ := strings.Cut(one, ",")
		if b, err := base64.StdEncoding.DecodeString(text); version == "v1" && err == nil && len(b) == sha256.Size && len(given) < 8 {
			given = append(given, b)
		}
	}
	if len(given) == 0 {
		return 0, false
	}
	from, ok := 0, false
	for i, x := range secrets { // all, whichever matches: time tells nothing
		want := Sign(x, m)
		for _, b := range given {
			if hmac.Equal(want, b) && !ok {
				from, ok = i, true
			}
		}
	}
	return from, ok
}

// Sign is the signature of a message, by Standard Webhooks, version 1.
func Sign(secret []byte, m Message) []byte {
	h := hmac.New(sha256.New, secret)
	for _, part := range []string{m.ID, ".", m.Timestamp, "."} {
		_, _ = h.Write([]byte(part))
	}
	_, _ = h.Write(m.Body)
	return h.Sum(nil)
}

// Offset is a sender's clock minus ours; false where it told no time.
func Offset(timestamp string, now time.Time) (time.Duration, bool) {
	v, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || v < 0 || v > 1<<40 {
		return 0, false
	}
	return time.Unix(v, 0).Sub(now).Truncate(time.Second), true
}
