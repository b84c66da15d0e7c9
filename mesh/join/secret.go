package join

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
)

// Secret is what a token proves. It prints as "[withheld]" through every verb
// and marshaller.
type Secret [32]byte

const withheld = "[withheld]"

func newSecret() Secret {
	var s Secret
	rand.Read(s[:])
	return s
}

// Format implements [fmt.Formatter].
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalText implements [encoding.TextMarshaler].
func (Secret) MarshalText() ([]byte, error) { return []byte(withheld), nil }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(withheld) }
