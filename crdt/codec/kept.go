package codec

import (
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/upprop/upprop/crdt/record"
)

// kept has keys that no other part has, so that none reads as another.
type kept struct {
	Visit    []byte            `cbor:"64,keyasint"`
	Until    record.Day        `cbor:"65,keyasint,omitempty"`
	Place    record.Place      `cbor:"66,keyasint,omitzero"`
	Type     string            `cbor:"67,keyasint,omitempty"`
	Name     string            `cbor:"68,keyasint,omitempty"`
	Document string            `cbor:"69,keyasint,omitempty"`
	Signed   []cbor.RawMessage `cbor:"70,keyasint,omitempty"`
	Hold     string            `cbor:"71,keyasint,omitempty"`
	Card     []byte            `cbor:"72,keyasint,omitempty"`
	Dossier  []byte            `cbor:"73,keyasint,omitempty"`
	Versions []uint32          `cbor:"74,keyasint,omitempty"`
	Events   []keptEvent       `cbor:"75,keyasint,omitempty"`
}

type keptEvent struct {
	At    int64        `cbor:"1,keyasint"`
	What  string       `cbor:"2,keyasint"`
	Node  []byte       `cbor:"3,keyasint,omitempty"`
	Place record.Place `cbor:"4,keyasint,omitzero"`
	How   string       `cbor:"5,keyasint,omitempty"`
}

// EncodeKept is the clear form of a kept record, to be sealed at once.
func EncodeKept(k record.Kept) []byte {
	out := kept{
		Visit: k.Visit[:], Until: k.Until, Place: k.Place, Type: k.Type, Name: k.Name.Reveal(), Document: k.Document, Hold: k.Hold,
		Signed: encodeSigned(k.Signed),
	}
	if k.Card != nil {
		out.Card = EncodeCard(*k.Card)
	}
	if k.Dossier != nil {
		out.Dossier = EncodeDossier(*k.Dossier)
	}
	if k.Versions != [2]uint32{} {
		out.Versions = k.Versions[:]
	}
	for _, e := range k.Events {
		out.Events = append(out.Events, keptEvent{e.At.UnixMilli(), e.What, e.Node[:], e.Place, e.How})
	}
	return withRest(out, k.Rest)
}

// DecodeKept reads an opened kept record.
func DecodeKept(b []byte) (record.Kept, error) {
	var k kept
	if err := unmarshal(b, MaxPart, &k, "kept record"); err != nil {
		return record.Kept{}, err
	}
	if len(k.Visit) != len(record.VisitID{}) {
		return record.Kept{}, ErrFormat
	}
	out := record.Kept{
		Visit: record.VisitID(k.Visit), Until: k.Until, Place: k.Place, Type: k.Type, Name: record.Private(k.Name), Document: k.Document,
		Hold: k.Hold, Rest: restOf(b, k),
	}
	var err error
	if out.Signed, err = decodeSigned(k.Signed); err != nil {
		return record.Kept{}, err
	}
	if len(k.Card) > 0 {
		c, err := DecodeCard(k.Card)
		if err != nil {
			return record.Kept{}, err
		}
		out.Card = &c
	}
	if len(k.Dossier) > 0 {
		d, err := DecodeDossier(k.Dossier)
		if err != nil {
			return record.Kept{}, err
		}
		out.Dossier = &d
	}
	copy(out.Versions[:], k.Versions)
	for _, e := range k.Events {
		one := record.KeptEvent{At: time.UnixMilli(e.At).UTC(), What: e.What, Place: e.Place, How: e.How}
		copy(one.Node[:], e.Node)
		out.Events = append(out.Events, one)
	}
	return out, nil
}
