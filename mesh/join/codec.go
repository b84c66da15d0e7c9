package join

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

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
		MaxNestedLevels:   5,
		MaxArrayElements:  4096,
		MaxMapPairs:       32,
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
		panic(fmt.Sprintf("join: encode %T: %v", v, err))
	}
	return b
}

// unmarshal accepts exactly what marshal writes for a T; the caller has
// bounded b.
func unmarshal[T any](b []byte) (T, error) {
	var v T
	if err := decMode.Unmarshal(b, &v); err != nil {
		return v, err
	}
	if !bytes.Equal(marshal(v), b) {
		return v, errNotCanonical
	}
	return v, nil
}
