package crdt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// staged is an entry on its way to the disk.
type staged struct {
	id      record.EventID
	local   bool
	feed    uint64
	payload []byte
	raw     []byte
	hash    [32]byte
	event   *record.Event
	value   []byte
	sealed  []record.SealedEntry
	// locked are the wrapped keys of sealed, locked for rest; nil for none.
	locked [][]byte
	fresh  bool
	acts   *record.Acts
	// late: it is of after its author's revocation, and passed over as far as that
	// makes a difference.
	late bool
	// setting is set when the entry edits one.
	setting *Setting
}

// flight is a batch that has been enqueued and not yet settled. Flights settle
// in the order of the log.
type flight struct {
	entries []staged
	wait    func() error
	reply   []chan error
	feed    uint64
	count   map[record.DocID]uint64
	chains  map[slot][32]byte
	ranks   *ranks
	// healed: key records came to have their wrapped keys.
	healed bool
	// acts is how far this node's chain of acts has come by this flight.
	acts actsChain
}

func newFlight() *flight {
	return &flight{count: map[record.DocID]uint64{}, chains: map[slot][32]byte{}, ranks: newRanks()}
}

func (f *flight) add(s staged) {
	f.entries = append(f.entries, s)
	f.count[s.id.Doc]++
}

// stageHeads adds how far each writer has come by this flight.
func (f *flight) stageHeads(b *store.Batch) {
	seen := make(map[slot]bool, 4)
	for i := len(f.entries) - 1; i >= 0; i-- {
		s := &f.entries[i]
		at := slot{s.id.Doc, s.id.Actor}
		if seen[at] {
			continue
		}
		seen[at] = true
		head := binary.BigEndian.AppendUint64(nil, s.id.Seq)
		b.Set(slotKey(keyHead, at), append(head, s.hash[:]...))
	}
}

// finishLoop waits for each flight to be durable, shows it to readers and lets
// its writers go. What can be folded is folded while the disk works. After a
// flight that failed none is shown or acknowledged: what comes later would
// speak for what is missing.
func (r *Replica) finishLoop() {
	defer r.done.Done()
	for f := range r.finish {
		err := r.Failure()
		if err == nil {
			if err = r.settle(f); err != nil {
				r.fail(err)
			}
		}
		for _, c := range f.reply {
			c <- err
		}
		if err != nil {
			continue
		}
		for _, s := range f.entries {
			if s.local && s.event != nil {
				r.docs.applied(s.id.Doc, s.payload, s.id.Seq)
			}
		}
	}
}

func (r *Replica) fail(err error) {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.failure = err
	close(r.state.failed)
	r.log.Error("entries were not saved; nothing more is until restart", "err", err)
}

// Failed is closed when entries could not be saved or folded. From then on
// nothing is taken or acknowledged; the process should end and open the
// replica anew. Failure says why, nil before.
func (r *Replica) Failed() <-chan struct{} { return r.state.failed }

// Failure is why Failed is closed.
func (r *Replica) Failure() error {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.failure
}

// Sync returns when everything that Commit and Put have begun so far, by
// whomever, is durable and folded; an error means that it may not be.
func (r *Replica) Sync() error {
	reply, err := r.mark()
	if err == nil {
		err = <-reply
	}
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}

// mark puts an empty flight behind those under way.
func (r *Replica) mark() (<-chan error, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.closed() {
		return nil, ErrClosed
	}
	f := newFlight()
	f.wait = func() error { return nil }
	f.reply = []chan error{make(chan error, 1)}
	r.finish <- f
	return f.reply[0], nil
}

// settle folds the entries of a flight, waits until it is durable and shows it
// to readers.
func (r *Replica) settle(f *flight) error {
	var badges []record.BadgeCode
	for _, s := range f.entries {
		if s.event != nil && s.event.BadgeOf() != 0 {
			badges = append(badges, s.event.BadgeOf())
		}
	}
	slices.Sort(badges)
	badges = slices.Compact(badges)

	r.state.folding.Lock()
	defer r.state.folding.Unlock()
	folds := make(map[record.BadgeCode][]record.Presence, len(badges))
	for _, b := range badges {
		ps, err := r.foldBadge(b)
		if err != nil {
			return errors.Join(err, f.wait())
		}
		folds[b] = ps
	}
	if err := f.wait(); err != nil {
		return err
	}
	settings, err := r.foldSettings(f)
	if err != nil {
		return err
	}
	if err := errors.Join(r.refoldEvacuations(f.entries), r.refoldFeeds(f.entries)); err != nil {
		return err
	}
	r.state.show(f, folds, settings)
	if r.state.crowded() {
		if err := r.tidyLeft(); err != nil {
			return err
		}
	}
	r.early.end(f.entries)
	return nil
}
