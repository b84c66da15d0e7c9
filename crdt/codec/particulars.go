package codec

import "github.com/upprop/upprop/crdt/record"

// MaxPart bounds the clear form of one part of the particulars, in bytes.
const MaxPart = 32 << 10

type card struct {
	Name    string `cbor:"1,keyasint,omitempty"`
	Company string `cbor:"2,keyasint,omitempty"`
	Host    string `cbor:"3,keyasint,omitempty"`
	Assist  string `cbor:"4,keyasint,omitempty"`
}

type dossier struct {
	Email   string `cbor:"1,keyasint,omitempty"`
	Phone   string `cbor:"2,keyasint,omitempty"`
	Purpose string `cbor:"3,keyasint,omitempty"`
	Lang    string `cbor:"4,keyasint,omitempty"`
}

// EncodeCard is the clear form of a card, to be sealed at once.
func EncodeCard(c record.Card) []byte {
	return marshal(card{c.Name.Reveal(), c.Company.Reveal(), c.Host.Reveal(), c.Assist.Reveal()})
}

// DecodeCard reads an opened card.
func DecodeCard(b []byte) (record.Card, error) {
	var c card
	if err := unmarshal(b, MaxPart, &c, "card"); err != nil {
		return record.Card{}, err
	}
	return record.Card{
		Name: record.Private(c.Name), Company: record.Private(c.Company),
		Host: record.Private(c.Host), Assist: record.Private(c.Assist),
	}, nil
}

// EncodeDossier is the clear form of a dossier, to be sealed at once.
func EncodeDossier(d record.Dossier) []byte {
	return marshal(dossier{d.Email.Reveal(), d.Phone.Reveal(), d.Purpose.Reveal(), d.Lang})
}

// DecodeDossier reads an opened dossier.
func DecodeDossier(b []byte) (record.Dossier, error) {
	var d dossier
	if err := unmarshal(b, MaxPart, &d, "dossier"); err != nil {
		return record.Dossier{}, err
	}
	return record.Dossier{
		Email: record.Private(d.Email), Phone: record.Private(d.Phone),
		Purpose: record.Private(d.Purpose), Lang: d.Lang,
	}, nil
}
