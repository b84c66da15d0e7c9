package nodetest

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// resting is a key record as it lies on a house's disk (crdt/keyrecord.go:
// state, rank of 28 bytes that begins with the version, hash, date, box).
type resting struct {
	state   byte
	version uint32
	until   record.Day
	box     []byte
}

const (
	shreddedRow = 2
	lockedRow   = 3
	rowFixed    = 1 + 28 + 32 + 4
)

// rests is a visit's key record on a disk; false when there is none.
func rests(s store.Store, k record.PartKey) (r resting, ok bool, err error) {
	b, err := s.Get(append(append([]byte{'k'}, k.Visit[:]...), k.Audience...))
	if errors.Is(err, store.ErrNotFound) || err == nil && len(b) < rowFixed {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	r.state, r.version = b[0], binary.BigEndian.Uint32(b[1:])
	r.until = record.Day(int32(binary.BigEndian.Uint32(b[rowFixed-4:])))
	r.box = slices.Clone(b[rowFixed:])
	return r, true, nil
}

// opens reports whether a file of keys opens a record that lay on the disk.
func (r resting) opens(l *loot, k record.PartKey) bool {
	ad := append([]byte("upprop/key-record/1\x00"), k.Visit[:]...)
	ad = append(binary.BigEndian.AppendUint32(ad, r.version), k.Audience...)
	return l.unlocks(r.until, ad, r.box)
}

// remember keeps what lies on a house's disk, as who copies the disk would, and
// makes sure that it can be read while it should be: else what follows from
// its not being readable later proves nothing.
func (c *Campus) remember(h *House, v *visit, k record.PartKey, r resting, keys *loot) error {
	old := h.boxes[k]
	if r.state != lockedRow || len(old) > 0 && slices.Equal(old[len(old)-1].box, r.box) {
		return nil
	}
	if !r.opens(keys, k) {
		if h.mixed || c.soundDay(h) >= r.until {
			return nil
		}
		return violated("no other visit is lost", "%s cannot read its key record for the %s of v%d, and nobody erased it", h.Name, k.Audience, v.n)
	}
	if h.boxes == nil {
		h.boxes = map[record.PartKey][]resting{}
	}
	h.boxes[k] = append(old, r)
	return nil
}
