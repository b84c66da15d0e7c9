package crdt

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// What a node wrote after its revocation is passed over: a shred destroys nothing,
// a sealing outranks nothing. Another revocation, or more of the same, may let it
// count all the same. So each such entry leaves a mark, in the batch that takes it,
// and is carried out when it counts.

func passedKey(id record.EventID) []byte { return append([]byte{keyPassed}, ref(id)...) }

// passedSome bounds the marks that are looked at while nothing else can be written.
const passedSome = 256

// carryOutPassed carries out, durably, what was passed over and counts now. It goes
// by the marks on disk, so it may be cut at any point and be called at any time,
// also by several at once.
func (r *Replica) carryOutPassed() error {
	lo, hi := store.Prefix([]byte{keyPassed})
	for {
		next, wait, err := r.carryOutSome(lo, hi)
		if err == nil && wait != nil {
			if err = wait(); err == nil {
				r.state.tell()
			}
		}
		if err != nil {
			return fmt.Errorf("carry out what counts now: %w", err)
		}
		if lo = next; lo == nil {
			return nil
		}
	}
}

// carryOutSome looks at some of the marks and says where to go on, nil at the end;
// wait is nil where nothing was to be done.
func (r *Replica) carryOutSome(lo, hi []byte) (next []byte, wait func() error, err error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	var b store.Batch
	n, looked := newRanks(), 0
	if err := r.store.Scan(lo, hi, func(key, _ []byte) error {
		if looked++; looked > passedSome {
			next = bytes.Clone(key)
			return store.ErrStop
		}
		id, ok := parseEntry(key[1:])
		if !ok {
			return errStored
		}
		if r.late(id) {
			return nil
		}
		b.Delete(key)
		return r.carryOut(&b, n, id)
	}); err != nil || b.Len() == 0 {
		return next, nil, err
	}
	if err := r.writable(); err != nil {
		return nil, nil, err
	}
	wait, err = r.store.Write(&b)
	return next, wait, err
}

// carryOut stages what an entry would have brought about, had it counted when it came.
func (r *Replica) carryOut(b *store.Batch, n *ranks, id record.EventID) error {
	raw, err := r.store.Get(entryKey(id))
	if err != nil {
		return err
	}
	e, err := parseStored(raw)
	if err != nil {
		return err
	}
	if sealedDoc(id.Doc) {
		all, err := codec.DecodeSealed(e.env.Payload)
		return errors.Join(err, r.carryOutSealed(b, n, all, id))
	}
	acts, err := codec.DecodeActs(e.env.Payload)
	for i, a := range acts.Acts {
		if a.Kind == record.ActShred {
			err = errors.Join(err, r.stageShreds(b, n, a, id, i))
		}
	}
	return err
}

func (r *Replica) carryOutSealed(b *store.Batch, n *ranks, all []record.SealedEntry, id record.EventID) error {
	waits := map[record.PartKey]bool{}
	for _, s := range all {
		if !deadlined(s) {
			continue
		}
		k := record.PartKey{Visit: s.Visit, Audience: s.Audience}
		w, err := r.stageNext(b, n, k, s, id)
		if err != nil {
			return err
		}
		waits[k] = waits[k] || w
	}
	for _, s := range all {
		k := record.PartKey{Visit: s.Visit, Audience: s.Audience}
		if waits[k] && (s.Kind == record.PartPut || s.Kind == record.KeyPut) {
			continue
		}
		if err := r.stageSealed(b, n, s, id, nil, false, false); err != nil {
			return err
		}
	}
	return nil
}

// stageNext notes a key record as the next of its place, where it outranks one that
// may be read: its wrapped key was not kept, and until that is here again the name
// that stands is better than none. It takes the place when the key comes (heal).
func (r *Replica) stageNext(b *store.Batch, n *ranks, k record.PartKey, s record.SealedEntry, id record.EventID) (waits bool, err error) {
	row := rowOf(s, id.Actor.Node(), nil)
	stands, held, err := r.keyRowAt(n, partKey(keyKey, k))
	if err != nil || !held || stands.state == keyHollow || stands.state == keyShredded || !r.below(k, stands, row) {
		return false, err
	}
	next, held, err := r.keyRowAt(n, partKey(keyNext, k))
	if err == nil && (!held || r.below(k, next, row)) {
		row.box = ref(id)
		n.set(b, partKey(keyNext, k), row.encode())
	}
	return true, err
}

// keyRowAt reads a row of the form of a key record; false where there is none.
func (r *Replica) keyRowAt(n *ranks, key []byte) (w keyRow, held bool, err error) {
	v, err := r.standing(n, key)
	if err != nil || v == nil {
		return w, false, err
	}
	w, err = parseKeyRow(v)
	return w, err == nil, err
}

// awaitsNext reads the next key record of a place, and reports whether its wrapped
// key is still to come: not where what stands by now is shredded or above it.
func (r *Replica) awaitsNext(n *ranks, k record.PartKey) (next keyRow, awaits bool, err error) {
	next, held, err := r.keyRowAt(n, partKey(keyNext, k))
	if err != nil || !held {
		return next, false, err
	}
	stands, held, err := r.keyRowAt(n, partKey(keyKey, k))
	return next, err == nil && (!held || stands.state != keyShredded && r.below(k, stands, next)), err
}

// fillNext has the next key record of a place take it, with its part and its
// wrapped key, which is locked.
func (r *Replica) fillNext(b *store.Batch, n *ranks, k record.PartKey, put record.SealedEntry, all []record.SealedEntry, author record.NodeID, locked []byte) error {
	n.delete(b, partKey(keyNext, k))
	for _, s := range all {
		if s.Kind == record.PartPut && s.Visit == k.Visit && s.Audience == k.Audience {
			if err := r.stagePart(b, n, k, partRow(s, author), false); err != nil {
				return err
			}
		}
	}
	return r.stageKey(b, n, k, rowOf(put, author, locked), false)
}
