package crdt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// Values of the keys of quarantine:
//
//	q <hash>   actor (32), document; one byte alone was written by a release
//	           that did not note whose change it was
//	r <doc>    the document is read back change by change
//	msuspect   the hash that was noted when a process ended without its cause
//	           being known
var keySuspect = []byte("msuspect")

const keyStepwise = 'r'

// Quarantined is a change that ended the process when the core was given it.
// It is never given to it again.
type Quarantined struct {
	// Author wrote it; zero where that was not noted.
	Author record.NodeID
	Doc    record.DocID
	Hash   [32]byte
}

// learn draws the consequence of what the guard says of the last process's
// end. A process may also have been killed from outside at just that moment,
// which is nobody's fault: unless it is known to have aborted, a change is
// quarantined when the second process in a row ends over it.
func (r *Replica) learn(where cell, what note) error {
	var b store.Batch
	switch {
	case where == reading:
		b.Set(append([]byte{keyStepwise}, what.at.doc...), []byte{1})
		r.log.Warn("the last process ended while a document was read back; it is read change by change from now on", "doc", string(what.at.doc))
	case r.cfg.Aborted || r.suspected(what.hash):
		b.Set(quarantineKey(what.hash), append(bytes.Clone(what.at.actor[:]), what.at.doc...))
		b.Delete(keySuspect)
		r.log.Error("a change ended the process when it was applied and is quarantined", "author", what.at.actor.Node().String(), "doc", string(what.at.doc))
	default:
		b.Set(keySuspect, what.hash[:])
		r.log.Warn("the last process ended while a change was applied; it is quarantined if that happens again", "author", what.at.actor.Node().String(), "doc", string(what.at.doc))
	}
	if err := r.store.Apply(&b); err != nil {
		return fmt.Errorf("quarantine a change: %w", err)
	}
	return nil
}

func (r *Replica) suspected(hash [32]byte) bool {
	v, err := r.store.Get(keySuspect)
	return err == nil && bytes.Equal(v, hash[:])
}

// loadQuarantine reads what is quarantined into memory.
func (r *Replica) loadQuarantine() error {
	lo, hi := store.Prefix([]byte{keyQuarantine})
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		if len(k) != 33 {
			return nil
		}
		q := Quarantined{Hash: [32]byte(k[1:])}
		if len(v) >= 32 {
			at := slot{record.DocID(v[32:]), record.ActorID(v[:32])}
			q.Author, q.Doc = at.actor.Node(), at.doc
		}
		r.state.quarantined = append(r.state.quarantined, q)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read quarantine: %w", err)
	}
	return nil
}

// Quarantined are the changes that ended the process, in no order.
func (r *Replica) Quarantined() []Quarantined {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return slices.Clone(r.state.quarantined)
}

func (r *Replica) isQuarantined(hash [32]byte) bool {
	_, err := r.store.Get(quarantineKey(hash))
	return err == nil
}

// readBack gives a document's stored changes to the core, under guard.
func (d *documents) readBack(u *union, id record.DocID) error {
	if _, err := d.r.store.Get(append([]byte{keyStepwise}, id...)); err == nil {
		return d.step(u, id)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	all, err := d.r.changes(id, nil)
	if err != nil || len(all) == 0 {
		return err
	}
	d.r.guard.enter(reading, note{at: slot{doc: id}})
	defer d.r.guard.leave(reading)
	return u.doc.LoadIncremental(all)
}

// step gives them to the core one by one, so that the guard names the one that
// ends the process.
func (d *documents) step(u *union, id record.DocID) error {
	return d.r.entries(id, nil, func(e entry) error {
		change, err := shape.DecodeDay(e.env.Payload)
		if err != nil || d.r.isQuarantined(change.Hash) {
			return nil
		}
		d.r.guard.enter(stepping, note{change.Hash, slot{id, e.env.ID.Actor}})
		defer d.r.guard.leave(stepping)
		return u.doc.LoadIncremental(e.env.Payload)
	})
}

// decodeDay is the shape check of day changes. Tests of the quarantine, which
// is for what slips through it, put another in its place.
var decodeDay = shape.DecodeDay
