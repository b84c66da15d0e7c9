package crdt

import (
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Shredded reports whether all key records of a visit have been shredded, and
// any that come later are too.
func (r *Replica) Shredded(v record.VisitID) bool {
	_, err := r.store.Get(tombKey(v))
	return err == nil
}

// ShredState is what is known of a shredded visit.
type ShredState struct {
	Visit    record.VisitID
	Erasures []Erased
	// Until is the last date of the key records seen here; 0 when none was.
	Until record.Day
}

// Erased is one shred of a visit: by whom first, and when.
type Erased struct {
	ID record.ErasureID
	At record.HLC
	By record.NodeID
}

// Shreds are all visits that are shredded, in order of visit id.
func (r *Replica) Shreds() ([]ShredState, error) {
	var out []ShredState
	lo, hi := store.Prefix([]byte{keyTomb})
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		s := ShredState{Visit: record.VisitID(k[1:]), Until: dayOf(v)}
		err := r.shredsOf(s.Visit, func(_ record.EventID, w shredRow) error {
			if one := (Erased{w.erasure, w.at, w.by}); !slices.Contains(s.Erasures, one) {
				s.Erasures = append(s.Erasures, one)
			}
			return nil
		})
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read shreds: %w", err)
	}
	return out, nil
}

// Erasure is what an erasure shredded, in order of visit id, when and by whom
// first; false when nothing is known of it (any more).
func (r *Replica) Erasure(id record.ErasureID) (visits []record.VisitID, at record.HLC, by record.NodeID, ok bool, err error) {
	lo, hi := store.Prefix(append([]byte{keyErasure}, id[:]...))
	err = r.store.Scan(lo, hi, func(k, v []byte) error {
		w, err := parseShredRow(v)
		if err != nil {
			return err
		}
		if visit := record.VisitID(k[17:33]); len(visits) == 0 || visits[len(visits)-1] != visit {
			visits = append(visits, visit)
		}
		if at == 0 || w.at < at {
			at, by = w.at, w.by
		}
		return nil
	})
	if err != nil {
		return nil, 0, by, false, fmt.Errorf("read erasure: %w", err)
	}
	return visits, at, by, len(visits) > 0, nil
}

// Receipts are the nodes that say they have destroyed a visit's key records or
// never had any, and when each said so first.
func (r *Replica) Receipts(v record.VisitID) (map[record.NodeID]record.HLC, error) {
	out := map[record.NodeID]record.HLC{}
	lo, hi := store.Prefix(visitPrefix(keyReceipt, v))
	err := r.store.Scan(lo, hi, func(k, val []byte) error {
		if len(k) < 33 || len(val) != 8 {
			return errStored
		}
		node, at := record.NodeID(k[17:33]), receiptAt(val)
		if old, ok := out[node]; !ok || at < old {
			out[node] = at
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read receipts: %w", err)
	}
	return out, nil
}

// StoredActs is one entry of acts as it is kept. Payload is valid during the
// call only. Proved: its writer's signature has been checked just now.
type StoredActs struct {
	ID      record.EventID
	Acts    record.Acts
	Payload []byte
	Proved  bool
}

// ReadActs calls fn for every retained entry of acts in order of document,
// actor and sequence. An error of fn ends it and is returned.
func (r *Replica) ReadActs(fn func(StoredActs) error) error {
	var docs []record.DocID
	for doc := range r.ActsVectors() {
		docs = append(docs, doc)
	}
	slices.Sort(docs)
	for _, doc := range docs {
		err := r.entries(doc, nil, func(e entry) error {
			if !r.Holds(e.env.ID) {
				return nil // not durable yet
			}
			acts, err := codec.DecodeActs(e.env.Payload)
			if err != nil {
				return err
			}
			return fn(StoredActs{e.env.ID, acts, e.env.Payload, r.verifier.Verify(e.env) == nil})
		})
		if err != nil {
			return fmt.Errorf("read acts: %w", err)
		}
	}
	return nil
}

// ReadNewActs calls fn for the acts in documents of a day and later that came
// since the last call with this have, which it brings up to date; fn may keep
// nothing that it gets. Acts that do not count, by their author's revocation, are
// left out, and come when they do. An error of fn ends it and is returned.
func (r *Replica) ReadNewActs(from record.Day, have map[record.DocID]map[record.ActorID]uint64, fn func(record.EventID, record.Acts) error) error {
	held := r.ActsVectors()
	for doc := range have {
		if _, ok := held[doc]; !ok || dayBefore(doc, from) {
			delete(have, doc)
		}
	}
	for doc, heads := range held {
		if dayBefore(doc, from) {
			continue
		}
		if have[doc] == nil {
			have[doc] = map[record.ActorID]uint64{}
		}
		for _, h := range heads {
			lo := entryKey(record.EventID{Doc: doc, Actor: h.Actor, Seq: have[doc][h.Actor] + 1})
			hi := entryKey(record.EventID{Doc: doc, Actor: h.Actor, Seq: h.Seq + 1})
			err := r.store.Scan(lo, hi, func(_, v []byte) error {
				e, err := parseStored(v)
				if err != nil {
					return err
				}
				if r.late(e.env.ID) {
					return store.ErrStop // nothing behind it counts either
				}
				acts, err := codec.DecodeActs(e.env.Payload)
				if err != nil {
					return err
				}
				if err := fn(e.env.ID, acts); err != nil {
					return err
				}
				have[doc][h.Actor] = e.env.ID.Seq
				return nil
			})
			if err != nil {
				return fmt.Errorf("read acts: %w", err)
			}
		}
	}
	return nil
}

func dayBefore(doc record.DocID, day record.Day) bool {
	d, err := record.ParseDocID(string(doc))
	return err != nil || d.Day < day
}

// ActsVectors are the version vectors of the acts documents held: whoever
// holds as much has heard of every shred that this replica has.
func (r *Replica) ActsVectors() map[record.DocID][]Head {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	out := map[record.DocID][]Head{}
	for doc := range r.state.heads {
		if d, err := record.ParseDocID(string(doc)); err == nil && d.Kind == record.DocActs {
			out[doc] = r.state.heads.sorted(doc)
		}
	}
	return out
}
