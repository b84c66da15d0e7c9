package crdt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Key records and sealed parts are sets of their own, beside the log that
// carries them: of several versions the one of the highest rank stands, and a
// shredded key record, or a shred of the whole visit, against all.

// ranks are the values that a batch under way has given to keys of the sets,
// nil for one that it has removed; of are the keys by their visit. All keys of
// the sets have a prefix of one byte and then a visit.
type ranks struct {
	now map[string][]byte
	of  map[record.VisitID][]string
}

func newRanks() *ranks {
	return &ranks{map[string][]byte{}, map[record.VisitID][]string{}}
}

func (n *ranks) note(key, value []byte) {
	if _, ok := n.now[string(key)]; !ok {
		v := record.VisitID(key[1:17])
		n.of[v] = append(n.of[v], string(key))
	}
	n.now[string(key)] = value
}

func (n *ranks) set(b *store.Batch, key, value []byte) {
	n.note(key, value)
	b.Set(key, value)
}

func (n *ranks) delete(b *store.Batch, key []byte) {
	n.note(key, nil)
	b.Delete(key)
}

// under calls fn for what the batch has done to keys with a visit's prefix.
func (n *ranks) under(prefix []byte, fn func(key string, value []byte)) {
	if n == nil {
		return
	}
	for _, key := range n.of[record.VisitID(prefix[1:17])] {
		if strings.HasPrefix(key, string(prefix)) {
			fn(key, n.now[key])
		}
	}
}

// standing is what a key holds, in the batch that is being built or in the
// store; nil when nothing.
func (r *Replica) standing(n *ranks, key []byte) ([]byte, error) {
	if n != nil {
		if v, ok := n.now[string(key)]; ok {
			return v, nil
		}
	}
	v, err := r.store.Get(key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what stands: %w", err)
	}
	return v, nil
}

// stageSealed folds one sealed record into the sets. locked is a KeyPut's
// wrapped key under the Locker. fresh: nothing can stand against it.
//
// late: what a node has sealed after its revocation fills an empty place, so that
// nobody it has taken in is without a name, and outranks nothing.
func (r *Replica) stageSealed(b *store.Batch, n *ranks, s record.SealedEntry, id record.EventID, locked []byte, fresh, late bool) error {
	k, author := record.PartKey{Visit: s.Visit, Audience: s.Audience}, id.Actor.Node()
	if late {
		place := map[record.SealedKind][]byte{record.PartPut: partKey(keyPart, k), record.KeyPut: partKey(keyKey, k)}[s.Kind]
		if place != nil {
			if old, err := r.standing(n, place); err != nil || old != nil {
				return err
			}
		}
	}
	switch s.Kind {
	case record.PartPut:
		return r.stagePart(b, n, k, partRow(s, author), fresh)
	case record.KeyPut:
		row := rowOf(s, author, locked)
		row.from = ref(id)
		return r.stageKey(b, n, k, row, fresh)
	case record.ContextPut:
		// The first stands: its id is the hash of its content, so there is no
		// other that is right.
		key := append([]byte{keyContext}, s.Context...)
		if old, err := r.standing(n, key); err != nil || old != nil || len(s.Context) == 0 {
			return err
		}
		n.now[string(key)] = s.Box
		b.Set(key, s.Box)
	case record.Shred:
		// Of earlier releases, which shredded nothing but in tests; now acts do.
		if !r.mayEdit(id) {
			return nil
		}
		if err := r.bury(b, n, partKey(keyKey, k), keyRow{}); err != nil {
			return err
		}
		n.delete(b, partKey(keyPart, k))
	}
	return nil
}

// partRow is the value of a sealed part: its rank, then its bytes.
func partRow(s record.SealedEntry, author record.NodeID) []byte {
	at := rankOf(s, author)
	return append(append(make([]byte, 0, len(at)+len(s.Box)), at[:]...), s.Box...)
}

// stagePart keeps a part unless a higher one stands or its visit is shredded.
func (r *Replica) stagePart(b *store.Batch, n *ranks, k record.PartKey, row []byte, fresh bool) error {
	key := partKey(keyPart, k)
	if !fresh {
		if t, err := r.standing(n, tombKey(k.Visit)); err != nil || t != nil {
			return err
		}
		old, err := r.standing(n, key)
		if err != nil || len(old) >= len(rank{}) && !r.outranked(k, old, row) {
			return err
		}
	}
	n.set(b, key, row)
	return nil
}

// outranked reports whether row stands before old, of two sealed parts.
func (r *Replica) outranked(k record.PartKey, old, row []byte) bool {
	x, y := rank(old[:len(rank{})]), rank(row[:len(rank{})])
	if x != y {
		return r.weigh(k, x).below(r.weigh(k, y))
	}
	return bytes.Compare(old, row) < 0
}

// stageKey keeps a key record unless a higher one stands. Of what it outranks,
// and of all that comes to a shredded visit, the wrapped key is to be
// destroyed.
func (r *Replica) stageKey(b *store.Batch, n *ranks, k record.PartKey, row keyRow, fresh bool) error {
	key := partKey(keyKey, k)
	if !fresh {
		until, buried, err := r.tomb(n, k.Visit)
		if err != nil {
			return err
		}
		if buried {
			if row.until > until {
				n.set(b, tombKey(k.Visit), dayValue(row.until))
			}
			return r.bury(b, n, key, row)
		}
		old, err := r.standing(n, key)
		if err != nil {
			return err
		}
		if old != nil {
			w, err := parseKeyRow(old)
			if err != nil {
				return err
			}
			if w.state == keyShredded || !r.below(k, w, row) {
				return nil
			}
			r.spoil(b, k, w)
		}
	}
	n.set(b, key, row.encode())
	switch row.state {
	case keyLocked:
		b.Set(untilKey(row.until, k), nil)
	case keyHollow:
		b.Set(partKey(keyWant, k), row.from)
	}
	return nil
}

// bury makes a key record shredded for good; row is what came for it just now.
func (r *Replica) bury(b *store.Batch, n *ranks, key []byte, row keyRow) error {
	old, err := r.standing(n, key)
	if err != nil {
		return err
	}
	if old != nil {
		w, err := parseKeyRow(old)
		if err != nil {
			return err
		}
		k, ok := parsePartKey(key)
		if ok {
			r.spoil(b, k, w)
		}
		if !ok || !r.below(k, w, row) {
			row = w
		}
	}
	row.state, row.box = keyShredded, nil
	n.set(b, key, row.encode())
	return nil
}

// spoil notes that what w has at rest is to be destroyed.
func (r *Replica) spoil(b *store.Batch, k record.PartKey, w keyRow) {
	b.Delete(partKey(keyWant, k))
	if w.state != keyLocked {
		return
	}
	b.Delete(untilKey(w.until, k))
	r.soil(b, w.until)
}

// dropSealed removes what one sealed entry put, if it still stands.
func (r *Replica) dropSealed(b *store.Batch, s record.SealedEntry, author record.NodeID) {
	k := record.PartKey{Visit: s.Visit, Audience: s.Audience}
	switch s.Kind {
	case record.PartPut:
		if v, err := r.store.Get(partKey(keyPart, k)); err == nil && bytes.Equal(v, partRow(s, author)) {
			b.Delete(partKey(keyPart, k))
		}
	case record.KeyPut:
		put := rowOf(s, author, nil)
		if next, held, err := r.keyRowAt(nil, partKey(keyNext, k)); err == nil && held && next.is(put) {
			b.Delete(partKey(keyNext, k))
		}
		w, held, err := r.keyRowAt(nil, partKey(keyKey, k))
		if err != nil || !held || w.state == keyShredded || !w.is(put) {
			return // it does not stand, or its shred still does
		}
		b.Delete(partKey(keyKey, k))
		// Also when its date is over: a date may wait long to die, and what lay
		// on the disk could be read until then by who takes it.
		r.spoil(b, k, w)
	case record.ContextPut:
		b.Delete(append([]byte{keyContext}, s.Context...))
	case record.Shred:
		// One that did not count, or came before a key of today, takes nothing.
		if v, err := r.store.Get(partKey(keyKey, k)); err == nil && len(v) > 0 && v[0] == keyShredded && !r.Shredded(k.Visit) {
			b.Delete(partKey(keyKey, k))
		}
	}
}

// dayValue and dayOf write and read a date so that dates sort.
func dayValue(d record.Day) []byte { return appendDay(nil, d) }

func appendDay(b []byte, d record.Day) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(int32(d))^1<<31)
}

func dayOf(b []byte) record.Day { return record.Day(int32(binary.BigEndian.Uint32(b) ^ 1<<31)) }
