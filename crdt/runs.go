package crdt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// candidate is an entry that is proved to be its author's: by its own proof,
// or by the chain of hashes from a later entry of its run.
type candidate struct {
	*envelope.Envelope
	// day is what the payload says, where it has been read to prove the run.
	day *shape.Day
}

// shape is what the payload of an entry of a day document says.
func (c candidate) shape() (shape.Day, error) {
	if c.day != nil {
		return *c.day, nil
	}
	return decodeDay(c.Payload)
}

// prove reads what travelled and proves whose it is. What is held already is
// left out. reason is empty or says why nothing of it is taken; then nobody is
// to blame but who sent it.
func (r *Replica) prove(raw []byte) (proved []candidate, reason string) {
	// Held by the log from here on, so not the caller's memory.
	es, err := envelope.DecodeRun(bytes.Clone(raw))
	if err != nil {
		return nil, "envelope"
	}
	last := es[len(es)-1]
	if r.Holds(last.ID) && !r.heals(last) {
		return nil, ""
	}
	if r.verifier.Verify(last) != nil {
		return nil, "signature"
	}
	if last.Aside != nil && !sealedDoc(last.ID.Doc) {
		return nil, "aside"
	}
	if len(es) == 1 {
		return []candidate{{Envelope: last}}, ""
	}
	if !chained(last.ID.Doc) {
		return nil, "run"
	}
	proved = make([]candidate, len(es))
	for i := len(es) - 1; i >= 0; i-- {
		day, err := decodeDay(es[i].Payload)
		if err != nil || day.Seq != es[i].ID.Seq || !bytes.Equal(day.Actor, last.ID.Actor[:]) ||
			i+1 < len(es) && proved[i+1].day.Prev != day.Hash {
			return nil, "run"
		}
		proved[i] = candidate{es[i], &day}
	}
	return proved, ""
}

// chained reports whether each entry of a writer names the hash of the one
// before, so that a run of them is proved by its last.
func chained(doc record.DocID) bool {
	return strings.HasPrefix(string(doc), string(record.DocDay)+"/")
}

// sealedDoc reports whether wrapped keys travel beside a document's entries.
func sealedDoc(doc record.DocID) bool {
	return strings.HasPrefix(string(doc), string(record.DocSealed)+"/")
}

// Read calls fn for an actor's entries in a document after a sequence number,
// in order, straight from the store: each alone if it has a proof of its own,
// or else in the run that it is proved by. seq is the first entry's, raw is
// valid during the call only. An error of fn ends it and is returned, but for
// store.ErrStop.
func (r *Replica) Read(doc record.DocID, actor record.ActorID, after uint64, fn func(seq uint64, raw []byte) error) error {
	return r.read(doc, actor, after, 1, fn)
}

// runLength is how many entries Runs joins. Longer ones save little more, and
// an entry that is asked for by itself brings on average half of its run.
const runLength = 16

// Runs is Read with entries joined to runs: half the bytes, and one signature
// to check instead of many.
func (r *Replica) Runs(doc record.DocID, actor record.ActorID, after uint64, fn func(seq uint64, raw []byte) error) error {
	return r.read(doc, actor, after, runLength, fn)
}

func (r *Replica) read(doc record.DocID, actor record.ActorID, after uint64, join int, fn func(seq uint64, raw []byte) error) error {
	r.state.mu.RLock()
	last := r.state.heads.get(slot{doc, actor})
	r.state.mu.RUnlock()
	if after >= last {
		return nil
	}
	lo := entryKey(record.EventID{Doc: doc, Actor: actor, Seq: after + 1})
	hi := entryKey(record.EventID{Doc: doc, Actor: actor, Seq: last + 1})
	g := gather{join: join, fn: fn}
	single, beside := !chained(doc), sealedDoc(doc)
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		if single {
			raw := v[8:]
			if beside {
				var err error
				if raw, err = r.attach(raw); err != nil {
					return err
				}
			}
			return fn(binary.BigEndian.Uint64(k[len(k)-8:]), raw)
		}
		e, err := envelope.Decode(bytes.Clone(v[8:]))
		if err != nil {
			return fmt.Errorf("stored entry: %w", err)
		}
		return g.add(e)
	})
	if err == nil {
		err = g.flush()
	}
	if err != nil && !errors.Is(err, store.ErrStop) {
		return fmt.Errorf("read entries: %w", err)
	}
	return nil
}

// gather joins entries to runs that end with a proof.
type gather struct {
	join   int // how many it joins at most, if their proofs let it
	fn     func(seq uint64, raw []byte) error
	run    []*envelope.Envelope
	bytes  int
	proved int // how many of run end with a proof
	ended  bool
}

func (g *gather) add(e *envelope.Envelope) error {
	if g.proved > 0 && (len(g.run) >= g.join || g.bytes+len(e.Payload) > envelope.RunBytes) {
		if err := g.flush(); err != nil {
			return err
		}
	}
	g.run = append(g.run, e)
	g.bytes += len(e.Payload)
	if !e.Bare() {
		g.proved = len(g.run)
	}
	return nil
}

// flush hands on what is proved. Bare entries behind it wait for their proof:
// without one near enough, which is when this replica refused the entry that
// proved them, others must have them from elsewhere.
func (g *gather) flush() error {
	if g.proved == 0 || g.ended {
		return nil
	}
	part, size := g.run[:g.proved], 0
	for _, e := range part {
		size += len(e.Payload)
	}
	if len(part) > 1 && (len(part) > envelope.MaxRun || size > envelope.RunBytes) {
		g.ended = true
		return store.ErrStop
	}
	if err := g.fn(part[0].ID.Seq, envelope.EncodeRun(part)); err != nil {
		g.ended = true
		return err
	}
	g.bytes -= size
	g.run, g.proved = append(g.run[:0:0], g.run[g.proved:]...), 0
	return nil
}
