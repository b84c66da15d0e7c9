package codec

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/upprop/upprop/crdt/record"
)

// before has keys that no other part has, so that none reads as another.
type before struct {
	At      int64             `cbor:"96,keyasint"`
	Company string            `cbor:"97,keyasint,omitempty"`
	Host    string            `cbor:"98,keyasint,omitempty"`
	Email   string            `cbor:"99,keyasint,omitempty"`
	Phone   string            `cbor:"100,keyasint,omitempty"`
	Purpose string            `cbor:"101,keyasint,omitempty"`
	Lang    string            `cbor:"102,keyasint,omitempty"`
	Signed  []cbor.RawMessage `cbor:"103,keyasint,omitempty"`
}

// EncodeBefore is the clear form of what was filled in before an arrival, to be
// sealed at once.
func EncodeBefore(b record.Before) []byte {
	return withRest(before{
		At: b.At, Company: b.Company.Reveal(), Host: b.Host.Reveal(), Email: b.Email.Reveal(), Phone: b.Phone.Reveal(),
		Purpose: b.Purpose.Reveal(), Lang: b.Lang, Signed: encodeSigned(b.Signed),
	}, b.Rest)
}

// DecodeBefore reads what was filled in before an arrival.
func DecodeBefore(raw []byte) (record.Before, error) {
	var b before
	if err := unmarshal(raw, MaxPart, &b, "what was filled in before"); err != nil {
		return record.Before{}, err
	}
	if b.At == 0 {
		return record.Before{}, fmt.Errorf("decode what was filled in before: %w", ErrFormat) // another part
	}
	out := record.Before{
		Company: record.Private(b.Company), Host: record.Private(b.Host), Email: record.Private(b.Email), Phone: record.Private(b.Phone),
		Purpose: record.Private(b.Purpose), Lang: b.Lang, At: b.At, Rest: restOf(raw, b),
	}
	var err error
	out.Signed, err = decodeSigned(b.Signed)
	return out, err
}
