package crdt

import (
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Keys of older releases lie in the log itself. Their receipts are given when
// the last document that holds one is dropped, and not before.

// inlineOf adds the visits whose keys a sealed entry holds itself.
func inlineOf(all []record.SealedEntry, visits map[record.VisitID]bool) {
	for _, s := range all {
		if s.Kind == record.KeyPut && s.Until == 0 {
			visits[s.Visit] = true
		}
	}
}

// payForLog lets the receipts be given of visits whose keys a document held
// that is being dropped. Callers hold writing.
func (r *Replica) payForLog(b *store.Batch, doc record.DocID, held map[record.VisitID]bool) error {
	owed := map[record.VisitID][]byte{}
	for v := range held {
		old, err := r.store.Get(owedKey(v))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read receipts: %w", err)
		}
		left := []byte{}
		for rest := old; len(rest) >= 4; rest = rest[4:] {
			if dayOf(rest) != never {
				left = append(left, rest[:4]...)
			}
		}
		if len(left) < len(old) {
			owed[v] = left
		}
	}
	for id := range r.heads {
		if len(owed) == 0 {
			return nil
		}
		if id == doc || !sealedDoc(id) {
			continue
		}
		if err := r.entries(id, nil, func(e entry) error {
			all, err := codec.DecodeSealed(e.env.Payload)
			still := map[record.VisitID]bool{}
			inlineOf(all, still)
			for v := range still {
				delete(owed, v)
			}
			return err
		}); err != nil {
			return err
		}
	}
	for v, left := range owed {
		b.Set(owedKey(v), left)
		r.shreds.signal()
	}
	return nil
}
