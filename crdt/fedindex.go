package crdt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// fedAt is one node's feed of one name.
type fedAt struct {
	node record.NodeID
	name record.FeedName
}

func fedOf(e record.Event, id record.EventID) fedAt { return fedAt{id.Actor.Node(), e.Feed} }

// prefix is that of all rows of a feed: no name holds a zero byte.
func (a fedAt) prefix() []byte {
	b := append([]byte{keyFed}, a.node[:]...)
	return append(append(b, a.name...), 0)
}

func (a fedAt) key(s slot) []byte { return append(a.prefix(), slotKey(keyFed, s)[1:]...) }

// parseFed reads what fedAt.key wrote, and the row that stands there.
func parseFed(k, v []byte) (a fedAt, s record.Stated, err error) {
	bad := fmt.Errorf("index of feeds: %w", codec.ErrFormat)
	if len(k) < 1+len(a.node) || len(v) < 8 {
		return a, s, bad
	}
	a.node = record.NodeID(k[1:])
	name, at, found := bytes.Cut(k[1+len(a.node):], []byte{0})
	if a.name = record.FeedName(name); !found {
		return a, s, bad
	}
	id, ok := parseEntry(append(bytes.Clone(at), v[:8]...))
	if s.ID = id; !ok {
		return a, s, bad
	}
	if s.Event, err = codec.DecodeEvent(v[8:]); err != nil {
		return a, s, fmt.Errorf("index of feeds: %w", err)
	}
	return a, s, nil
}

// stageFed adds a writer's word on a feed to a batch. Entries of a writer come in
// their order.
func (r *Replica) stageFed(b *store.Batch, n *ranks, id record.EventID, e record.Event) error {
	a := fedOf(e, id)
	key := a.key(slot{id.Doc, id.Actor})
	v, err := r.standing(n, key)
	if err != nil {
		return err
	}
	if v != nil {
		_, was, err := parseFed(key, v)
		if err != nil {
			return err
		}
		// That it was heard is not taken back.
		e.Since = max(e.Since, min(was.Event.Since, was.Event.At))
	}
	n.set(b, key, append(binary.BigEndian.AppendUint64(nil, id.Seq), codec.EncodeEvent(e)...))
	return nil
}

// dropFed removes the row of a feed's event, where it has one, and notes of which
// feed.
func dropFed(b *store.Batch, e record.Event, id record.EventID, of map[fedAt]bool) {
	if e.OfFeed() {
		a := fedOf(e, id)
		b.Delete(a.key(slot{id.Doc, id.Actor}))
		of[a] = true
	}
}

// moveFed gives the events of feeds that an earlier release kept among those of
// evacuations their own index. It starts over when it was cut. Callers are
// alone.
func (r *Replica) moveFed() error {
	var b store.Batch
	n := newRanks()
	lo, hi := store.Prefix([]byte{keyEvac})
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		s, err := r.statedAt(k[1:], v)
		if err != nil || s.Event.OfEvacuation() {
			return err
		}
		b.Delete(bytes.Clone(k))
		if s.Event.OfFeed() {
			err = r.stageFed(&b, n, s.ID, s.Event)
		}
		if err == nil && b.Len() >= maxGroup {
			err = r.store.Apply(&b)
			b.Reset()
			n = newRanks()
		}
		return err
	})
	if err == nil && b.Len() > 0 {
		err = r.store.Apply(&b)
	}
	if err != nil {
		return fmt.Errorf("move the index of feeds: %w", err)
	}
	return nil
}
