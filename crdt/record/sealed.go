package record

// Audience is who may open a part of the particulars.
type Audience string

const (
	// CardAudience: wardens and desks.
	CardAudience Audience = "card"
	// DossierAudience: desks.
	DossierAudience Audience = "dossier"
)

// PartKey says which part of which visit.
type PartKey struct {
	Visit    VisitID
	Audience Audience
}

// SealedKind says what an entry of a sealed document is.
type SealedKind string

const (
	// PartPut: the sealed bytes of one part.
	PartPut SealedKind = "part"
	// KeyPut: the wrapped key of one part.
	KeyPut SealedKind = "key"
	// ContextPut: the encapsulation that wrapped keys of one sealing node
	// and audience refer to.
	ContextPut SealedKind = "context"
	// Shred: the keys of the visit are destroyed. Wins over every KeyPut,
	// whichever comes first.
	Shred SealedKind = "shred"
)

// SealedEntry is one entry of a sealed document. Box is opaque here.
type SealedEntry struct {
	Kind     SealedKind `cbor:"1,keyasint"`
	At       HLC        `cbor:"2,keyasint"`
	Visit    VisitID    `cbor:"3,keyasint,omitempty"`
	Audience Audience   `cbor:"4,keyasint,omitempty"`
	// Version counts re-sealings of a part from 1; the highest stands.
	Version uint32 `cbor:"5,keyasint,omitempty"`
	// Context is the id of a ContextPut.
	Context []byte `cbor:"6,keyasint,omitempty"`
	Box     []byte `cbor:"7,keyasint,omitempty"`
}

// Card is the part of the particulars that wardens and desks may read.
type Card struct {
	Name, Company, Host Private
	// Assist is the help that the person needs to get out, told with consent.
	Assist Private
}

// Dossier is the part that desks alone may read.
type Dossier struct {
	Email, Phone, Purpose Private
	// Lang is the language that the person chose.
	Lang string
}
