package envelope

import (
	"encoding/binary"
	"fmt"

	"github.com/upprop/upprop/crdt/record"
)

// A run is entries of one writer in one document that follow one another,
// under the proof of the last alone. It serves where each payload names the
// hash of the one before: whoever checks those links needs no other proof of
// the earlier ones. The package does not check them.
const (
	versionBare = 2
	versionRun  = 3

	// MaxRun bounds the entries of a run, RunBytes their payloads together.
	MaxRun   = 64
	RunBytes = 256 << 10
	// MaxRunSize bounds an encoded run, in bytes.
	MaxRunSize = RunBytes + 2048 + 4*MaxRun
)

// Bare reports whether e has no proof of its own: it came in a run. Verify
// refuses it, and it may be handed on only in a run.
func (e *Envelope) Bare() bool { return e.Size == 0 }

// Strip takes e's proof away.
func (e *Envelope) Strip() {
	e.Index, e.Size, e.Path, e.Signature, e.Aside = 0, 0, nil, [64]byte{}, nil
}

// IsRun reports whether b begins as EncodeRun writes several entries.
func IsRun(b []byte) bool { return len(b) > 0 && b[0] == versionRun }

// EncodeRun writes entries with ascending numbers; only the last one's proof
// is kept. One entry is written as an envelope. Callers keep to MaxRun and
// RunBytes and end with an entry that has a proof. Asides do not travel in runs
// of several.
func EncodeRun(es []*Envelope) []byte {
	last := es[len(es)-1]
	if len(es) == 1 {
		return last.Encode()
	}
	if last.Aside != nil {
		plain := *last
		plain.Aside = nil
		last = &plain
	}
	b := append([]byte{versionRun, byte(len(es) - 1)}, last.Encode()...)
	proof := b[2:]
	size := len(proof) - len(last.Payload)
	b = b[:2+size]
	for _, e := range es {
		b = binary.AppendUvarint(b, uint64(len(e.Payload)))
		b = append(b, e.Payload...)
	}
	return b
}

// DecodeRun reads what EncodeRun or Encode wrote; payloads alias b. All but the
// last are bare. Errors match ErrFormat.
func DecodeRun(b []byte) ([]*Envelope, error) {
	if len(b) == 0 || b[0] != versionRun {
		e, err := Decode(b)
		if err != nil {
			return nil, err
		}
		if e.Bare() {
			return nil, fmt.Errorf("an entry without a proof: %w", ErrFormat)
		}
		return []*Envelope{e}, nil
	}
	if len(b) < 3 || len(b) > MaxRunSize || b[1] == 0 || b[1] >= MaxRun || b[2] != version {
		return nil, fmt.Errorf("a run of %d bytes: %w", len(b), ErrFormat)
	}
	n := int(b[1]) + 1
	last, rest, err := decodeHead(b[2:])
	if err != nil {
		return nil, err
	}
	if last.ID.Seq < uint64(n) {
		return nil, fmt.Errorf("a run from before the first entry: %w", ErrFormat)
	}
	es := make([]*Envelope, n)
	total := 0
	for i := range es {
		size, k := binary.Uvarint(rest)
		if k <= 0 || k != uvarintLen(size) || size == 0 || size > MaxPayload || size > uint64(len(rest)-k) {
			return nil, fmt.Errorf("a run's payload: %w", ErrFormat)
		}
		payload := rest[k : k+int(size) : k+int(size)]
		rest = rest[k+int(size):]
		total += len(payload)
		id := last.ID
		id.Seq -= uint64(n - 1 - i)
		es[i] = &Envelope{ID: id, Payload: payload}
	}
	if len(rest) > 0 || total > RunBytes {
		return nil, fmt.Errorf("a run's length: %w", ErrFormat)
	}
	last.Payload = es[n-1].Payload
	es[n-1] = last
	return es, nil
}

func uvarintLen(n uint64) int { return len(binary.AppendUvarint(nil, n)) }

// encodeBare is the form in which a bare entry rests.
func (e *Envelope) encodeBare() []byte {
	b := make([]byte, 0, 64+len(e.ID.Doc)+len(e.Payload))
	b = append(b, versionBare, byte(len(e.ID.Doc)))
	b = append(b, e.ID.Doc...)
	b = append(b, e.ID.Actor[:]...)
	b = binary.BigEndian.AppendUint64(b, e.ID.Seq)
	return append(b, e.Payload...)
}

func decodeBare(b []byte) (*Envelope, error) {
	n := 2 + int(b[1])
	if len(b) <= n+40 || len(b) > n+40+MaxPayload {
		return nil, fmt.Errorf("truncated: %w", ErrFormat)
	}
	e := &Envelope{Payload: b[n+40:]}
	e.ID.Doc = record.DocID(b[2:n])
	e.ID.Actor = record.ActorID(b[n : n+32])
	if e.ID.Seq = binary.BigEndian.Uint64(b[n+32:]); e.ID.Seq == 0 || e.ID.Seq > 1<<31 {
		return nil, fmt.Errorf("sequence number out of bounds: %w", ErrFormat)
	}
	return e, nil
}
