package record

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"
)

// Private is a piece of personal data. It prints as [withheld] through every
// verb, marshaller and logger; Reveal is the one way to the text, so that
// every use can be found.
type Private string

const withheld = "[withheld]"

// Reveal is the text itself, for sealing and for the screens of those who may
// read it.
func (p Private) Reveal() string { return string(p) }

// Shows reports whether anything of the text can be seen: not spaces, joiners
// and marks alone. Characters too new for us are taken to be seen.
func (p Private) Shows() bool {
	return strings.ContainsFunc(string(p), func(r rune) bool {
		return r != '\u2800' && !unicode.IsSpace(r) && !unicode.In(r, unicode.Cf, unicode.M, unicode.Other_Default_Ignorable_Code_Point)
	})
}

func (p Private) String() string { return withheld }

// GoString withholds the text from %#v.
func (p Private) GoString() string { return withheld }

// Format withholds the text from every fmt verb.
func (p Private) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(withheld)) }

// MarshalText withholds the text from encoders of text, JSON among them.
func (p Private) MarshalText() ([]byte, error) { return []byte(withheld), nil }

// MarshalBinary withholds the text from binary encoders.
func (p Private) MarshalBinary() ([]byte, error) { return []byte(withheld), nil }

// LogValue withholds the text from slog.
func (p Private) LogValue() slog.Value { return slog.StringValue(withheld) }
