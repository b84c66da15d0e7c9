// Package pairing lets a warden's phone stand in for a handheld: a node signs a
// pairing, the phone keeps it, and every node of the campus knows it by that
// signature, alone and without having heard of it. It is not a place for lists
// or marks; it says only who asks.
//
// Invariant: whoever shows a pairing that counts was given it by a member in
// good standing, holds its secret, and has not been sent away as far as this
// node knows. What is signed holds nobody's name.
package pairing

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
)

// Domain is what the signature of a pairing is for.
const Domain = "phone"

const (
	version = 1
	// MaxLabel is the longest label, in bytes.
	MaxLabel = 48
	idSize   = 8
	secret   = 32
	sigSize  = 64
	head     = 1 + idSize + 16 + 8 + sha256.Size + 1
)

// ID names a pairing, among all of the campus.
type ID [idSize]byte

// String is 13 letters and digits.
func (id ID) String() string { return idText.EncodeToString(id[:]) }

// ParseID reads what String wrote, in either case.
func ParseID(s string) (id ID, err error) {
	b, err := idText.DecodeString(strings.ToUpper(strings.TrimSpace(s)))
	if err != nil || len(b) != idSize {
		return id, ErrID
	}
	return ID(b), nil
}

// Pairing is what a node signs.
type Pairing struct {
	ID ID
	// Node is the member that signed it.
	Node record.NodeID
	// Expires is when it ends by itself, in whole seconds.
	Expires time.Time
	// Label says which phone it is, by duty or by number, never by a person's
	// name: it is signed, kept and shown.
	Label string
	sum   [sha256.Size]byte
}

// Errors about pairings.
var (
	ErrID = errors.New("this is not the id of a pairing: write it as `upprop phone list` does")
	// ErrForm means that the bytes are no pairing.
	ErrForm = errors.New("not a pairing")
	// ErrSigner: the node that signed it is not known here, or may not.
	ErrSigner = errors.New("not signed by a member of this campus")
	// ErrOver: the pairing has ended.
	ErrOver = errors.New("this pairing has ended")
)

// Key is what a phone holds and shows: a pairing with its secret. It prints as
// the pairing's id.
type Key struct {
	Pairing
	raw    []byte // what is signed, and the signature
	secret [secret]byte
}

// String is the id: the rest is a secret.
func (k Key) String() string { return "pairing " + k.ID.String() }

// GoString is String.
func (k Key) GoString() string { return k.String() }

// text is base64url without padding (RFC 4648): it stands in a fragment and in
// a header.
var text = base64.RawURLEncoding.Strict()

// Text is the whole key, for the phone alone.
func (k Key) Text() string { return text.EncodeToString(append(bytes.Clone(k.raw), k.secret[:]...)) }

// draw makes a key; sign signs with the node's key under Domain.
func draw(p Pairing, sign func([]byte) []byte, random io.Reader) (Key, error) {
	if random == nil {
		random = rand.Reader
	}
	k := Key{Pairing: p}
	for _, b := range [][]byte{k.ID[:], k.secret[:]} {
		if _, err := io.ReadFull(random, b); err != nil {
			return Key{}, err
		}
	}
	k.sum = sha256.Sum256(k.secret[:])
	b := make([]byte, 0, head+len(k.Label)+sigSize)
	b = append(b, version)
	b = append(b, k.ID[:]...)
	b = append(b, k.Node[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(k.Expires.Unix()))
	b = append(b, k.sum[:]...)
	b = append(b, byte(len(k.Label)))
	b = append(b, k.Label...)
	k.raw = append(b, sign(b)...)
	return k, nil
}

// parse reads a key's text. Nothing is checked but its form, and that the
// secret is the one that the pairing names. Errors: ErrForm.
func parse(s string) (k Key, signed, sig []byte, err error) {
	b, err := text.DecodeString(s)
	if err != nil || len(b) < head+sigSize+secret || b[0] != version {
		return Key{}, nil, nil, ErrForm
	}
	label := int(b[head-1])
	if label > MaxLabel || len(b) != head+label+sigSize+secret || !utf8.Valid(b[head:head+label]) {
		return Key{}, nil, nil, ErrForm
	}
	k.raw = b[:head+label+sigSize]
	signed, sig = b[:head+label], b[head+label:head+label+sigSize]
	k.secret = [secret]byte(b[head+label+sigSize:])
	k.ID, k.Node = ID(b[1:1+idSize]), record.NodeID(b[1+idSize:1+idSize+16])
	at := binary.BigEndian.Uint64(b[1+idSize+16:])
	if at > 253402300799 { // the end of the year 9999
		return Key{}, nil, nil, ErrForm
	}
	k.Expires = time.Unix(int64(at), 0).UTC()
	k.sum = [sha256.Size]byte(b[1+idSize+16+8:])
	k.Label = string(b[head : head+label])
	if sum := sha256.Sum256(k.secret[:]); subtle.ConstantTimeCompare(sum[:], k.sum[:]) != 1 {
		return Key{}, nil, nil, ErrForm
	}
	return k, signed, sig, nil
}
