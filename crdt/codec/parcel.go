package codec

import "github.com/upprop/upprop/crdt/record"

// parcel and slip have keys that no other part has, so that none reads as another.
type parcel struct {
	For   string `cbor:"112,keyasint"`
	Mail  string `cbor:"113,keyasint,omitempty"`
	From  string `cbor:"114,keyasint,omitempty"`
	Kept  string `cbor:"115,keyasint,omitempty"`
	Note  string `cbor:"116,keyasint,omitempty"`
	Items int    `cbor:"117,keyasint,omitempty"`
	Cold  bool   `cbor:"118,keyasint,omitempty"`
}

type slip struct {
	To string `cbor:"120,keyasint,omitempty"`
}

// EncodeParcel is the clear form of what a delivery says, to be sealed at once.
func EncodeParcel(p record.Parcel) []byte {
	return withRest(parcel{p.For.Reveal(), p.Mail.Reveal(), p.From.Reveal(), p.Kept.Reveal(), p.Note.Reveal(), p.Items, p.Cold}, p.Rest)
}

// DecodeParcel reads what a delivery says.
func DecodeParcel(b []byte) (record.Parcel, error) {
	var p parcel
	if err := unmarshal(b, MaxPart, &p, "delivery"); err != nil {
		return record.Parcel{}, err
	}
	return record.Parcel{
		For: record.Private(p.For), Mail: record.Private(p.Mail), From: record.Private(p.From), Kept: record.Private(p.Kept),
		Note: record.Private(p.Note), Items: p.Items, Cold: p.Cold, Rest: restOf(b, p),
	}, nil
}

// EncodeSlip is the clear form of who took a delivery, to be sealed at once.
func EncodeSlip(s record.Slip) []byte { return withRest(slip{s.To.Reveal()}, s.Rest) }

// DecodeSlip reads who took a delivery.
func DecodeSlip(b []byte) (record.Slip, error) {
	var s slip
	if err := unmarshal(b, MaxPart, &s, "slip of a delivery"); err != nil {
		return record.Slip{}, err
	}
	return record.Slip{To: record.Private(s.To), Rest: restOf(b, s)}, nil
}
