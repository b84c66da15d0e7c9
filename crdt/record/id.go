package record

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// VisitID names one stay of one person: 128 random bits. Its text form is 27
// characters, the last one a check character.
type VisitID [16]byte

const (
	saltVisit = 1
	saltNode  = 2
	saltBadge = 3
	saltErase = 4
)

func (id VisitID) String() string { return encode(id[:], 128, saltVisit) }

// Short is the first six characters, for logs.
func (id VisitID) Short() string { return id.String()[:6] }

// IsZero reports whether id names no visit.
func (id VisitID) IsZero() bool { return id == VisitID{} }

// MarshalText writes the form of String.
func (id VisitID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form of String.
func (id *VisitID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseVisitID(string(b))
	return err
}

// ParseVisitID reads the text form of a visit id. Errors match ErrCode.
func ParseVisitID(s string) (id VisitID, err error) {
	err = decode(s, id[:], 128, saltVisit, "this visit code")
	return id, err
}

// Badge is the code printed on the badge of a visit: its first 35 bits and a
// check character. An entrance gives out only visit ids whose badge it has not
// seen in any retained visit, so two visits share a badge only when two
// cut-off entrances drew it at once (chance about n²/2³⁶ for n visits).
func (id VisitID) Badge() BadgeCode {
	return BadgeCode(binary.BigEndian.Uint64(id[:8]) >> (64 - badgeBits))
}

// BadgeCode is what a person reads on a badge and types at a kiosk: 35 bits,
// shown as seven characters and a check character, XXXX-XXXX.
type BadgeCode uint64

const badgeBits = 35

// MaxBadge is the greatest badge code.
const MaxBadge BadgeCode = 1<<badgeBits - 1

func (b BadgeCode) bytes() (p [5]byte) {
	v := uint64(b) << (40 - badgeBits)
	for i := range p {
		p[i] = byte(v >> (32 - 8*i))
	}
	return p
}

func (b BadgeCode) String() string {
	p := b.bytes()
	s := encode(p[:], badgeBits, saltBadge)
	return s[:4] + "-" + s[4:]
}

// MarshalText writes the form of String.
func (b BadgeCode) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads the form of String.
func (b *BadgeCode) UnmarshalText(t []byte) (err error) {
	*b, err = ParseBadge(string(t))
	return err
}

// Bounds are the first and last visit ids that carry this badge.
func (b BadgeCode) Bounds() (lo, hi VisitID) {
	binary.BigEndian.PutUint64(lo[:8], uint64(b)<<(64-badgeBits))
	binary.BigEndian.PutUint64(hi[:8], uint64(b)<<(64-badgeBits)|(1<<(64-badgeBits)-1))
	for i := 8; i < len(hi); i++ {
		hi[i] = 0xff
	}
	return lo, hi
}

// ParseBadge reads a badge code as a person types it: any case, spaces and
// hyphens, and O, I, L for 0 and 1. Errors match ErrCode.
func ParseBadge(s string) (BadgeCode, error) {
	var p [5]byte
	if err := decode(s, p[:], badgeBits, saltBadge, "this badge code"); err != nil {
		return 0, err
	}
	var v uint64
	for _, c := range p {
		v = v<<8 | uint64(c)
	}
	return BadgeCode(v >> (40 - badgeBits)), nil
}

// EvacID names one start of an evacuation: 128 random bits.
type EvacID [16]byte

const saltEvac = 5

func (id EvacID) String() string { return encode(id[:], 128, saltEvac) }

// IsZero reports whether id names no evacuation.
func (id EvacID) IsZero() bool { return id == EvacID{} }

// MarshalText writes the form of String.
func (id EvacID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form of String.
func (id *EvacID) UnmarshalText(b []byte) error {
	return decode(string(b), id[:], 128, saltEvac, "this evacuation code")
}

// OnceID is 16 random bytes by which the same act, delivered twice, is known.
type OnceID [16]byte

// MarshalText writes 32 hexadecimal digits.
func (id OnceID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads what MarshalText writes; nothing is none. Errors match
// ErrCode.
func (id *OnceID) UnmarshalText(b []byte) error {
	*id = OnceID{}
	if len(b) == 0 {
		return nil
	}
	if len(b) != hex.EncodedLen(len(id)) {
		return fmt.Errorf("this id of an act is not 32 hexadecimal digits: %w", ErrCode)
	}
	if _, err := hex.Decode(id[:], b); err != nil {
		return fmt.Errorf("this id of an act is not 32 hexadecimal digits: %w", ErrCode)
	}
	return nil
}

// IsZero reports whether there is none.
func (id OnceID) IsZero() bool { return id == OnceID{} }

// NodeID names a node: the first 16 bytes of the SHA-256 of its public key.
type NodeID [16]byte

func (id NodeID) String() string { return encode(id[:], 128, saltNode) }

// IsZero reports whether id names nobody.
func (id NodeID) IsZero() bool { return id == NodeID{} }

// MarshalText writes the form of String.
func (id NodeID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form of String.
func (id *NodeID) UnmarshalText(b []byte) error {
	return decode(string(b), id[:], 128, saltNode, "this node id")
}

// ErasureID names one act of erasing, so that its receipts can be asked for.
type ErasureID [16]byte

func (id ErasureID) String() string { return encode(id[:], 128, saltErase) }

// IsZero reports whether id names no erasure.
func (id ErasureID) IsZero() bool { return id == ErasureID{} }

// MarshalText writes the form of String.
func (id ErasureID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form of String.
func (id *ErasureID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseErasureID(string(b))
	return err
}

// ParseErasureID reads the text form of an erasure id. Errors match ErrCode.
func ParseErasureID(s string) (id ErasureID, err error) {
	err = decode(s, id[:], 128, saltErase, "this erasure id")
	return id, err
}

// ActorID names one writer: a node and one of its incarnations (8 bytes of
// start time in Unix milliseconds, big-endian, and 8 random bytes). A node
// that starts anew writes as a new actor, so that one restored from an old
// copy never reuses a sequence number.
type ActorID [32]byte

// NewActor is the actor of a node that starts at unixMilli with these random
// bytes.
func NewActor(node NodeID, unixMilli int64, random [8]byte) (a ActorID) {
	copy(a[:16], node[:])
	binary.BigEndian.PutUint64(a[16:24], uint64(unixMilli))
	copy(a[24:], random[:])
	return a
}

// Node is the node that writes as this actor.
func (a ActorID) Node() NodeID { return NodeID(a[:16]) }

// Hex is the form that Automerge uses: lower-case hex.
func (a ActorID) Hex() string { return hex.EncodeToString(a[:]) }

func (a ActorID) String() string { return a.Hex() }

// EventID is where an event stands: its document, its writer and the
// writer's sequence number there, from 1.
type EventID struct {
	Doc   DocID   `cbor:"1,keyasint"`
	Actor ActorID `cbor:"2,keyasint"`
	Seq   uint64  `cbor:"3,keyasint"`
}

// Key is the key of the event in its Automerge document: `<actor>:<seq>`.
func (id EventID) Key() string { return fmt.Sprintf("%s:%d", id.Actor.Hex(), id.Seq) }

// Compare orders event ids totally; the order has no meaning beyond ties.
func (id EventID) Compare(o EventID) int {
	if c := strings.Compare(string(id.Doc), string(o.Doc)); c != 0 {
		return c
	}
	if c := strings.Compare(string(id.Actor[:]), string(o.Actor[:])); c != 0 {
		return c
	}
	switch {
	case id.Seq < o.Seq:
		return -1
	case id.Seq > o.Seq:
		return 1
	}
	return 0
}

// qrPrefix begins the payload of a badge's QR code as older releases printed
// it; the digit is its version. The whole payload is upper-case letters and
// digits, so that it fits QR's alphanumeric mode and no keyboard layout of a
// scanner can mangle it.
const qrPrefix = "UP1"

// QR is the payload of the QR code on badges of older releases: the visit
// alone, unsigned.
func (id VisitID) QR() string { return qrPrefix + id.String() }

// Code is what a person shows to check out: a badge code, or the whole visit.
type Code struct {
	Badge BadgeCode
	// Visit is zero when only the badge code was given.
	Visit VisitID
	// QR is set when a signed QR was shown; its signature is unchecked here.
	QR *QR
}

// ErrNewerCode means a QR code made by a newer release.
var ErrNewerCode = errors.New("this QR code was made by a newer release")

// ParseCode reads a badge code, a visit id or the payload of a QR code.
// Errors match ErrCode or ErrNewerCode.
func ParseCode(s string) (Code, error) {
	t := plainCode(s)
	switch {
	case newerCode(t):
		return Code{}, fmt.Errorf("read the code: %w", ErrNewerCode)
	case strings.HasPrefix(t, qrPrefix2): // no other code has a U
		q, err := parseQR(t)
		if err != nil {
			return Code{}, err
		}
		return Code{Badge: q.Visit.Badge(), Visit: q.Visit, QR: &q}, nil
	case len(t) > 27 && strings.HasPrefix(t, qrPrefix):
		t = t[len(qrPrefix):]
	}
	if len(t) > 8 {
		v, err := ParseVisitID(t)
		return Code{Badge: v.Badge(), Visit: v}, err
	}
	b, err := ParseBadge(t)
	return Code{Badge: b}, err
}
