// Package seal makes particulars readable for one audience only: part keys,
// the keys of audiences, and the envelopes between them. It does not know
// what is in a part, stores nothing but a node's own private keys, and says
// nothing about who wrote something: that is the signature around it.
//
// Invariant: what Open returns is, bit for bit, what was sealed for that
// visit, audience and version; anything else is an error.
package seal

import (
	"encoding/binary"
	"errors"

	"github.com/upprop/upprop/crdt/record"
)

// Errors that this package returns, matched with errors.Is.
var (
	// ErrNotForUs means that this node holds no private key that opens the
	// wrap. It is the everyday answer at entrances and relays.
	ErrNotForUs = errors.New("sealed for another audience")
	// ErrAltered means that part, wrap and context do not belong together, or
	// have been changed. Nothing of the content is revealed.
	ErrAltered = errors.New("sealed data has been altered")
	// ErrNoContext means that the context which the wrap names is not here
	// yet; try again when it has come.
	ErrNoContext = errors.New("sealing context has not arrived")
	// ErrNoKey means that no public key of an audience is known, so nothing
	// can be sealed for it.
	ErrNoKey = errors.New("no key of the audience is known")
	// ErrTooLong means that a part is longer than MaxPart.
	ErrTooLong = errors.New("part is too long to seal")
	// ErrFormat is matched by every decoding error.
	ErrFormat = errors.New("not in the expected form")
	// ErrNewer means that the keyring was written by a newer release.
	ErrNewer = errors.New("this keyring was written by a newer release of upprop: install that release, or restore a backup made by this one")
)

// MaxPart is the length of the longest part, in bytes.
const MaxPart = 192 << 10

// KeyID names the key pair of an audience.
type KeyID [8]byte

// ContextID names a sealing context.
type ContextID [16]byte

// Part is one sealed part of a visit's particulars. Box is the nonce and the
// padded ciphertext.
type Part struct {
	Audience record.Audience
	Version  uint32
	Box      []byte
}

// Wrap is the key of one part, readable for the holders of one audience key.
type Wrap struct {
	Audience record.Audience
	Version  uint32
	KeyID    KeyID
	Context  ContextID
	Box      []byte
}

// Context is what holders of the key need to open the wraps that name it. It
// is public, and belongs to the sealing node.
type Context struct {
	ID    ContextID
	KeyID KeyID
	Enc   []byte
}

// Sealed is what one Seal yields: a part and a wrap for each audience, and the
// contexts that must be stored no later than they.
type Sealed struct {
	Parts    []Part
	Wraps    []Wrap
	Contexts []Context
}

func known(a record.Audience) bool {
	return a == record.CardAudience || a == record.DossierAudience
}

// stamp is what a part key belongs to; it never seals two different parts
// within a context.
type stamp struct {
	visit    record.VisitID
	audience record.Audience
	version  uint32
}

// bind is the one encoding of a domain and a stamp; more is of fixed length
// in each domain.
func (s stamp) bind(domain string, more ...[]byte) []byte {
	b := make([]byte, 0, 96)
	b = append(b, byte(len(domain)))
	b = append(b, domain...)
	b = append(b, s.visit[:]...)
	b = append(b, byte(len(s.audience)))
	b = append(b, s.audience...)
	b = binary.BigEndian.AppendUint32(b, s.version)
	for _, m := range more {
		b = append(b, m...)
	}
	return b
}
