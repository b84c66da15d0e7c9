package crdt

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// A key record without its wrapped key is hollow. The entry that it is from is
// held, so nobody offers it again; it is asked for all the same, and when it
// comes with the key the record is filled. So is one that waits for its key to
// take the place of another (passed.go).

// Lacking are at most max entries held here of which a wrapped key is missing
// that may still be had. It reads from disk.
func (r *Replica) Lacking(max int) (out []record.EventID, err error) {
	today := r.today()
	add := func(from []byte) error {
		if id, ok := parseEntry(from); ok && (len(out) == 0 || out[len(out)-1] != id) {
			out = append(out, id)
		}
		if len(out) == max {
			return store.ErrStop
		}
		return nil
	}
	lo, hi := store.Prefix([]byte{keyWant})
	err = r.store.Scan(lo, hi, func(key, from []byte) error {
		k, _ := parsePartKey(key)
		w, empty, err := r.empty(k)
		if err != nil || !empty || w.until <= today {
			return err
		}
		return add(from)
	})
	if err == nil && len(out) < max {
		lo, hi = store.Prefix([]byte{keyNext})
		err = r.store.Scan(lo, hi, func(key, _ []byte) error {
			k, _ := parsePartKey(key)
			next, awaits, err := r.awaitsNext(nil, k)
			if err != nil || !awaits || next.until <= today {
				return err
			}
			return add(next.box)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read what is lacking: %w", err)
	}
	return out, nil
}

// heals reports whether an envelope that is held brings a wrapped key that is
// missing.
func (r *Replica) heals(e *envelope.Envelope) bool {
	if len(e.Aside) == 0 || !sealedDoc(e.ID.Doc) {
		return false
	}
	filled := false
	_ = r.fillable(nil, candidate{Envelope: e}, func(fill) error {
		filled = true
		return nil
	})
	return filled
}

// fill is a wrapped key that has come for a record which lacks it: for the one that
// stands, or for the next of its place.
type fill struct {
	k    record.PartKey
	w    keyRow
	next bool
	put  record.SealedEntry
	all  []record.SealedEntry // of the entry
	wrap []byte
}

// fillable calls fn for each record that lacks its key and that an entry brings it of.
func (r *Replica) fillable(n *ranks, e candidate, fn func(fill) error) error {
	all := sealedIn(e)
	wraps, ok := checkAside(e.Aside, all)
	if !ok {
		return nil
	}
	for i, s := range all {
		if wraps[i] == nil {
			continue
		}
		x := fill{k: record.PartKey{Visit: s.Visit, Audience: s.Audience}, put: s, all: all, wrap: wraps[i]}
		put := rowOf(s, e.ID.Actor.Node(), nil)
		w, held, err := r.keyRowAt(n, partKey(keyKey, x.k))
		if err != nil {
			return err
		}
		lacks := held && w.is(put) && r.hollow(x.k, w)
		if !held || !w.is(put) {
			if w, x.next, err = r.awaitsNext(n, x.k); err != nil {
				return err
			}
			lacks = x.next && w.is(put)
		}
		if !lacks {
			continue
		}
		x.w = w
		if err := fn(x); err != nil {
			return err
		}
	}
	return nil
}

// heal fills the records that lack their keys with those that an entry held already brings.
// Callers hold writing.
func (r *Replica) heal(b *store.Batch, f *flight, e candidate) error {
	return r.fillable(f.ranks, e, func(x fill) error {
		locked, err := r.lock(x.put, x.wrap)
		if err != nil {
			if !gone(err) {
				r.log.Warn("a key record cannot be kept now and is asked for again", "err", err)
			}
			return nil
		}
		f.healed = true
		if x.next {
			return r.fillNext(b, f.ranks, x.k, x.put, x.all, e.ID.Actor.Node(), locked)
		}
		x.w.state, x.w.box = keyLocked, locked
		b.Delete(partKey(keyWant, x.k))
		f.ranks.set(b, partKey(keyKey, x.k), x.w.encode())
		b.Set(untilKey(x.w.until, x.k), nil)
		return nil
	})
}

// hollow reports whether a key record has no wrapped key that can be read: it
// came without, or the bucket key that locks it is gone. Such a one keeps what
// it has, since the vault's file may be put back.
func (r *Replica) hollow(k record.PartKey, w keyRow) bool {
	if w.state != keyLocked {
		return w.state == keyHollow
	}
	_, err := r.locker.Unlock(w.until, lockData(k, w.rank.version()), w.box)
	return gone(err)
}

// empty reads what stands of a key, and reports whether it is hollow.
func (r *Replica) empty(k record.PartKey) (w keyRow, empty bool, err error) {
	v, err := r.store.Get(partKey(keyKey, k))
	if errors.Is(err, store.ErrNotFound) {
		return w, false, nil
	}
	if err == nil {
		w, err = parseKeyRow(v)
	}
	return w, err == nil && r.hollow(k, w), err
}

// lookSlice is how many key records are looked at in one go for bucket keys that
// are gone: a moment's work, since what is to be destroyed meanwhile waits.
const lookSlice = 512

// findGone notes the key records whose bucket key is gone before their time: a
// database was put back from a copy, or the vault's file was lost. It looks at
// a slice of them, beginning at from (nil: at the first), and returns where the
// next begins; nil after the last. It is called by the worker that destroys
// bucket keys, and so while none is.
func (r *Replica) findGone(from []byte) (next []byte, err error) {
	_, hi := store.Prefix([]byte{keyUntil})
	lo := appendDay([]byte{keyUntil}, r.today()+1)
	if bytes.Compare(from, lo) > 0 {
		lo = from
	}
	found, looked := false, 0
	if err := r.store.Scan(lo, hi, func(key, _ []byte) (err error) {
		if looked++; looked > lookSlice {
			next = bytes.Clone(key)
			return store.ErrStop
		}
		k, _ := parsePartKey(key[4:])
		if _, found, err = r.empty(k); found {
			err = store.ErrStop
		}
		return err
	}); err != nil || !found {
		return next, err
	}
	return nil, r.noteAllGone()
}

// noteAllGone looks through every document for the keys that are gone.
func (r *Replica) noteAllGone() error {
	var docs []record.DocID
	r.state.mu.RLock()
	for id := range r.state.heads {
		if sealedDoc(id) {
			docs = append(docs, id)
		}
	}
	r.state.mu.RUnlock()
	for _, id := range docs {
		if err := r.noteGone(id); err != nil {
			return fmt.Errorf("look for keys that are gone: %w", err)
		}
	}
	return nil
}

func (r *Replica) noteGone(doc record.DocID) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.writable(); err != nil {
		return err
	}
	var b store.Batch
	count := 0
	if err := r.entries(doc, nil, func(e entry) error {
		all, err := codec.DecodeSealed(e.env.Payload)
		if err != nil {
			return err
		}
		for _, s := range all {
			if !deadlined(s) || s.Until <= r.today() {
				continue
			}
			k := record.PartKey{Visit: s.Visit, Audience: s.Audience}
			w, empty, err := r.empty(k)
			if err != nil {
				return err
			}
			if empty && w.rank == rankOf(s, e.env.ID.Actor.Node()) && bytes.Equal(w.hash[:], s.Hash) {
				b.Set(partKey(keyWant, k), ref(e.env.ID))
				count++
			}
		}
		return nil
	}); err != nil || count == 0 {
		return err
	}
	r.log.Warn("keys at rest are gone before their time; others are asked for them", "doc", string(doc), "keys", count)
	return r.store.Apply(&b)
}
