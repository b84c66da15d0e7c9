package store

import (
	"bytes"
	"errors"
	"slices"
)

// MaxKey is the length of the longest key, in bytes.
const MaxKey = 1024

// ErrBadKey means that a batch names a key that is empty (pebble cannot write
// a table of it and ends the process) or longer than MaxKey.
var ErrBadKey = errors.New("key is empty or longer than 1024 bytes")

// keyFloor is the first key there can be, keyCeiling sorts after the last.
var (
	keyFloor   = []byte{0}
	keyCeiling = bytes.Repeat([]byte{0xff}, MaxKey+1)
)

type opKind byte

const (
	opSet opKind = iota
	opDelete
	opDeleteRange
)

// op names its key and value as spans of the batch's buffer, so that a batch
// costs one allocation as it grows, not two per key.
type op struct {
	kind  opKind
	start int
	mid   int
	end   int
	toEnd bool
}

// Batch is a list of changes that are made together or not at all, in the
// order in which they were added. The zero Batch is empty and ready for use.
// Keys and values are copied as they are added; an empty key, or one
// longer than MaxKey, makes the Write fail with ErrBadKey. Not safe for concurrent use.
type Batch struct {
	buf  []byte
	ops  []op
	sets int // bytes
	err  error
}

// Set puts value under key.
func (b *Batch) Set(key, value []byte) {
	b.add(opSet, key, value)
	b.sets += len(key) + len(value)
}

// Delete removes key; a key that is not there is not an error.
func (b *Batch) Delete(key []byte) { b.add(opDelete, key, nil) }

// DeleteRange removes all keys in [lo, hi). A nil lo is the beginning, a nil
// hi the end.
func (b *Batch) DeleteRange(lo, hi []byte) {
	if len(lo) == 0 {
		lo = keyFloor
	}
	if hi != nil && bytes.Compare(lo, hi) >= 0 {
		return
	}
	b.add(opDeleteRange, lo, hi)
	b.ops[len(b.ops)-1].toEnd = hi == nil
}

// Len is the number of changes added.
func (b *Batch) Len() int { return len(b.ops) }

// Size is the number of bytes of keys and values added.
func (b *Batch) Size() int { return len(b.buf) }

// Reset empties the batch and keeps its memory for reuse.
func (b *Batch) Reset() { b.buf, b.ops, b.sets, b.err = b.buf[:0], b.ops[:0], 0, nil }

func (b *Batch) add(kind opKind, k, v []byte) {
	if len(k) == 0 || len(k) > MaxKey || kind == opDeleteRange && len(v) > MaxKey {
		b.err = ErrBadKey
	}
	start := len(b.buf)
	b.buf = append(b.buf, k...)
	mid := len(b.buf)
	b.buf = append(b.buf, v...)
	b.ops = append(b.ops, op{kind: kind, start: start, mid: mid, end: len(b.buf)})
}

// each calls fn for every change in order. For opDeleteRange, v is the upper
// bound, nil for the end.
func (b *Batch) each(fn func(kind opKind, k, v []byte) error) error {
	for _, o := range b.ops {
		v := b.buf[o.mid:o.end:o.end]
		if o.toEnd {
			v = nil
		}
		if err := fn(o.kind, b.buf[o.start:o.mid:o.mid], v); err != nil {
			return err
		}
	}
	return nil
}

// maxNote is how much a batch may set, in bytes, and still count as one that
// removes.
const maxNote = 256

// Frees reports whether the batch removes, and sets no more than a note of
// it, so that it leads to more free disk in the end.
func (b *Batch) Frees() bool {
	return b.sets == 0 || b.sets <= maxNote && slices.ContainsFunc(b.ops, func(o op) bool { return o.kind != opSet })
}

// Touched calls fn for every key that begins with prefix and that the batch sets
// or removes alone, and reports whether it also removes a range that reaches
// among them. The key is valid during the call only.
func (b *Batch) Touched(prefix byte, fn func(key []byte)) (ranges bool) {
	lo, hi := Prefix([]byte{prefix})
	for _, o := range b.ops {
		k, end := b.buf[o.start:o.mid:o.mid], b.buf[o.mid:o.end:o.end]
		switch {
		case o.kind != opDeleteRange:
			if len(k) > 0 && k[0] == prefix {
				fn(k)
			}
		case (hi == nil || bytes.Compare(k, hi) < 0) && (o.toEnd || bytes.Compare(end, lo) > 0):
			ranges = true
		}
	}
	return ranges
}
