// Package codec writes and reads the stored and travelling form of records:
// canonical CBOR (RFC 8949 §4.2). It does not sign, seal or store.
//
// Invariant: what it accepts is bounded in size and depth before it is
// decoded, and fields of newer releases are passed over, not refused; those of
// particulars are kept, since they are encoded again.
package codec

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/upprop/upprop/crdt/record"
)

// ErrFormat is matched by every decoding error.
var ErrFormat = errors.New("not in the expected form")

// MaxEvent and MaxSealed bound the encoded size of one record, in bytes.
const (
	MaxEvent  = 16 << 10
	MaxSealed = 256 << 10
)

// maxTime is the end of the year 9999, behind which a time has no text form.
const maxTime = record.HLC(253402300799999)<<16 | 0xffff

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
		MaxNestedLevels:   8,
		MaxArrayElements:  1024,
		MaxMapPairs:       64,
		ExtraReturnErrors: cbor.ExtraDecErrorNone,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

func marshal(v any) []byte {
	b, err := enc.Marshal(v)
	if err != nil {
		// Only types that CBOR cannot hold fail; a record has none.
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return b
}

func unmarshal(b []byte, limit int, v any, what string) error {
	if len(b) == 0 || len(b) > limit {
		return fmt.Errorf("decode %s of %d bytes: %w", what, len(b), ErrFormat)
	}
	if err := dec.Unmarshal(b, v); err != nil {
		// The decoder's own text may quote content.
		return fmt.Errorf("decode %s: %w", what, ErrFormat)
	}
	return nil
}

// EncodeEvent is the value of an event in its document.
func EncodeEvent(e record.Event) []byte { return marshal(e) }

// DecodeEvent reads an event, also one of a kind that this release does not
// know.
func DecodeEvent(b []byte) (record.Event, error) {
	var e record.Event
	if err := unmarshal(b, MaxEvent, &e, "event"); err != nil {
		return record.Event{}, err
	}
	if e.Kind == "" || len(e.Kind) > 64 || e.At == 0 || e.At > maxTime || e.Since > maxTime || e.Said > maxTime {
		return record.Event{}, fmt.Errorf("event without a kind or a time: %w", ErrFormat)
	}
	if e.Badge > record.MaxBadge {
		return record.Event{}, fmt.Errorf("event with an impossible badge: %w", ErrFormat)
	}
	return e, nil
}

// MaxRecords bounds the sealed records of one entry.
const MaxRecords = 32

// EncodeSealed is the payload of an entry of a sealed document: 1 to
// MaxRecords records that are written together.
func EncodeSealed(s []record.SealedEntry) []byte { return marshal(s) }

// DecodeSealed reads what EncodeSealed wrote.
func DecodeSealed(b []byte) ([]record.SealedEntry, error) {
	var all []record.SealedEntry
	if err := unmarshal(b, MaxSealed, &all, "sealed entry"); err != nil {
		return nil, err
	}
	if len(all) == 0 || len(all) > MaxRecords {
		return nil, fmt.Errorf("sealed entry of %d records: %w", len(all), ErrFormat)
	}
	for _, s := range all {
		if s.At == 0 {
			return nil, fmt.Errorf("sealed record without a time: %w", ErrFormat)
		}
		if err := CheckSealed(s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// CheckSealed says whether DecodeSealed accepts a record, once it has a time.
func CheckSealed(s record.SealedEntry) error {
	if s.Kind == "" || len(s.Kind) > 64 || s.At > maxTime || len(s.Audience) > 64 || len(s.Context) > 64 ||
		!utf8.ValidString(string(s.Kind)) || !utf8.ValidString(string(s.Audience)) {
		return fmt.Errorf("sealed record with an impossible field: %w", ErrFormat)
	}
	if len(s.Hash) != 0 && len(s.Hash) != 32 {
		return fmt.Errorf("sealed record with a hash of %d bytes: %w", len(s.Hash), ErrFormat)
	}
	return nil
}
