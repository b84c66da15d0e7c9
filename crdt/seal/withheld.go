package seal

import (
	"fmt"
	"io"
	"log/slog"
)

// withheld is what everything that holds keys prints, through every verb,
// marshaller and logger.
const withheld = "[withheld]"

var withheldJSON = []byte(`"` + withheld + `"`)

func (k PrivateKey) String() string { return withheld }

// GoString withholds the key from %#v.
func (k PrivateKey) GoString() string { return withheld }

// Format withholds the key from every fmt verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalJSON withholds the key.
func (k PrivateKey) MarshalJSON() ([]byte, error) { return withheldJSON, nil }

// MarshalText withholds the key from encoders of text.
func (k PrivateKey) MarshalText() ([]byte, error) { return []byte(withheld), nil }

// MarshalBinary withholds the key from binary encoders.
func (k PrivateKey) MarshalBinary() ([]byte, error) { return []byte(withheld), nil }

// LogValue withholds the key from slog.
func (k PrivateKey) LogValue() slog.Value { return slog.StringValue(withheld) }

func (v *Vault) String() string { return withheld }

// GoString withholds the keys from %#v.
func (v *Vault) GoString() string { return withheld }

// Format withholds the keys from every fmt verb.
func (v *Vault) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalJSON withholds the keys.
func (v *Vault) MarshalJSON() ([]byte, error) { return withheldJSON, nil }

// MarshalText withholds the keys from encoders of text.
func (v *Vault) MarshalText() ([]byte, error) { return []byte(withheld), nil }

// LogValue withholds the keys from slog.
func (v *Vault) LogValue() slog.Value { return slog.StringValue(withheld) }

func (o VaultOptions) String() string { return withheld }

// GoString withholds the passphrase from %#v.
func (o VaultOptions) GoString() string { return withheld }

// Format withholds the passphrase from every fmt verb.
func (o VaultOptions) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalJSON withholds the passphrase.
func (o VaultOptions) MarshalJSON() ([]byte, error) { return withheldJSON, nil }

// LogValue withholds the passphrase from slog.
func (o VaultOptions) LogValue() slog.Value { return slog.StringValue(withheld) }

func (s BearerSecret) String() string { return withheld }

// GoString withholds the secret from %#v.
func (s BearerSecret) GoString() string { return withheld }

// Format withholds the secret from every fmt verb.
func (s BearerSecret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalJSON withholds the secret.
func (s BearerSecret) MarshalJSON() ([]byte, error) { return withheldJSON, nil }

// MarshalText withholds the secret from encoders of text.
func (s BearerSecret) MarshalText() ([]byte, error) { return []byte(withheld), nil }

// LogValue withholds the secret from slog.
func (s BearerSecret) LogValue() slog.Value { return slog.StringValue(withheld) }
