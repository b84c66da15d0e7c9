package codec

import (
	"github.com/upprop/upprop/crdt/record"
)

// photo has keys that no other part has, so that none reads as another.
type photo struct {
	Visit   []byte `cbor:"128,keyasint"`
	Picture []byte `cbor:"129,keyasint"`
	Taken   int64  `cbor:"130,keyasint,omitempty"`
	How     string `cbor:"131,keyasint,omitempty"`
	Type    string `cbor:"132,keyasint,omitempty"`
}

// EncodePhoto is the clear form of a photograph, to be sealed at once.
func EncodePhoto(p record.Photo) []byte {
	return withRest(photo{p.Visit[:], p.Picture, milli(p.Taken), p.How, p.Type}, p.Rest)
}

// DecodePhoto reads an opened photograph.
func DecodePhoto(b []byte) (record.Photo, error) {
	var p photo
	if err := unmarshal(b, MaxPart, &p, "photograph"); err != nil {
		return record.Photo{}, err
	}
	if len(p.Visit) != len(record.VisitID{}) || len(p.Picture) == 0 {
		return record.Photo{}, ErrFormat
	}
	return record.Photo{
		Visit: record.VisitID(p.Visit), Picture: p.Picture, Taken: atMilli(p.Taken), How: p.How, Type: p.Type, Rest: restOf(b, p),
	}, nil
}
