package record

import (
	"math"
	"time"
)

// Audience is who may open a part of the particulars.
type Audience string

const (
	// CardAudience: wardens and desks.
	CardAudience Audience = "card"
	// DossierAudience: desks.
	DossierAudience Audience = "dossier"
	// BearerAudience: the one who shows the visit's badge.
	BearerAudience Audience = "bearer"
	// BeforeAudience: the one who shows an invitation, of what they filled in before
	// they came.
	BeforeAudience Audience = "before"
)

// OfPaper reports whether a part is opened by the secret of a paper, and by no key
// of the campus.
func (a Audience) OfPaper() bool { return a == BearerAudience || a == BeforeAudience }

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
	// Until is the date (UTC) on which what a KeyPut opens must die. A KeyPut
	// without one is of an older release and carries its wrapped key in Box.
	Until Day `cbor:"8,keyasint,omitempty"`
	// Hash is the SHA-256 of the wrapped key, 32 bytes, on a KeyPut with Until:
	// the wrapped key itself is not part of what is signed and logged, so that
	// it can be destroyed.
	Hash []byte `cbor:"9,keyasint,omitempty"`
}

// NextVersion is the version of a sealing that is to stand before one of version v.
// There is none after the last, which no honest node reaches: there, of two of the
// same version, the later stands. It never begins again at zero, below all others.
func NextVersion(v uint32) uint32 { return v + min(1, math.MaxUint32-v) }

// Card is the part of the particulars that wardens and desks may read.
type Card struct {
	Name, Company, Host Private
	// Assist is the help that the person needs to get out, told with consent.
	Assist Private
	// Rest is what a newer release has written and this one does not know, encoded;
	// it is kept when what is sealed is sealed anew.
	Rest Private
}

// Dossier is the part that desks alone may read.
type Dossier struct {
	Email, Phone, Purpose Private
	// Lang is the language that the person chose.
	Lang string
	// Notify: the person has agreed to be told at these addresses when the alarm
	// goes.
	Notify bool
	// Signed are the documents that the person has signed.
	Signed []Signature
	// Consents are what the person has agreed to, withdrawn ones included.
	Consents []Consent
	// Matches are those of the watch list, as the node saw them that the person
	// came to.
	Matches []Match
	// Rest is that of a Card.
	Rest Private
}

// Consent is one consent: for what, by which words, when, and whether it stands.
type Consent struct {
	// Purpose is an id: "assist", "notify".
	Purpose string
	// Version and Hash name the words, and Lang their language.
	Version    int
	Hash, Lang string
	// At is when it was given, to the millisecond in UTC, and How where: "kiosk",
	// "desk", "command", "api".
	At  time.Time
	How string
	// Guardian: it was given by a guardian of somebody under 16.
	Guardian bool
	// Withdrawn is zero while it stands.
	Withdrawn    time.Time
	WithdrawnHow string
	// Rest is that of a Card.
	Rest Private
}
