package crdt

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// keyEvacForm names the kinds of events that the index of evacuations holds.
var keyEvacForm = []byte("mevacuations")

const evacForm = 2

// indexEvacuations gives the index the events that an earlier release kept
// without knowing that they are of one. It starts over when it was cut. Callers
// are alone.
func (r *Replica) indexEvacuations() error {
	v, err := r.store.Get(keyEvacForm)
	if err == nil && len(v) == 1 && v[0] == evacForm {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var b store.Batch
	for id := range r.heads {
		if d, err := record.ParseDocID(string(id)); err != nil || d.Kind != record.DocDay {
			continue
		}
		if err := r.entries(id, nil, func(e entry) error {
			day, err := shape.DecodeDay(e.env.Payload)
			if err != nil {
				return nil // it was never let in, and has no effect
			}
			if event, err := codec.DecodeEvent(day.Event); err == nil && event.OfEvacuation() {
				b.Set(evacKey(e.env.ID), bytes.Clone(day.Event))
			}
			return nil
		}); err != nil {
			return fmt.Errorf("index evacuations: %w", err)
		}
	}
	b.Set(keyEvacForm, []byte{evacForm})
	if err := r.store.Apply(&b); err != nil {
		return fmt.Errorf("index evacuations: %w", err)
	}
	return nil
}
