// Package seal makes particulars readable for one audience only, until a date:
// part keys, the deadline keys of audiences, the envelopes between them, and
// the vault in which a node keeps the secrets that must be able to die. It
// does not know what is in a part, stores nothing but the vault's file, and
// says nothing about who wrote something: that is the signature around it.
//
// Invariant: what Open returns is, bit for bit, what was sealed for that
// visit, audience and version; anything else is an error.
package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/upprop/upprop/crdt/record"
)

// Errors that this package returns, matched with errors.Is.
var (
	// ErrNotForUs means that this node holds no private key that opens the
	// wrap. It is the everyday answer at entrances and relays.
	ErrNotForUs = errors.New("sealed for another audience")
	// ErrLocked means that names are locked: the private key is here, and the
	// PIN opens it.
	ErrLocked = errors.New("names are locked: unlock them with the PIN of this device")
	// ErrExpired means that the date of the key has passed.
	ErrExpired = errors.New("the date on which this had to be forgotten has passed")
	// ErrShredded means that the bucket key of a record at rest is gone, and
	// with it what the record held.
	ErrShredded = errors.New("the key of this record has been destroyed")
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
	// ErrWrite: the vault's file could not be written; what the file system said
	// is wrapped beside it.
	ErrWrite = errors.New("the vault's file cannot be written")
	// ErrFull means that the vault holds as many keys as it ever may.
	ErrFull = errors.New("the vault holds too many keys")
	// ErrFormat is matched by every decoding error.
	ErrFormat = errors.New("not in the expected form")
	// ErrPIN means that the PIN is not the one that was set.
	ErrPIN = errors.New("this is not the PIN that was set on this device")
	// ErrPassphrase means that the vault has a passphrase, and it was not
	// given or was another.
	ErrPassphrase = errors.New("the vault of this node opens with a passphrase, and this is not it: give the one that was set, or the node cannot start")
	// ErrNewer means that a vault, keyring or grant was written by a newer
	// release.
	ErrNewer = errors.New("these keys were written by a newer release of upprop: install that release, or restore a backup made by this one")
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

// Wrap is the key of one part, readable for the holders of one audience key;
// or, with audience bearer, KeyID and Context zero, for whoever holds the
// secret of the badge.
type Wrap struct {
	Audience record.Audience
	Version  uint32
	KeyID    KeyID
	Context  ContextID
	Box      []byte
	// Until is the date on which the wrap must die, where Seal made it, or who
	// read it has set it. It is not part of Encode: the signed record around the
	// wrap carries it, and KeyID binds the date of the key.
	Until record.Day
}

// Hash is what the signed record carries in place of the wrap: the SHA-256 of
// Encode.
func (w Wrap) Hash() [32]byte { return sha256.Sum256(w.Encode()) }

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

// hasKeys reports whether an audience has deadline keys.
func hasKeys(a record.Audience) bool {
	return a == record.CardAudience || a == record.DossierAudience
}

func known(a record.Audience) bool { return hasKeys(a) || a.OfPaper() }

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
