// Package beat is the logic of freshness beats: the signed word of a node
// that, at a time of its own clock, everything it had acknowledged was within
// a position. It is not a network and not a clock; whoever carries beats calls
// it with the times of receipt.
//
// Invariant: a node's complete-as-of never runs ahead of what is folded here,
// and never goes back.
package beat

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/upprop/upprop/mesh/identity"
)

const (
	// Domain separates the signatures of beats from all others.
	Domain = "beat"
	// MaxPosition bounds a beat's position, in bytes.
	MaxPosition = 3 << 10
	// MaxSize bounds an encoded beat, in bytes.
	MaxSize = MaxPosition + 256

	version   = 1
	sigSize   = 64
	maxMillis = 1<<47 - 1 // some time in the year 6429; keeps time arithmetic safe
)

// ErrMalformed means that bytes are not a beat in its one canonical form.
var ErrMalformed = errors.New("beat is malformed")

// Beat says: every entry that Node acknowledged before At is within Position.
type Beat struct {
	Node        identity.NodeID
	Incarnation Incarnation
	// N counts the beats of an incarnation, from 1.
	N uint64
	// At is by the node's own clock; milliseconds count, the rest is dropped.
	At time.Time
	// Position is opaque here; the log that wrote it compares it.
	Position []byte
	// Sig is the node's signature over Message, in Domain.
	Sig []byte
}

type body struct {
	_           struct{} `cbor:",toarray"`
	Version     uint
	Node        []byte
	Incarnation []byte
	N           uint64
	At          uint64
	Position    []byte
}

type envelope struct {
	_    struct{} `cbor:",toarray"`
	Body cbor.RawMessage
	Sig  []byte
}

var (
	enc = must(cbor.CoreDetEncOptions().EncMode())
	dec = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxNestedLevels:  4,
		MaxArrayElements: 16,
		MaxMapPairs:      16,
		TagsMd:           cbor.TagsForbidden,
	}.DecMode())
)

// must is for package initialisation only, where options are constants.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Message is what a node signs: the beat without its signature. It refuses a
// position over MaxPosition and times outside the wire's range.
func (b Beat) Message() ([]byte, error) {
	ms := b.At.UnixMilli()
	switch {
	case len(b.Position) > MaxPosition:
		return nil, fmt.Errorf("encode beat: position of %d bytes, at most %d allowed", len(b.Position), MaxPosition)
	case ms < 0 || ms > maxMillis:
		return nil, fmt.Errorf("encode beat: time %s is out of range", b.At)
	}
	position := b.Position
	if position == nil {
		position = []byte{}
	}
	msg, err := enc.Marshal(body{
		Version: version, Node: b.Node[:], Incarnation: b.Incarnation[:],
		N: b.N, At: uint64(ms), Position: position,
	})
	if err != nil {
		return nil, fmt.Errorf("encode beat: %w", err)
	}
	return msg, nil
}

// Encode is the beat's one wire form.
func (b Beat) Encode() ([]byte, error) {
	msg, err := b.Message()
	if err != nil {
		return nil, err
	}
	raw, err := enc.Marshal(envelope{Body: msg, Sig: b.Sig})
	if err != nil {
		return nil, fmt.Errorf("encode beat: %w", err)
	}
	return raw, nil
}

// Decode reads what Encode wrote and nothing else; errors match ErrMalformed.
// The signature is not checked. The beat shares no memory with raw.
func Decode(raw []byte) (Beat, error) {
	if len(raw) > MaxSize {
		return Beat{}, fmt.Errorf("%w: %d bytes, at most %d allowed", ErrMalformed, len(raw), MaxSize)
	}
	var env envelope
	if err := dec.Unmarshal(raw, &env); err != nil {
		return Beat{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var w body
	if err := dec.Unmarshal(env.Body, &w); err != nil {
		return Beat{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var b Beat
	switch {
	case w.Version != version:
		return Beat{}, fmt.Errorf("%w: version %d is unknown", ErrMalformed, w.Version)
	case len(w.Node) != len(b.Node), len(w.Incarnation) != len(b.Incarnation), len(env.Sig) != sigSize:
		return Beat{}, fmt.Errorf("%w: a field has the wrong size", ErrMalformed)
	case len(w.Position) > MaxPosition, w.At > maxMillis, w.N == 0:
		return Beat{}, fmt.Errorf("%w: a field is out of range", ErrMalformed)
	}
	b = Beat{
		Node: identity.NodeID(w.Node), Incarnation: Incarnation(w.Incarnation),
		N: w.N, At: time.UnixMilli(int64(w.At)), Position: w.Position, Sig: env.Sig,
	}
	if !b.Incarnation.valid() {
		return Beat{}, fmt.Errorf("%w: incarnation is out of range", ErrMalformed)
	}
	again, err := b.Encode()
	if err != nil || !bytes.Equal(again, raw) {
		return Beat{}, fmt.Errorf("%w: not in canonical form", ErrMalformed)
	}
	return b, nil
}

// Compare orders the beats of one node by incarnation, then by count.
func (b Beat) Compare(c Beat) int {
	if by := b.Incarnation.Compare(c.Incarnation); by != 0 {
		return by
	}
	return cmp.Compare(b.N, c.N)
}

// Same reports whether b and c are the same beat in every byte but the
// signature's freedom: it is false for two beats that a cloned node signed
// under one count.
func (b Beat) Same(c Beat) bool {
	return b.Node == c.Node && b.Incarnation == c.Incarnation && b.N == c.N &&
		b.At.Equal(c.At) && bytes.Equal(b.Position, c.Position) && bytes.Equal(b.Sig, c.Sig)
}
