package crdt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// keyActs holds the end of this node's chain of acts: number (8), hash (32).
var keyActs = []byte("macts")

// actsChain is the end of a node's chain of acts. It outlives the days of its
// entries, and incarnations. The zero chain has no entries.
type actsChain struct {
	n    uint64
	hash [32]byte
}

func (c actsChain) stage(b *store.Batch) {
	if c.n > 0 {
		b.Set(keyActs, append(binary.BigEndian.AppendUint64(nil, c.n), c.hash[:]...))
	}
}

func (c actsChain) advance(to *actsChain) {
	if c.n > to.n {
		*to = c
	}
}

func (r *Replica) loadActs() error {
	v, err := r.store.Get(keyActs)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || len(v) != 40 {
		return fmt.Errorf("read chain of acts: %w", errors.Join(err, errStored))
	}
	r.acts = actsChain{binary.BigEndian.Uint64(v), [32]byte(v[8:])}
	return nil
}

// chainActs is the next entry of this node's chain. What it adds counts once
// the flight has been written.
func (r *Replica) chainActs(acts []record.Act, f *flight) (*record.Acts, []byte) {
	end := r.acts
	f.acts.advance(&end)
	entry := record.Acts{N: end.n + 1, Prev: end.hash, Acts: slices.Clone(acts)}
	at := r.clock.Now()
	for i := range entry.Acts {
		if entry.Acts[i].At == 0 {
			entry.Acts[i].At = at
		}
	}
	payload := codec.EncodeActs(entry)
	f.acts = actsChain{entry.N, sha256.Sum256(payload)}
	return &entry, payload
}

// admitActs judges an entry of an acts document. One of this node's own, from
// before it was restored from a copy, moves its chain on.
func (r *Replica) admitActs(e candidate, f *flight, s *staged) error {
	acts, err := codec.DecodeActs(e.Payload)
	if err != nil {
		return r.block(slot{e.ID.Doc, e.ID.Actor}, "acts")
	}
	if needsRight(acts) && r.cfg.MayEdit != nil && !r.cfg.MayEdit(e.ID.Actor.Node()) {
		// Not blocked: its appointment may be on its way.
		_ = r.refuse(e.ID.Actor.Node(), "acts of a node that may not do so")
		return errNotYet
	}
	if e.ID.Actor.Node() == r.cfg.Node && acts.N > r.acts.n {
		actsChain{acts.N, sha256.Sum256(e.Payload)}.advance(&f.acts)
	}
	s.acts, s.late = &acts, shreds(acts) && r.late(e.ID)
	for _, a := range acts.Acts {
		r.clock.Observe(a.At)
	}
	return nil
}

// needsRight reports whether acts may be done by those alone who may edit the
// settings: to destroy keys, and to say what is to be sealed to.
func needsRight(acts record.Acts) bool {
	return slices.ContainsFunc(acts.Acts, func(a record.Act) bool {
		return a.Kind == record.ActShred || a.Kind == record.ActKey || a.Kind == record.ActKeyGone
	})
}

func shreds(acts record.Acts) bool {
	return slices.ContainsFunc(acts.Acts, func(a record.Act) bool { return a.Kind == record.ActShred })
}

// late reports whether an entry's shreds destroy nothing, and its word on feeds
// counts for nothing, because its author wrote it after its revocation. It is kept all the same: others have taken it
// before they heard of that, and all must come to hold the same. What they have
// destroyed stays destroyed there. It is asked once of an entry that comes, since the
// answer may change meanwhile.
func (r *Replica) late(id record.EventID) bool {
	return r.cfg.Standing != nil && r.cfg.Standing(id) != record.Counted
}

// mayEdit reports whether an entry is by a node that may edit the settings, and
// counts by what its revocation says.
func (r *Replica) mayEdit(id record.EventID) bool {
	return (r.cfg.MayEdit == nil || r.cfg.MayEdit(id.Actor.Node())) && !r.late(id)
}

// stageActs puts what acts bring about into the sets and indexes.
func (r *Replica) stageActs(b *store.Batch, n *ranks, id record.EventID, acts record.Acts, late bool) error {
	for i, a := range acts.Acts {
		switch {
		case a.Kind == record.ActKey, a.Kind == record.ActKeyGone:
			b.Set(publishedKey(a.Until, id, i), publishedRow(a))
		case a.Kind == record.ActShred && late:
			if err := r.stageVain(b, n, a.Visits, id); err != nil {
				return err
			}
		case a.Kind == record.ActShred:
			if err := r.stageShreds(b, n, a, id, i); err != nil {
				return err
			}
		case a.Kind == record.ActLost:
			r.stageLost(b, n, a.Visits, id)
		case a.Kind == record.ActReceipt:
			node := id.Actor.Node()
			for _, v := range a.Visits {
				n.set(b, receiptKey(v, node, id), binary.BigEndian.AppendUint64(nil, uint64(a.At)))
				if node == r.cfg.Node {
					n.delete(b, owedKey(v))
				}
			}
		}
	}
	return nil
}

// carriedShred marks a shred that was written anew.
const carriedShred = "carried"

// shredBy is whom a shred is by: the node that wrote it first.
func shredBy(a record.Act, id record.EventID) record.NodeID {
	by := id.Actor.Node()
	if a.What == carriedShred {
		if err := by.UnmarshalText([]byte(a.By)); err != nil {
			return id.Actor.Node()
		}
	}
	return by
}

// ref is the part of an entry's key that names it, behind other keys.
func ref(id record.EventID) []byte { return entryKey(id)[1:] }

func shredKey(v record.VisitID, id record.EventID, i int) []byte {
	return append(append(visitPrefix(keyShred, v), ref(id)...), byte(i))
}

func erasureKey(e record.ErasureID, v record.VisitID, id record.EventID, i int) []byte {
	b := append(append([]byte{keyErasure}, e[:]...), v[:]...)
	return append(append(b, ref(id)...), byte(i))
}

func receiptPrefix(v record.VisitID, node record.NodeID) []byte {
	return append(visitPrefix(keyReceipt, v), node[:]...)
}

func receiptKey(v record.VisitID, node record.NodeID, id record.EventID) []byte {
	return append(receiptPrefix(v, node), ref(id)...)
}

func receiptAt(b []byte) record.HLC { return record.HLC(binary.BigEndian.Uint64(b)) }

// shredRow is one shred in the index.
type shredRow struct {
	erasure record.ErasureID
	at      record.HLC
	by      record.NodeID
}

func (w shredRow) encode() []byte {
	b := binary.BigEndian.AppendUint64(bytes.Clone(w.erasure[:]), uint64(w.at))
	return append(b, w.by[:]...)
}

func parseShredRow(b []byte) (w shredRow, err error) {
	if len(b) != 40 {
		return w, fmt.Errorf("shred of %d bytes: %w", len(b), errStored)
	}
	return shredRow{record.ErasureID(b[:16]), record.HLC(binary.BigEndian.Uint64(b[16:])), record.NodeID(b[24:])}, nil
}

// shredsOf calls fn for the shreds of a visit with the entry each stands in.
func (r *Replica) shredsOf(v record.VisitID, fn func(id record.EventID, w shredRow) error) error {
	lo, hi := store.Prefix(visitPrefix(keyShred, v))
	return r.store.Scan(lo, hi, func(k, val []byte) error {
		id, ok := parseEntry(k[17 : len(k)-1])
		w, err := parseShredRow(val)
		if err != nil || !ok {
			return errors.Join(err, errStored)
		}
		return fn(id, w)
	})
}
