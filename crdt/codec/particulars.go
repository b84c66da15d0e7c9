package codec

import (
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/upprop/upprop/crdt/record"
)

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
	Notify  bool   `cbor:"5,keyasint,omitempty"`
	// Signed and Consents are releases later: who does not know them keeps them as
	// they are. They are encoded apart, each with what is not known of it.
	Signed   []cbor.RawMessage `cbor:"6,keyasint,omitempty"`
	Consents []cbor.RawMessage `cbor:"7,keyasint,omitempty"`
	Matches  []cbor.RawMessage `cbor:"20,keyasint,omitempty"`
}

type match struct {
	Entry string `cbor:"1,keyasint"`
	By    string `cbor:"2,keyasint,omitempty"`
	Wait  bool   `cbor:"3,keyasint,omitempty"`
}

type signature struct {
	Document string `cbor:"1,keyasint"`
	Lang     string `cbor:"2,keyasint"`
	Hash     string `cbor:"3,keyasint"`
	Version  string `cbor:"4,keyasint"`
	At       int64  `cbor:"5,keyasint"`
	How      string `cbor:"6,keyasint"`
	Name     string `cbor:"7,keyasint,omitempty"`
	Drawing  string `cbor:"8,keyasint,omitempty"`
}

type consent struct {
	Purpose      string `cbor:"1,keyasint,omitempty"`
	Version      int    `cbor:"2,keyasint,omitempty"`
	Hash         string `cbor:"3,keyasint,omitempty"`
	Lang         string `cbor:"4,keyasint,omitempty"`
	At           int64  `cbor:"5,keyasint,omitempty"`
	How          string `cbor:"6,keyasint,omitempty"`
	Guardian     bool   `cbor:"7,keyasint,omitempty"`
	Withdrawn    int64  `cbor:"8,keyasint,omitempty"`
	WithdrawnHow string `cbor:"9,keyasint,omitempty"`
}

func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func atMilli(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// EncodeCard is the clear form of a card, to be sealed at once.
func EncodeCard(c record.Card) []byte {
	return withRest(card{c.Name.Reveal(), c.Company.Reveal(), c.Host.Reveal(), c.Assist.Reveal()}, c.Rest)
}

// DecodeCard reads an opened card.
func DecodeCard(b []byte) (record.Card, error) {
	var c card
	if err := unmarshal(b, MaxPart, &c, "card"); err != nil {
		return record.Card{}, err
	}
	return record.Card{
		Name: record.Private(c.Name), Company: record.Private(c.Company),
		Host: record.Private(c.Host), Assist: record.Private(c.Assist), Rest: restOf(b, c),
	}, nil
}

// EncodeDossier is the clear form of a dossier, to be sealed at once.
func EncodeDossier(d record.Dossier) []byte {
	out := dossier{Email: d.Email.Reveal(), Phone: d.Phone.Reveal(), Purpose: d.Purpose.Reveal(), Lang: d.Lang, Notify: d.Notify}
	out.Signed = encodeSigned(d.Signed)
	for _, c := range d.Consents {
		one := consent{c.Purpose, c.Version, c.Hash, c.Lang, milli(c.At), c.How, c.Guardian, milli(c.Withdrawn), c.WithdrawnHow}
		out.Consents = append(out.Consents, withRest(one, c.Rest))
	}
	for _, m := range d.Matches {
		out.Matches = append(out.Matches, withRest(match{m.Entry, m.By, m.Wait}, m.Rest))
	}
	return withRest(out, d.Rest)
}

// DecodeDossier reads an opened dossier.
func DecodeDossier(b []byte) (record.Dossier, error) {
	var d dossier
	if err := unmarshal(b, MaxPart, &d, "dossier"); err != nil {
		return record.Dossier{}, err
	}
	out := record.Dossier{
		Email: record.Private(d.Email), Phone: record.Private(d.Phone),
		Purpose: record.Private(d.Purpose), Lang: d.Lang, Notify: d.Notify, Rest: restOf(b, d),
	}
	var err error
	if out.Signed, err = decodeSigned(d.Signed); err != nil {
		return record.Dossier{}, err
	}
	for _, raw := range d.Consents {
		var c consent
		if err := unmarshal(raw, MaxPart, &c, "consent"); err != nil {
			return record.Dossier{}, err
		}
		out.Consents = append(out.Consents, record.Consent{
			Purpose: c.Purpose, Version: c.Version, Hash: c.Hash, Lang: c.Lang, At: atMilli(c.At), How: c.How,
			Guardian: c.Guardian, Withdrawn: atMilli(c.Withdrawn), WithdrawnHow: c.WithdrawnHow, Rest: restOf(raw, c),
		})
	}
	for _, raw := range d.Matches {
		var m match
		if err := unmarshal(raw, MaxPart, &m, "match"); err != nil {
			return record.Dossier{}, err
		}
		out.Matches = append(out.Matches, record.Match{Entry: m.Entry, By: m.By, Wait: m.Wait, Rest: restOf(raw, m)})
	}
	return out, nil
}

func encodeSigned(all []record.Signature) (out []cbor.RawMessage) {
	for _, s := range all {
		one := signature{s.Document, s.Lang, s.Hash, s.Version, s.At, s.How, s.Name.Reveal(), s.Drawing.Reveal()}
		out = append(out, withRest(one, s.Rest))
	}
	return out
}

func decodeSigned(all []cbor.RawMessage) (out []record.Signature, err error) {
	for _, raw := range all {
		var s signature
		if err := unmarshal(raw, MaxPart, &s, "signature"); err != nil {
			return nil, err
		}
		out = append(out, record.Signature{
			Document: s.Document, Lang: s.Lang, Hash: s.Hash, Version: s.Version, At: s.At, How: s.How,
			Name: record.Private(s.Name), Drawing: record.Private(s.Drawing), Rest: restOf(raw, s),
		})
	}
	return out, nil
}

// invite has keys that no other part has, so that none reads as another.
type invite struct {
	Name     string `cbor:"32,keyasint"`
	Company  string `cbor:"33,keyasint,omitempty"`
	Host     string `cbor:"34,keyasint,omitempty"`
	Email    string `cbor:"35,keyasint,omitempty"`
	Phone    string `cbor:"36,keyasint,omitempty"`
	Purpose  string `cbor:"37,keyasint,omitempty"`
	HostMail string `cbor:"38,keyasint,omitempty"`
	Note     string `cbor:"39,keyasint,omitempty"`
	Lang     string `cbor:"40,keyasint,omitempty"`
	Secret   []byte `cbor:"41,keyasint,omitempty"`
	Code     string `cbor:"42,keyasint,omitempty"`
	Thread   string `cbor:"43,keyasint,omitempty"`
	Turn     int    `cbor:"44,keyasint,omitempty"`
}

// EncodeInvite is the clear form of what an invitation says, to be sealed at
// once.
func EncodeInvite(i record.Invite) []byte {
	out := invite{
		Name: i.Name.Reveal(), Company: i.Company.Reveal(), Host: i.Host.Reveal(), Email: i.Email.Reveal(), Phone: i.Phone.Reveal(),
		Purpose: i.Purpose.Reveal(), HostMail: i.HostMail.Reveal(), Note: i.Note.Reveal(), Lang: i.Lang, Code: i.Code.Reveal(),
		Thread: i.Thread, Turn: i.Turn,
	}
	if i.Secret != [16]byte{} {
		out.Secret = i.Secret[:]
	}
	return marshal(out)
}

// DecodeInvite reads what an invitation says.
func DecodeInvite(b []byte) (record.Invite, error) {
	var i invite
	if err := unmarshal(b, MaxPart, &i, "invitation"); err != nil {
		return record.Invite{}, err
	}
	out := record.Invite{
		Name: record.Private(i.Name), Company: record.Private(i.Company), Host: record.Private(i.Host), Email: record.Private(i.Email),
		Phone: record.Private(i.Phone), Purpose: record.Private(i.Purpose), HostMail: record.Private(i.HostMail), Note: record.Private(i.Note),
		Lang: i.Lang, Code: record.Private(i.Code), Thread: i.Thread, Turn: i.Turn,
	}
	copy(out.Secret[:], i.Secret)
	return out, nil
}
