package beat

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Kept is a beat worth holding on to across a restart, with what it was worth
// here. Times before 1970 are kept as the zero time.
type Kept struct {
	Beat Beat
	// Got is when the beat first came to anybody, by our clock. What a fast clock
	// claims stays capped at it, however much later we start again.
	Got time.Time
	// AsOf is the complete-as-of that its node had reached here; zero: none.
	AsOf time.Time
}

const (
	keptVersion = 1
	keptHeader  = 1 + 8 + 8
)

// Keep are the beats to save: per node the last covered one and, when
// different, the newest, in that order. Restored in that order into an empty
// table they make it know what this one knows.
func (t *Table) Keep() []Kept {
	t.mu.Lock()
	defer t.mu.Unlock()
	var kept []Kept
	for _, v := range t.nodes {
		if v.last.N != 0 && !v.last.Same(v.newest) {
			kept = append(kept, Kept{Beat: v.last, Got: v.lastGot, AsOf: v.asOf})
		}
		kept = append(kept, Kept{Beat: v.newest, Got: v.got, AsOf: v.asOf})
	}
	return kept
}

// Restore takes a verified beat that Keep gave before a restart; now is the
// time of the restart. What had been covered stays covered although the log
// may be unable to show it any more: days that its position sums up have been
// dropped since. The log must not have lost what it held when Keep was called.
func (t *Table) Restore(k Kept, now time.Time) {
	if k.Got.IsZero() || now.Before(k.Got) {
		k.Got = now
	}
	t.Offer(k.Beat, Source{At: now, Age: now.Sub(k.Got)})
	t.mu.Lock()
	defer t.mu.Unlock()
	if v := t.nodes[k.Beat.Node]; k.AsOf.After(v.asOf) {
		v.asOf = k.AsOf
	}
}

// Encode is the one form of a kept beat: a version, two times in Unix
// milliseconds, and the beat.
func (k Kept) Encode() ([]byte, error) {
	raw, err := k.Beat.Encode()
	if err != nil {
		return nil, err
	}
	b := binary.BigEndian.AppendUint64([]byte{keptVersion}, keptMillis(k.Got))
	return append(binary.BigEndian.AppendUint64(b, keptMillis(k.AsOf)), raw...), nil
}

// DecodeKept reads what Encode wrote, and a bare beat as earlier releases kept
// it, with zero times. Errors match ErrMalformed; the signature is not checked.
func DecodeKept(raw []byte) (Kept, error) {
	if len(raw) == 0 || raw[0] != keptVersion {
		b, err := Decode(raw)
		return Kept{Beat: b}, err
	}
	if len(raw) < keptHeader {
		return Kept{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(raw))
	}
	got, asOf := binary.BigEndian.Uint64(raw[1:]), binary.BigEndian.Uint64(raw[9:])
	if got > maxMillis || asOf > maxMillis {
		return Kept{}, fmt.Errorf("%w: a time is out of range", ErrMalformed)
	}
	b, err := Decode(raw[keptHeader:])
	if err != nil {
		return Kept{}, err
	}
	return Kept{Beat: b, Got: keptTime(got), AsOf: keptTime(asOf)}, nil
}

func keptMillis(t time.Time) uint64 {
	return uint64(min(max(t.UnixMilli(), 0), maxMillis))
}

func keptTime(ms uint64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}
