package seal

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/upprop/upprop/crdt/record"
)

// wireVersion is the first element of every encoded Part, Wrap and Context.
const wireVersion = 1

// Limits on the length of encodings, in bytes, checked before decoding.
const (
	maxPartWire    = maxBox + 64
	maxWrapWire    = 160
	maxContextWire = encSize + 64
)

var enc = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return m
}()

var dec = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   4,
		MaxArrayElements:  16384,
		MaxMapPairs:       16,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

type wirePart struct {
	_        struct{} `cbor:",toarray"`
	V        int
	Audience record.Audience
	Version  uint32
	Box      []byte
}

type wireWrap struct {
	_        struct{} `cbor:",toarray"`
	V        int
	Audience record.Audience
	Version  uint32
	KeyID    []byte
	Context  []byte
	Box      []byte
}

type wireContext struct {
	_     struct{} `cbor:",toarray"`
	V     int
	KeyID []byte
	Enc   []byte
}

func encode(v any) []byte {
	b, err := enc.Marshal(v)
	if err != nil {
		panic(err) // these types always encode
	}
	return b
}

// decode accepts exactly the bytes that encode writes.
func decode(what string, b []byte, limit int, v any) error {
	if len(b) > limit {
		return fmt.Errorf("decode %s of %d bytes: %w", what, len(b), ErrFormat)
	}
	if err := dec.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode %s: %w", what, ErrFormat)
	}
	again := encode(v)
	defer clear(again)
	if !bytes.Equal(again, b) {
		return fmt.Errorf("decode %s: not canonical: %w", what, ErrFormat)
	}
	return nil
}

// Encode is the stored and travelling form of a part.
func (p Part) Encode() []byte {
	return encode(wirePart{V: wireVersion, Audience: p.Audience, Version: p.Version, Box: p.Box})
}

// DecodePart reads what Encode writes, and nothing else. Errors match
// ErrFormat.
func DecodePart(b []byte) (Part, error) {
	var w wirePart
	if err := decode("part", b, maxPartWire, &w); err != nil {
		return Part{}, err
	}
	if w.V != wireVersion || !known(w.Audience) || w.Version == 0 || !goodBox(w.Box) {
		return Part{}, fmt.Errorf("decode part: %w", ErrFormat)
	}
	return Part{Audience: w.Audience, Version: w.Version, Box: w.Box}, nil
}

// Encode is the stored and travelling form of a wrap.
func (w Wrap) Encode() []byte {
	return encode(wireWrap{
		V: wireVersion, Audience: w.Audience, Version: w.Version,
		KeyID: w.KeyID[:], Context: w.Context[:], Box: w.Box,
	})
}

// DecodeWrap reads what Encode writes, and nothing else. Errors match
// ErrFormat.
func DecodeWrap(b []byte) (Wrap, error) {
	var w wireWrap
	if err := decode("wrap", b, maxWrapWire, &w); err != nil {
		return Wrap{}, err
	}
	if w.V != wireVersion || !known(w.Audience) || w.Version == 0 ||
		len(w.KeyID) != len(KeyID{}) || len(w.Context) != len(ContextID{}) || len(w.Box) != wrapSize {
		return Wrap{}, fmt.Errorf("decode wrap: %w", ErrFormat)
	}
	if w.Audience.OfPaper() && (KeyID(w.KeyID) != KeyID{} || ContextID(w.Context) != ContextID{}) {
		return Wrap{}, fmt.Errorf("decode wrap of a bearer: %w", ErrFormat)
	}
	return Wrap{
		Audience: w.Audience, Version: w.Version,
		KeyID: KeyID(w.KeyID), Context: ContextID(w.Context), Box: w.Box,
	}, nil
}

// Encode is the stored and travelling form of a context. Its id is derived
// anew when it is decoded.
func (c Context) Encode() []byte {
	return encode(wireContext{V: wireVersion, KeyID: c.KeyID[:], Enc: c.Enc})
}

// DecodeContext reads what Encode writes, and nothing else. Errors match
// ErrFormat.
func DecodeContext(b []byte) (Context, error) {
	var w wireContext
	if err := decode("context", b, maxContextWire, &w); err != nil {
		return Context{}, err
	}
	if w.V != wireVersion || len(w.KeyID) != len(KeyID{}) || len(w.Enc) != encSize {
		return Context{}, fmt.Errorf("decode context: %w", ErrFormat)
	}
	return Context{ID: contextID(w.Enc), KeyID: KeyID(w.KeyID), Enc: w.Enc}, nil
}
