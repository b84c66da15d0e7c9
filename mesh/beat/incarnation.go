package beat

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"time"
)

// Incarnation names one life of a node: eight bytes of start time (unix
// milliseconds, big-endian) and eight random ones, so that lives order.
type Incarnation [16]byte

// NewIncarnation is a fresh incarnation that starts at start, to the
// millisecond. Times outside the wire's range are clamped to it.
func NewIncarnation(start time.Time) Incarnation {
	var i Incarnation
	ms := min(max(start.UnixMilli(), 0), maxMillis)
	binary.BigEndian.PutUint64(i[:8], uint64(ms))
	rand.Read(i[8:])
	return i
}

// After is a fresh incarnation that orders after i and starts at now or as
// little later as that takes. A node whose clock went back needs it.
func (i Incarnation) After(now time.Time) Incarnation {
	if next := i.Start().Add(time.Millisecond); now.Before(next) {
		now = next
	}
	return NewIncarnation(now)
}

// Start is when the incarnation began, by its node's own clock.
func (i Incarnation) Start() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(i[:8])))
}

// Compare orders incarnations: -1 when i is earlier than j, 0 when they are
// the same, +1 when i is later.
func (i Incarnation) Compare(j Incarnation) int { return bytes.Compare(i[:], j[:]) }

func (i Incarnation) valid() bool {
	return binary.BigEndian.Uint64(i[:8]) <= maxMillis
}
