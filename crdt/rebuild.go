package crdt

import (
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// keySets names the form in which the sets are kept.
var keySets = []byte("msets")

const setsForm = 2

// rebuildSets writes the sets anew from the log when an older release wrote
// them. It starts over when it was cut. Callers are alone.
func (r *Replica) rebuildSets() error {
	v, err := r.store.Get(keySets)
	if err == nil && len(v) == 1 && v[0] == setsForm {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var docs []record.DocID
	for id := range r.heads {
		if d, err := record.ParseDocID(string(id)); err == nil && d.Kind == record.DocSealed {
			docs = append(docs, id)
		}
	}
	var b store.Batch
	for _, prefix := range []byte{keyPart, keyKey} {
		lo, hi := store.Prefix([]byte{prefix})
		b.DeleteRange(lo, hi)
	}
	for _, id := range docs {
		if err := r.store.Apply(&b); err != nil {
			return fmt.Errorf("rebuild key records: %w", err)
		}
		b.Reset()
		n := newRanks()
		if err := r.entries(id, nil, func(e entry) error {
			all, err := codec.DecodeSealed(e.env.Payload)
			late := r.late(e.env.ID)
			if late {
				b.Set(passedKey(e.env.ID), nil)
			}
			for _, s := range all {
				err = errors.Join(err, r.stageSealed(&b, n, s, e.env.ID, nil, false, late))
			}
			return err
		}); err != nil {
			return fmt.Errorf("rebuild key records: %w", err)
		}
	}
	b.Set(keySets, []byte{setsForm})
	if err := r.store.Apply(&b); err != nil {
		return fmt.Errorf("rebuild key records: %w", err)
	}
	return nil
}
