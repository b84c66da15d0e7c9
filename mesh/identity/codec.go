package identity

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// errNotCanonical means that the bytes decode but are not the one encoding of
// what they say.
var errNotCanonical = errors.New("not in canonical form")

var encMode = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}()

var decMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   4,
		MaxArrayElements:  MaxRecord,
		MaxMapPairs:       64,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              cbor.UTF8RejectInvalid,
	}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}()

// marshal panics only on a type that cannot be encoded, which is a mistake in
// this package.
func marshal(v any) []byte {
	b, err := encMode.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("identity: encode %T: %v", v, err))
	}
	return b
}

// unmarshal accepts exactly what marshal writes for a T, so that one value has
// one encoding and one hash.
func unmarshal[T any](b []byte, limit int) (T, error) {
	var v T
	if len(b) > limit {
		return v, fmt.Errorf("%d bytes, more than %d", len(b), limit)
	}
	if err := decMode.Unmarshal(b, &v); err != nil {
		return v, err
	}
	if !bytes.Equal(marshal(v), b) {
		return v, errNotCanonical
	}
	return v, nil
}
