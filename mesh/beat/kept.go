package beat

import (
	"encoding/binary"
	"fmt"
	"slices"
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
	// Loss is what its node was seen to have lost and does not have again, by the
	// beats in lost. Those that an earlier release kept have no N and no signature.
	Loss Regressed
	lost []Beat
}

const (
	keptVersion = 1
	keptLost    = 2 // as keptVersion, with a loss after the times
	keptBeats   = 3 // as keptLost, with all of each beat
	keptHeader  = 1 + 8 + 8
	keptLoss    = 8 + 8 + 1
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
			kept = append(kept, Kept{Beat: v.last, Got: v.lastGot, AsOf: v.asOf, Loss: v.loss, lost: slices.Clone(v.lost)})
		}
		kept = append(kept, Kept{Beat: v.newest, Got: v.got, AsOf: v.asOf, Loss: v.loss, lost: slices.Clone(v.lost)})
	}
	return kept
}

// Missed is how a node keeps a beat of its own that names what it does not hold,
// as it heard. All that it acknowledged before from is here; lost says that nobody
// has the rest. It is not for Restore.
func Missed(b Beat, heard, from time.Time, lost bool) Kept {
	k := Kept{Beat: b, Got: heard, AsOf: from}
	if lost {
		k.Loss, k.lost = Regressed{From: from, To: b.At}, []Beat{b}
	}
	return k
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
	v := t.nodes[k.Beat.Node]
	if k.AsOf.After(v.asOf) {
		v.asOf = k.AsOf
	}
	if len(k.lost) > 0 {
		v.loss, v.lost = k.Loss, slices.Clone(k.lost)
	}
}

// Encode is the one form of a kept beat: a version, two times in Unix
// milliseconds, what was lost if anything was, and the beat.
func (k Kept) Encode() ([]byte, error) {
	raw, err := k.Beat.Encode()
	if err != nil {
		return nil, err
	}
	version := byte(keptVersion)
	if len(k.lost) > 0 {
		version = keptBeats
	}
	b := binary.BigEndian.AppendUint64([]byte{version}, keptMillis(k.Got))
	b = binary.BigEndian.AppendUint64(b, keptMillis(k.AsOf))
	if version == keptBeats {
		b = binary.BigEndian.AppendUint64(b, keptMillis(k.Loss.From))
		b = binary.BigEndian.AppendUint64(b, keptMillis(k.Loss.To))
		b = append(b, byte(len(k.lost)))
		for _, l := range k.lost {
			b = binary.BigEndian.AppendUint64(b, keptMillis(l.At))
			b = binary.BigEndian.AppendUint16(b, uint16(len(l.Position)))
			b = append(b, l.Position...)
			b = binary.BigEndian.AppendUint64(append(b, l.Incarnation[:]...), l.N)
			b = append(b, l.Sig...)
			b = append(b, make([]byte, sigSize-len(l.Sig))...)
		}
	}
	return append(b, raw...), nil
}

// DecodeKept reads what Encode wrote, and a bare beat as earlier releases kept
// it, with zero times. Errors match ErrMalformed; the signature is not checked.
func DecodeKept(raw []byte) (Kept, error) {
	if len(raw) == 0 || raw[0] < keptVersion || raw[0] > keptBeats {
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
	k, rest := Kept{Got: keptTime(got), AsOf: keptTime(asOf)}, raw[keptHeader:]
	var err error
	if raw[0] != keptVersion {
		if rest, err = k.decodeLoss(rest, raw[0] == keptBeats); err != nil {
			return Kept{}, err
		}
	}
	if k.Beat, err = Decode(rest); err != nil {
		return Kept{}, err
	}
	for i := range k.lost {
		k.lost[i].Node = k.Beat.Node
	}
	return k, nil
}

// decodeLoss reads what was lost and returns what follows. The beats share no
// memory with raw; whole says that all of each is there.
func (k *Kept) decodeLoss(raw []byte, whole bool) (rest []byte, err error) {
	short := fmt.Errorf("%w: a loss is cut short or out of range", ErrMalformed)
	if len(raw) < keptLoss || raw[keptLoss-1] == 0 || raw[keptLoss-1] > maxLost {
		return nil, short
	}
	from, to, n := binary.BigEndian.Uint64(raw), binary.BigEndian.Uint64(raw[8:]), raw[keptLoss-1]
	times := []uint64{from, to}
	k.Loss, rest = Regressed{keptTime(from), keptTime(to)}, raw[keptLoss:]
	for range n {
		if len(rest) < 10 {
			return nil, short
		}
		at, size := binary.BigEndian.Uint64(rest), int(binary.BigEndian.Uint16(rest[8:]))
		if rest = rest[10:]; len(rest) < size || size > MaxPosition {
			return nil, short
		}
		times = append(times, at)
		l := Beat{At: keptTime(at), Position: slices.Clone(rest[:size])}
		if rest = rest[size:]; whole {
			if len(rest) < len(l.Incarnation)+8+sigSize {
				return nil, short
			}
			copy(l.Incarnation[:], rest)
			rest = rest[len(l.Incarnation):]
			l.N, l.Sig, rest = binary.BigEndian.Uint64(rest), slices.Clone(rest[8:8+sigSize]), rest[8+sigSize:]
		}
		k.lost = append(k.lost, l)
	}
	if slices.Max(times) > maxMillis {
		return nil, short
	}
	return rest, nil
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
