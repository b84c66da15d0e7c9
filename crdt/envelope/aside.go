package envelope

import (
	"encoding/binary"
	"fmt"
)

// versionAside wraps an envelope of version 1: the length of the aside in two
// bytes, the aside, the envelope.
const (
	versionAside = 4

	// MaxAside bounds the bytes beside an envelope.
	MaxAside = 8 << 10
)

// encodeAside is the form of an envelope that has something beside it.
func encodeAside(aside, plain []byte) []byte {
	b := make([]byte, 0, 3+len(aside)+len(plain))
	b = append(b, versionAside)
	b = binary.BigEndian.AppendUint16(b, uint16(len(aside)))
	b = append(b, aside...)
	return append(b, plain...)
}

// decodeAside reads what encodeAside wrote; Aside and Payload alias b. No aside
// has one form alone, that without.
func decodeAside(b []byte) (*Envelope, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("truncated: %w", ErrFormat)
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	if n == 0 || n > MaxAside || len(b) < 3+n+2 || b[3+n] != version {
		return nil, fmt.Errorf("aside of %d bytes: %w", n, ErrFormat)
	}
	e, err := Decode(b[3+n:])
	if err != nil {
		return nil, err
	}
	e.Aside = b[3 : 3+n : 3+n]
	return e, nil
}
