package crdt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// Cursor is a place in this node's change feed. It survives restarts; 0 is
// the beginning of what is retained.
type Cursor uint64

// Change is one entry as the feed tells it: written here or received.
type Change struct {
	Cursor Cursor
	ID     record.EventID
	Local  bool
	// One of these is set, or none for a setting.
	Event  *record.Event
	Sealed []record.SealedEntry
	Acts   *record.Acts
}

// Feed returns up to max changes after a cursor, durable ones only, in the
// order in which this node took them. None: wait on Changed.
func (r *Replica) Feed(after Cursor, max int) ([]Change, error) {
	r.state.mu.RLock()
	end := r.state.feed
	r.state.mu.RUnlock()
	var out []Change
	err := r.store.Scan(feedKey(uint64(after)+1), feedKey(end+1), func(k, v []byte) error {
		c, err := r.change(Cursor(binary.BigEndian.Uint64(k[1:])), v)
		if errors.Is(err, store.ErrNotFound) {
			return nil // dropped while it was read
		}
		if err != nil {
			return err
		}
		if out = append(out, c); len(out) >= max {
			return store.ErrStop
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read feed: %w", err)
	}
	return out, nil
}

func (r *Replica) change(at Cursor, ref []byte) (Change, error) {
	c := Change{Cursor: at}
	var ok bool
	if c.ID, ok = parseEntry(ref); !ok {
		return c, fmt.Errorf("feed entry: %w", codec.ErrFormat)
	}
	v, err := r.store.Get(append([]byte{keyEntry}, ref...))
	if err != nil {
		return c, err
	}
	e, err := parseStored(v)
	if err != nil {
		return c, err
	}
	c.Local = c.ID.Actor.Node() == r.cfg.Node
	switch {
	case bytes.HasPrefix([]byte(c.ID.Doc), []byte(record.DocDay)):
		day, err := shape.DecodeDay(e.env.Payload)
		if err != nil {
			return c, err
		}
		event, err := codec.DecodeEvent(day.Event)
		c.Event = &event
		return c, err
	case bytes.HasPrefix([]byte(c.ID.Doc), []byte(record.DocSealed)):
		sealed, err := codec.DecodeSealed(e.env.Payload)
		c.Sealed = sealed
		return c, err
	case bytes.HasPrefix([]byte(c.ID.Doc), []byte(record.DocActs)):
		acts, err := codec.DecodeActs(e.env.Payload)
		c.Acts = &acts
		return c, err
	}
	return c, nil
}

// End is the cursor of the newest change.
func (r *Replica) End() Cursor {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return Cursor(r.state.feed)
}

// Changed is closed at the next change. Get it before reading, so that none is
// missed.
func (r *Replica) Changed() <-chan struct{} {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.changed
}

// Tail returns up to max encoded own entries after a cursor of its own, for
// pushing to others, and the next cursor. A cursor from before what is kept
// in memory is moved forward: repair brings the rest.
func (r *Replica) Tail(cursor uint64, max int) (raws [][]byte, next uint64) {
	raws, next = r.tail(cursor, max)
	for i, raw := range raws {
		// The keys that travel beside an entry are not kept with it.
		if with, err := r.attach(raw); err == nil {
			raws[i] = with
		}
	}
	return raws, next
}

func (r *Replica) tail(cursor uint64, max int) (raws [][]byte, next uint64) {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	s := &r.state
	first := s.tailEnd - uint64(len(s.tail))
	cursor = min(maxOf(cursor, first), s.tailEnd)
	raws = s.tail[cursor-first:]
	raws = raws[:min(len(raws), max)]
	return append([][]byte(nil), raws...), cursor + uint64(len(raws))
}

func maxOf(a, b uint64) uint64 {
	if a > b {
		return a
	}
	return b
}

// TailEnd is the cursor behind the newest own entry, and Local a channel that
// is closed at the next one.
func (r *Replica) TailEnd() (end uint64, local <-chan struct{}) {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.tailEnd, r.state.local
}

// Holds reports whether an entry is held, durable and folded.
func (r *Replica) Holds(id record.EventID) bool {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.heads.get(slot{id.Doc, id.Actor}) >= id.Seq
}

// Digests are the digests of the version vectors of all documents.
func (r *Replica) Digests() map[record.DocID][16]byte {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	out := make(map[record.DocID][16]byte, len(r.state.heads))
	for doc := range r.state.heads {
		sum, ok := r.state.digests[doc]
		if !ok {
			sum = r.state.heads.digest(doc)
			r.state.digests[doc] = sum
		}
		out[doc] = sum
	}
	return out
}

// Vector is a document's version vector in order of actor.
func (r *Replica) Vector(doc record.DocID) []Head {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.heads.sorted(doc)
}
